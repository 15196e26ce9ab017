"""Signing in with a passkey, and what an owner does with theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.accounts.domain import ClosingAccountError, TooManyAttemptsError, WrongPasswordError
from identity.accounts.limits import PASSKEYS_BY_ACCOUNT, PASSKEYS_BY_PLACE
from identity.mfa.check import Owner
from identity.passkeys.domain import (
    CEREMONY_LIFE,
    MOST_PASSKEYS,
    KnownPasskeyError,
    RefusedPasskeyError,
    StaleCeremonyError,
    TooManyPasskeysError,
    UnknownPasskeyError,
    encoded,
    read_response,
)
from identity.passkeys.fido import FidoVerifier
from kernel.errors import InvalidInputError
from kernel.events.identity import (
    PasskeyAdded,
    PasskeyRemoved,
    PasswordResetRequested,
    SignInFailed,
    SignInSucceeded,
)
from tests.fakes.passkeys import BACKED_UP, USER_PRESENT, VERIFIED, Authenticator
from tests.unit.identity.accounts_server import HERE, ISSUER, PASSWORD
from tests.unit.identity.passkeys_server import ADA, RP_ID, PasskeyDesk

EVE = "eve@example.com"


@pytest.fixture
def desk(now: datetime) -> PasskeyDesk:
    served = PasskeyDesk(now)
    served.member(ADA)
    served.member(EVE)
    return served


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_who_holds_a_passkey_is_let_in_without_saying_who_they_are(
    desk: PasskeyDesk, algorithm: str
) -> None:
    phone, passkey = desk.added(algorithm=algorithm)

    code = desk.signed_in(phone.sign(desk.asked()))

    assert code.methods == "pop user mfa"
    assert code.account_id == passkey.account_id == f"acc_{ADA}"
    assert desk.desk.told_last(SignInSucceeded).account_id == f"acc_{ADA}"
    assert desk.passkeys.passkeys[passkey.passkey_id].last_used_at == desk.now


def test_the_owner_is_told_of_each_passkey_that_comes_and_goes(desk: PasskeyDesk) -> None:
    _, passkey = desk.added(name="  My   phone ")
    assert desk.desk.sealed_in(PasskeyAdded) == {"to": ADA, "name": "My phone"}

    desk.own.remove(desk.enters(), passkey.passkey_id)

    assert desk.desk.sealed_in(PasskeyRemoved) == {"to": ADA, "name": "My phone"}


def test_owners_find_their_passkeys_in_their_data(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    desk.signed_in(phone.sign(desk.asked()))

    told = desk.desk.export.of(desk.proven(phone, "export"))["passkeys"]

    at = desk.now.isoformat()
    assert told == [{"name": "Phone", "created_at": at, "last_used_at": at}]


def test_a_removed_passkey_lets_nobody_in(desk: PasskeyDesk) -> None:
    phone, passkey = desk.added()
    desk.own.remove(desk.enters(), passkey.passkey_id)

    with pytest.raises(RefusedPasskeyError):
        desk.signed_in(phone.sign(desk.asked()))


def test_a_challenge_is_good_once(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    sent = phone.sign(desk.asked())
    desk.signed_in(sent)

    with pytest.raises(StaleCeremonyError):
        desk.signed_in(sent)


def test_a_challenge_is_good_for_minutes(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    sent = phone.sign(desk.asked())
    desk.clock.pass_by(CEREMONY_LIFE)

    with pytest.raises(StaleCeremonyError):
        desk.signed_in(sent)


def test_a_challenge_that_nobody_gave_is_refused(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()

    with pytest.raises(StaleCeremonyError):
        desk.signed_in(phone.sign({"challenge": encoded(bytes(32))}))


def test_a_challenge_to_add_a_passkey_signs_nobody_in(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    page = desk.enters()

    with pytest.raises(StaleCeremonyError):
        desk.signed_in(phone.sign({"challenge": desk.options(page)["challenge"]}))
    with pytest.raises(StaleCeremonyError):
        desk.own.add(page, "Key", phone.make({**desk.options(page), **desk.asked()}))


LIES: dict[str, Callable[[Authenticator, Any], str]] = {
    "another origin": lambda key, asked: key.sign(asked, origin="https://auth.example.evil"),
    "a sibling's origin": lambda key, asked: key.sign(asked, origin="https://watch.example"),
    "another RP id": lambda key, asked: replaced(key, rp_id="evil.example").sign(asked),
    "nobody verified": lambda key, asked: key.sign(asked, flags=USER_PRESENT),
    "nobody present": lambda key, asked: key.sign(asked, flags=0),
    "the other ceremony": lambda key, asked: key.sign(asked, type="webauthn.create"),
    "in a frame": lambda key, asked: key.sign(asked, crossOrigin=True),
    "another key": lambda key, asked: replaced(key).sign(asked),
    "a tampered signature": lambda key, asked: tampered(key.sign(asked), "signature"),
    "tampered data": lambda key, asked: tampered(key.sign(asked), "authenticatorData"),
    "no signature": lambda key, asked: without(key.sign(asked), "signature"),
    "not even a key": lambda key, asked: without(key.sign(asked), "authenticatorData"),
}


def replaced(key: Authenticator, **changes: Any) -> Authenticator:
    """The same credential's id and owner with something else behind it."""
    known = {"credential_id": key.credential_id, "handle": key.handle, "rp_id": key.rp_id}
    other = Authenticator(ISSUER, **{**known, **changes})
    if "rp_id" in changes:
        other.key = key.key
    return other


def tampered(sent: str, part: str) -> str:
    answer = json.loads(sent)
    changed = answer["response"][part]
    answer["response"][part] = ("B" if changed[40] == "A" else "A").join(
        (changed[:40], changed[41:])
    )
    return json.dumps(answer)


def without(sent: str, part: str) -> str:
    answer = json.loads(sent)
    del answer["response"][part]
    return json.dumps(answer)


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_signed_for_us_by_that_key_is_refused_and_told(
    desk: PasskeyDesk, lie: str
) -> None:
    phone, _ = desk.added()

    with pytest.raises(RefusedPasskeyError):
        desk.signed_in(LIES[lie](phone, desk.asked()))

    assert desk.desk.told_last(SignInFailed).account_id == f"acc_{ADA}"
    assert not desk.desk.grants.codes


def test_a_passkey_opens_no_other_account(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    phone.handle = encoded(f"acc_{EVE}".encode())

    with pytest.raises(RefusedPasskeyError):
        desk.signed_in(phone.sign(desk.asked()))


def test_a_counter_that_does_not_go_on_tells_of_a_copy(desk: PasskeyDesk) -> None:
    key, _ = desk.added(count=4)
    key.count = 5
    desk.signed_in(key.sign(desk.asked()))

    for seen_before in (5, 4, 0):
        key.count = seen_before
        with pytest.raises(RefusedPasskeyError):
            desk.signed_in(key.sign(desk.asked()))

    key.count = 6
    assert desk.signed_in(key.sign(desk.asked()))


def test_a_synchronised_passkey_counts_nothing(desk: PasskeyDesk) -> None:
    phone, passkey = desk.added()

    for _ in range(2):
        desk.signed_in(phone.sign(desk.asked(), flags=VERIFIED | BACKED_UP))

    assert desk.passkeys.passkeys[passkey.passkey_id].is_backed_up


def test_a_deleted_account_is_closed_to_its_passkeys(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    ada = desk.desk.members.accounts.accounts[f"acc_{ADA}"]
    accounts = desk.desk.members.accounts.accounts
    accounts[ada.account_id] = replace(ada, deletion_due=desk.now)
    with pytest.raises(ClosingAccountError):
        desk.signed_in(phone.sign(desk.asked()))

    del accounts[ada.account_id]

    with pytest.raises(RefusedPasskeyError):
        desk.signed_in(phone.sign(desk.asked()))


def test_a_sign_in_that_began_before_all_were_ended_is_over(desk: PasskeyDesk) -> None:
    phone, passkey = desk.added()
    sent = phone.sign(desk.asked())
    desk.clock.pass_by(timedelta(seconds=1))
    ada = desk.desk.members.accounts.accounts[passkey.account_id]
    desk.desk.members.accounts.accounts[passkey.account_id] = replace(
        ada, sessions_from=desk.clock()
    )

    with pytest.raises(StaleCeremonyError):
        desk.signed_in(sent)


def test_challenges_are_not_given_without_end(desk: PasskeyDesk) -> None:
    for _ in range(PASSKEYS_BY_PLACE.burst):
        desk.asked()

    with pytest.raises(TooManyAttemptsError):
        desk.asked()


def test_options_ask_for_a_discoverable_credential_and_a_verified_person(
    desk: PasskeyDesk,
) -> None:
    _, passkey = desk.added()

    options = desk.options(desk.enters())

    assert options["rp"]["id"] == RP_ID
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-8, -7, -257]
    assert [one["id"] for one in options["excludeCredentials"]] == [passkey.credential_id]
    assert ADA not in options["user"]["id"]
    assert desk.asked() | {"challenge": ""} == {
        "challenge": "",
        "rpId": RP_ID,
        "timeout": 600_000,
        "userVerification": "required",
        "allowCredentials": [],
    }


NOT_MADE: dict[str, Callable[[Authenticator, Any], str]] = {
    "another origin": lambda key, asked: key.make(asked, origin="https://evil.example"),
    "another RP id": lambda key, asked: replaced(key, rp_id="evil.example").make(asked),
    "nobody verified": lambda key, asked: key.make(asked, flags=USER_PRESENT),
    "the other ceremony": lambda key, asked: key.make(asked, type="webauthn.get"),
    "an algorithm that was not offered": lambda key, asked: replaced(key, algorithm="ES384").make(
        asked
    ),
    "no algorithm": lambda key, asked: key.make(asked, cose={1: 2, 3: 0, -1: 1}),
    "an algorithm of nobody's": lambda key, asked: key.make(asked, cose={1: 2, 3: -1}),
    "no attestation": lambda key, asked: without(key.make(asked), "attestationObject"),
    "the id of another": lambda key, asked: renamed(key.make(asked)),
    "an endless id": lambda key, asked: replaced(key, credential_id=bytes(1024)).make(asked),
}


def renamed(sent: str) -> str:
    return json.dumps({**json.loads(sent), "id": "AAAA", "rawId": "AAAA"})


@pytest.mark.parametrize("lie", NOT_MADE)
def test_what_was_not_made_as_it_was_asked_for_is_not_taken(desk: PasskeyDesk, lie: str) -> None:
    page = desk.enters()

    with pytest.raises(RefusedPasskeyError):
        desk.own.add(page, "Key", NOT_MADE[lie](Authenticator(ISSUER, RP_ID), desk.options(page)))

    assert not desk.passkeys.passkeys


def test_a_passkey_is_made_for_who_asked_for_it(desk: PasskeyDesk) -> None:
    evil, page = desk.enters(EVE), desk.enters(ADA)
    made = Authenticator(ISSUER, RP_ID).make(desk.options(evil))

    with pytest.raises(StaleCeremonyError):
        desk.own.add(page, "Phone", made)


def test_no_two_accounts_have_one_passkey(desk: PasskeyDesk) -> None:
    phone, _ = desk.added(ADA)
    page = desk.enters(EVE)

    with pytest.raises(KnownPasskeyError):
        desk.own.add(page, "Phone", phone.make(desk.options(page)))


def test_an_account_has_so_many_and_no_more(desk: PasskeyDesk) -> None:
    for _ in range(MOST_PASSKEYS):
        desk.added()

    with pytest.raises(TooManyPasskeysError):
        desk.added()


def test_the_page_is_for_who_knows_the_password_for_some_minutes(desk: PasskeyDesk) -> None:
    with pytest.raises(WrongPasswordError):
        desk.own.enter(Owner(ADA, "wrong", HERE))
    page = desk.enters()
    desk.clock.pass_by(CEREMONY_LIFE)

    with pytest.raises(StaleCeremonyError):
        desk.own.shown(page)
    with pytest.raises(StaleCeremonyError):
        desk.own.shown("")


def test_the_page_is_over_when_every_sign_in_was_ended(desk: PasskeyDesk) -> None:
    page = desk.enters()
    ada = desk.desk.members.accounts.accounts[f"acc_{ADA}"]
    desk.desk.members.accounts.accounts[ada.account_id] = replace(ada, sessions_from=desk.now)

    with pytest.raises(StaleCeremonyError):
        desk.own.shown(page)


def test_what_is_not_ones_own_can_be_neither_renamed_nor_removed(desk: PasskeyDesk) -> None:
    _, passkey = desk.added(ADA)
    page = desk.enters(EVE)

    for wanted in (passkey.passkey_id, "", "x" * 5000):
        with pytest.raises(UnknownPasskeyError):
            desk.own.rename(page, wanted, "Mine")
        with pytest.raises(UnknownPasskeyError):
            desk.own.remove(page, wanted)


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x00b", "a\u202eb", "\ud800"])
def test_a_name_can_be_read(desk: PasskeyDesk, name: str) -> None:
    _, passkey = desk.added()

    with pytest.raises(InvalidInputError):
        desk.own.rename(desk.enters(), passkey.passkey_id, name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.text() | json_values.map(json.dumps))
def test_whatever_is_sent_is_read_or_refused(sent: str) -> None:
    with pytest.raises(RefusedPasskeyError):
        read_response(sent)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_whatever_an_authenticator_says_is_verified_or_refused(one: bytes, other: bytes) -> None:
    verifier = FidoVerifier(RP_ID, ISSUER)
    client_data = encoded(json.dumps({"type": "webauthn.get", "challenge": "AA"}).encode())
    sent = {
        "id": "AAAA",
        "rawId": "AAAA",
        "response": {
            "clientDataJSON": client_data,
            "attestationObject": encoded(one),
            "authenticatorData": encoded(one),
            "signature": encoded(other),
        },
    }

    with pytest.raises(RefusedPasskeyError):
        verifier.new_credential(sent, "AA")
    with pytest.raises(RefusedPasskeyError):
        verifier.assertion(sent, "AA", encoded(other))


def test_staff_who_remove_their_last_passkey_start_anew(desk: PasskeyDesk) -> None:
    desk.member("staff@example.com", scopes=("member", "staff"))
    page = desk.enters("staff@example.com")
    made = Authenticator(ISSUER, RP_ID)
    desk.own.add(page, "Phone", made.make(desk.options(page)))
    (passkey,) = desk.own.shown(page).passkeys

    desk.own.remove(page, passkey.passkey_id)

    assert desk.enters("staff@example.com")


def test_answers_that_prove_nothing_are_limited_for_an_account_and_right_ones_are_not(
    desk: PasskeyDesk,
) -> None:
    phone, _ = desk.added()
    eves, _ = desk.added(EVE)
    for _ in range(PASSKEYS_BY_ACCOUNT.burst + 1):
        desk.signed_in(phone.sign(desk.asked()))
    for _ in range(PASSKEYS_BY_ACCOUNT.burst):
        with pytest.raises(RefusedPasskeyError):
            desk.signed_in(phone.sign(desk.asked(), flags=USER_PRESENT))

    with pytest.raises(TooManyAttemptsError):
        desk.signed_in(phone.sign(desk.asked()))

    assert desk.signed_in(eves.sign(desk.asked()))
    desk.clock.pass_by(PASSKEYS_BY_ACCOUNT.every)
    assert desk.signed_in(phone.sign(desk.asked()))


def recover(desk: PasskeyDesk, email: str = ADA) -> None:
    secret = desk.desk.recovery.request(email, "en", HERE)
    code = desk.desk.sealed_in(PasswordResetRequested)["code"]
    desk.desk.recovery.reset(secret, code, PASSWORD, HERE)
    desk.clock.pass_by(timedelta(seconds=1))


def test_a_password_chosen_by_mail_shuts_a_thiefs_passkey_out(desk: PasskeyDesk) -> None:
    thief, passkey = desk.added()
    _, eves = desk.added(EVE)
    options = desk.asked()

    recover(desk)

    with pytest.raises(RefusedPasskeyError):
        desk.signed_in(thief.sign(options))
    with pytest.raises(RefusedPasskeyError):
        desk.signed_in(thief.sign(desk.asked()))
    assert desk.own.shown(desk.enters()).passkeys == ()
    assert set(desk.passkeys.passkeys) == {eves.passkey_id}
    assert passkey.account_id != eves.account_id


def test_a_page_that_a_thief_has_open_adds_no_passkey_after_that(desk: PasskeyDesk) -> None:
    page = desk.enters()
    options = desk.options(page)

    recover(desk)

    with pytest.raises(StaleCeremonyError):
        desk.own.add(page, "Mine", Authenticator(ISSUER, RP_ID).make(options))


def test_a_password_that_its_owner_changes_leaves_the_passkeys(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()

    desk.desk.upkeep.change_password(desk.proven(phone, "password"), "another long one")
    desk.clock.pass_by(timedelta(seconds=1))

    assert desk.signed_in(phone.sign(desk.asked()))


def test_staff_without_an_app_come_back_by_mail(desk: PasskeyDesk) -> None:
    desk.member("staff@example.com", scopes=("member", "staff"))
    desk.added("staff@example.com")

    recover(desk, "staff@example.com")

    assert desk.desk.two_step.set_up(Owner("staff@example.com", PASSWORD, HERE)).shown_secret
