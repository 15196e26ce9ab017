"""Refresh tokens: each serves once, a lost answer is given again, and theft ends the sign-in."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.limits import RENEWALS_BY_SIGN_IN, SIGN_INS_BY_ACCOUNT
from identity.oauth.errors import InvalidGrantError, InvalidScopeError
from identity.oauth.grants import RETRY_GRACE, RefreshToken, digest, sealed
from kernel.errors import UnavailableError
from kernel.events.identity import TokenReused
from tests.fakes.identity import FakeGrants
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


def told_of_theft(server: Server) -> list[str]:
    """What came again, in the events about the one sign-in there is."""
    (family,) = server.grants.families.values()
    told = [event for event in server.announcements.told if isinstance(event, TokenReused)]
    assert {(event.account_id, event.family_id, event.client_id) for event in told} == {
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


def test_refreshes_at_once_get_one_and_the_same_successor(server: Server, first: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(server.refresh, [first] * 8))

    successors = {answer["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert server.refresh(successors.pop())["access_token"]


def test_a_swap_that_loses_to_another_is_looked_at_again(server: Server, first: str) -> None:
    class Raced(FakeGrants):
        def rotate(self, spent: RefreshToken, *others: Any, arrival_ms: int) -> bool:
            """Somebody else's swap is in the way, and done by the time one looks."""
            super().rotate(
                spent,
                spent.followed_by(digest(winner), "", server.now),
                sealed(first, winner),
                server.now,
                arrival_ms=arrival_ms,
            )
            return False

    winner = "w" * 43
    server.grants = Raced(server.grants.codes, server.grants.tokens, server.grants.families)

    assert server.refresh(first)["refresh_token"][:42] == winner[:42]


def test_a_swap_that_never_gets_through_is_no_theft(server: Server, first: str) -> None:
    class Stuck(FakeGrants):
        def rotate(self, *anything: Any, **named: Any) -> bool:
            return False

    server.grants = Stuck(server.grants.codes, server.grants.tokens, server.grants.families)

    with pytest.raises(UnavailableError):
        server.refresh(first)
    assert server.grants.revoked == set()


def test_what_is_stored_opens_no_successor_without_the_token_before_it(
    server: Server, first: str
) -> None:
    successor = server.refresh(first)["refresh_token"]

    (family,) = server.grants.families.values()
    assert family.rotation is not None
    assert successor not in repr(server.grants)
    assert sealed(first, family.rotation.sealed_successor) == successor
    assert sealed("f" * 43, family.rotation.sealed_successor) != successor


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
