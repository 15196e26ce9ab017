"""Refresh tokens: each serves once, a lost answer is given again, and theft ends the sign-in."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.limits import RENEWALS_BY_SIGN_IN, SIGN_INS_BY_ACCOUNT
from identity.oauth.errors import InvalidGrantError, InvalidRequestError, InvalidScopeError
from identity.oauth.grants import (
    LONGEST_REFRESH_TOKEN,
    RETRY_GRACE,
    Family,
    RefreshToken,
    sealed,
)
from kernel.errors import UnavailableError
from kernel.events.identity import TokenReused
from tests.fakes.identity import FakeGrants
from tests.sign_ins import secret
from tests.unit.identity.test_sign_in import Server, claims_of


@pytest.fixture
def server(now: datetime) -> Server:
    server = Server(now)
    server.registration.create_account("ada@example.com", "correct horse", ("member", "staff"))
    return server


@pytest.fixture
def first(server: Server) -> str:
    return server.exchange(server.code_by("pwd otp mfa", scope="openid member staff"))[
        "refresh_token"
    ]


def read(text: str) -> RefreshToken:
    token = RefreshToken.read(text)
    assert token is not None
    return token


def told_of_theft(server: Server) -> list[str]:
    """What came again, in the events about the one sign-in there is."""
    (family,) = server.grants.families.values()
    told = [event for event in server.announcements.told if isinstance(event, TokenReused)]
    assert {(event.account_id, event.family_id, event.client_id) for event in told} <= {
        (family.account_id, family.family_id, "web")
    }
    return [event.grant_type for event in told]


def test_a_refresh_token_is_followed_by_another_of_the_same_sign_in(
    server: Server, first: str
) -> None:
    answer = server.refresh(first)

    again = server.refresh(answer["refresh_token"])
    sessions = {claims_of(answer["access_token"])["sid"], claims_of(again["access_token"])["sid"]}
    assert len({first, answer["refresh_token"], again["refresh_token"]}) == 3
    assert len(sessions) == 1


def test_a_client_that_did_not_hear_the_answer_gets_the_same_successor(
    server: Server, first: str
) -> None:
    heard = server.refresh(first)["refresh_token"]
    server.now += RETRY_GRACE

    again = server.refresh(first)

    assert again["refresh_token"] == heard
    assert server.refresh(heard)["access_token"]


def test_after_the_grace_a_spent_token_ends_the_whole_sign_in(server: Server, first: str) -> None:
    second = server.refresh(first)["refresh_token"]
    server.now += RETRY_GRACE + timedelta(milliseconds=1)

    with pytest.raises(InvalidGrantError, match="used before") as refused:
        server.refresh(first)
    assert refused.value.facts["reason"] == "refresh_token_reused"
    assert told_of_theft(server) == ["refresh_token"]
    with pytest.raises(InvalidGrantError):
        server.refresh(second)


def test_within_the_grace_a_token_whose_successor_was_used_ends_the_sign_in(
    server: Server, first: str
) -> None:
    """The client went on, so whoever asks with the old token is not the client."""
    second = server.refresh(first)["refresh_token"]
    third = server.refresh(second)["refresh_token"]

    with pytest.raises(InvalidGrantError):
        server.refresh(first)
    with pytest.raises(InvalidGrantError):
        server.refresh(third)


def test_thief_and_owner_who_share_an_answer_are_noticed_at_the_next_one(
    server: Server, first: str
) -> None:
    owner = server.refresh(first)["refresh_token"]
    thief = server.refresh(first)["refresh_token"]
    server.now += timedelta(minutes=9)
    last = server.refresh(owner)["refresh_token"]
    server.now += timedelta(minutes=1)

    with pytest.raises(InvalidGrantError):
        server.refresh(thief)
    with pytest.raises(InvalidGrantError):
        server.refresh(last)


@pytest.mark.race
def test_refreshes_at_once_get_one_and_the_same_successor(server: Server, first: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(server.refresh, [first] * 8))

    successors = {answer["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert server.refresh(successors.pop())["access_token"]


def test_a_swap_that_loses_to_another_is_looked_at_again(server: Server, first: str) -> None:
    class Raced(FakeGrants):
        def rotate(self, family: Family, renewed: Family) -> bool:
            """Somebody else's swap is in the way, and done by the time one looks."""
            presented = read(first)
            won = family.renewed(presented, winner, "", server.now, arrival_ms=renewed.arrival_ms)
            super().rotate(family, won)
            return False

    winner = secret(7)
    server.grants = Raced(server.grants.codes, server.grants.families)

    assert read(server.refresh(first)["refresh_token"]) == read(first).followed_by(winner)


def test_a_swap_that_never_gets_through_is_no_theft(server: Server, first: str) -> None:
    class Stuck(FakeGrants):
        def rotate(self, *anything: Any) -> bool:
            return False

    server.grants = Stuck(server.grants.codes, server.grants.families)

    with pytest.raises(UnavailableError):
        server.refresh(first)
    assert server.grants.revoked == set()


def test_what_is_stored_opens_no_successor_without_the_token_before_it(
    server: Server, first: str
) -> None:
    successor = read(server.refresh(first)["refresh_token"])

    (family,) = server.grants.families.values()
    assert family.rotation is not None
    for one in (successor.secret, successor.family_secret, read(first).secret):
        assert one not in repr(server.grants)
    assert sealed(read(first).secret, family.rotation.sealed_successor) == successor.secret
    assert sealed(secret(0), family.rotation.sealed_successor) != successor.secret


def test_every_token_that_a_sign_in_ever_had_ends_it(server: Server, first: str) -> None:
    older = [first]
    for _ in range(4):
        older.append(server.refresh(older[-1])["refresh_token"])
        server.now += timedelta(days=20)
    newest = server.refresh(older[-1])["refresh_token"]

    with pytest.raises(InvalidGrantError, match="used before"):
        server.refresh(older[0])

    assert told_of_theft(server) == ["refresh_token"]
    with pytest.raises(InvalidGrantError, match="was ended"):
        server.refresh(newest)


def test_who_knows_what_a_sign_in_is_called_cannot_end_it(server: Server, first: str) -> None:
    """Both names stand in every access token."""
    second = server.refresh(first)["refresh_token"]
    known = read(first)
    made_up = dataclasses.replace(known, family_secret=secret(1), secret=secret(2))
    half_right = dataclasses.replace(read(second), family_secret=secret(1))

    for token in (made_up, half_right):
        with pytest.raises(InvalidGrantError, match="unknown"):
            server.refresh(str(token))

    assert told_of_theft(server) == []
    assert server.refresh(second)["access_token"]


def test_what_was_read_from_the_table_ends_and_opens_nothing(server: Server, first: str) -> None:
    second = server.refresh(first)["refresh_token"]
    (family,) = server.grants.families.values()
    assert family.rotation is not None
    stored = (family.family_digest[:43], family.token_digest[:43], family.rotation.sealed_successor)

    for family_secret in stored:
        for own in stored:
            token = dataclasses.replace(read(first), family_secret=family_secret, secret=own)
            with pytest.raises(InvalidGrantError, match="unknown"):
                server.refresh(str(token))

    assert server.refresh(second)["access_token"]


@pytest.mark.parametrize(
    "altered",
    [
        "{whole}x",
        "{whole}.x",
        " {whole}",
        "{cut}",
        "{cut}=",
        "{account}.{family}.{secret}",
        "{family}.{account}.{secret}.{secret}",
        "{account}..{family}.{secret}.{secret}",
        "{account}.fam_.{secret}.{secret}",
        "{account}.{family}.{secret}.é{cut}",
        "{long}.{family}.{secret}.{secret}",
        "{secret}",
        "",
    ],
)
def test_a_text_that_is_no_token_of_ours_is_refused_and_ends_nothing(
    server: Server, first: str, altered: str
) -> None:
    known = read(first)
    text = altered.format(
        whole=first,
        cut=first[:-1],
        account=known.account_id,
        family=known.family_id,
        secret=known.secret,
        long="acc_" + "1" * 2100,
    )

    assert RefreshToken.read(text) is None
    with pytest.raises((InvalidGrantError, InvalidRequestError)):
        server.refresh(text)
    assert server.refresh(first)["access_token"]


@given(st.text(max_size=200))
def test_any_text_is_a_token_or_none(text: str) -> None:
    token = RefreshToken.read(text)

    assert token is None or str(token) == text


def test_a_token_says_itself_again(first: str) -> None:
    assert str(read(first)) == first
    assert len(first) <= LONGEST_REFRESH_TOKEN


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=25))
def test_one_token_is_good_whatever_its_holders_do(presented: list[tuple[int, int]]) -> None:
    """The rules as one model: the newest renews, the one before it is answered again for ten
    seconds, and any other ends the sign-in, for good."""
    server = Server(datetime(2026, 11, 1, 12, tzinfo=UTC))
    server.registration.create_account("ada@example.com", "correct horse", ("member",))
    tokens = [server.exchange(server.code())["refresh_token"]]
    rotated_at, has_ended = server.now, False
    for back, seconds in presented:
        server.now += timedelta(seconds=seconds)
        place = max(len(tokens) - 1 - back, 0)
        is_newest, is_before = place == len(tokens) - 1, place == len(tokens) - 2
        try:
            answer = server.refresh(tokens[place])["refresh_token"]
        except TooManyAttemptsError:
            assert is_newest
            continue
        except InvalidGrantError:
            late = is_before and server.now - rotated_at > RETRY_GRACE
            assert has_ended or late or not (is_newest or is_before)
            has_ended = True
            continue
        assert not has_ended
        if is_newest:
            tokens.append(answer)
            rotated_at = server.now
        else:
            assert is_before
            assert answer == tokens[-1]
    assert bool(server.grants.revoked) == has_ended


def test_a_sign_in_that_was_ended_is_not_renewed(server: Server, first: str) -> None:
    (family,) = server.grants.families.values()
    server.grants.revoke(family.account_id, family.family_id, server.now)

    with pytest.raises(InvalidGrantError, match="was ended"):
        server.refresh(first)


def test_a_code_presented_twice_ends_what_the_first_one_got(server: Server) -> None:
    code = server.code()
    refresh = server.exchange(code)["refresh_token"]

    with pytest.raises(InvalidGrantError):
        server.exchange(code)
    assert told_of_theft(server) == ["authorization_code"]
    with pytest.raises(InvalidGrantError):
        server.refresh(refresh)


def test_scope_can_be_narrowed_for_one_access_token_and_never_widened(
    server: Server, first: str
) -> None:
    narrowed = server.refresh(first, scope="member")
    whole = server.refresh(narrowed["refresh_token"])

    assert claims_of(narrowed["access_token"])["scope"] == narrowed["scope"] == "member"
    assert whole["scope"] == "openid member staff"
    with pytest.raises(InvalidScopeError):
        server.refresh(whole["refresh_token"], scope="member email")


def test_who_is_staff_no_more_has_no_staff_token_at_the_next_renewal(
    server: Server, first: str
) -> None:
    server.accounts.accounts = {
        key: dataclasses.replace(account, scopes=("member",))
        for key, account in server.accounts.accounts.items()
    }

    assert server.refresh(first)["scope"] == "openid member"


def test_who_is_gone_is_renewed_no_more(server: Server, first: str) -> None:
    server.accounts.accounts.clear()

    with pytest.raises(InvalidGrantError):
        server.refresh(first)


def test_a_sign_in_that_renews_without_end_waits_and_keeps_its_token(
    server: Server, first: str
) -> None:
    token = first
    for _ in range(RENEWALS_BY_SIGN_IN.burst):
        token = server.refresh(token)["refresh_token"]

    with pytest.raises(TooManyAttemptsError) as refused:
        server.refresh(token)

    assert refused.value.retry_after_seconds == 10
    server.now += timedelta(seconds=10)
    assert server.refresh(token)["access_token"]


def test_one_sign_in_that_waits_stops_no_other_of_its_account(server: Server, first: str) -> None:
    other = server.exchange(server.code())["refresh_token"]
    token = first
    for _ in range(RENEWALS_BY_SIGN_IN.burst):
        token = server.refresh(token)["refresh_token"]

    with pytest.raises(TooManyAttemptsError):
        server.refresh(token)
    assert server.refresh(other)["access_token"]


def test_an_account_signs_in_often_but_not_without_end(server: Server) -> None:
    account = next(iter(server.accounts.accounts.values()))
    for _ in range(SIGN_INS_BY_ACCOUNT.burst):
        server.limits.take(SIGN_INS_BY_ACCOUNT, account.account_id, server.now)

    with pytest.raises(TooManyAttemptsError):
        server.exchange(server.code())

    server.now += SIGN_INS_BY_ACCOUNT.every
    assert server.exchange(server.code())["access_token"]
