"""Confirming a change of an account by one of its passkeys."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from identity.accounts.device_cookies import renewed_cookie
from identity.accounts.domain import (
    BlockedAccountError,
    ClosingAccountError,
    TooManyAttemptsError,
    WrongPasswordError,
)
from identity.accounts.limits import CONFIRMATIONS_BY_PLACE, PASSKEYS_BY_ACCOUNT
from identity.accounts.sign_in import NOBODY
from identity.confirmation.domain import (
    CHANGES,
    CONFIRMATION_LIFE,
    Change,
    PasskeyNeededError,
    StaleConfirmationError,
)
from identity.domain import Block
from identity.mfa.check import Owner
from identity.mfa.domain import (
    SECRET_BYTES,
    AuthenticatorApp,
    WrongSecondCodeError,
    sealed_secret,
)
from identity.passkeys.domain import (
    CEREMONY_LIFE,
    RefusedPasskeyError,
    StaleCeremonyError,
    encoded,
)
from kernel.errors import InvalidInputError
from kernel.events.identity import (
    AttemptsLimited,
    ConfirmationFailed,
    EmailChangeRequested,
    PasswordChanged,
    PasswordResetRequested,
    SignInFailed,
)
from tests.fakes.accounts import OpenSeal
from tests.fakes.passkeys import USER_PRESENT, Authenticator
from tests.unit.identity.accounts_server import HERE, ISSUER, PASSWORD
from tests.unit.identity.passkeys_server import ADA, RP_ID, PasskeyDesk

EVE = "eve@example.com"
STAFF = "staff@example.com"
CHOSEN = "a staple of batteries"


@pytest.fixture
def desk(now: datetime) -> PasskeyDesk:
    made = PasskeyDesk(now)
    made.member()
    made.member(EVE)
    made.member(STAFF, scopes=("member", "staff"))
    return made


def changes(desk: PasskeyDesk, owner: Callable[[Change], Owner]) -> dict[Change, Callable[[], Any]]:
    """Everything that somebody may ask for on the account's pages."""
    upkeep, two_step = desk.desk.upkeep, desk.desk.two_step
    return {
        "password": lambda: upkeep.change_password(owner("password"), CHOSEN),
        "email": lambda: upkeep.request_email(owner("email"), "new@example.com"),
        "two-step": lambda: two_step.set_up(owner("two-step")),
        "two-step-off": lambda: two_step.turn_off(owner("two-step-off")),
        "recovery-codes": lambda: two_step.replace_recovery_codes(owner("recovery-codes")),
        "passkeys": lambda: desk.own.enter(owner("passkeys")),
        "apps": lambda: desk.owners.account(owner("apps"), "apps"),
        "export": lambda: desk.desk.export.of(owner("export")),
        "delete": lambda: upkeep.delete(owner("delete")),
    }


def changed(desk: PasskeyDesk, email: str, **said: Any) -> None:
    """An account as it is from now on."""
    accounts = desk.desk.members.accounts.accounts
    accounts[f"acc_{email}"] = replace(accounts[f"acc_{email}"], **said)


def with_app(desk: PasskeyDesk, email: str) -> None:
    """Somebody who signs in in two steps."""
    changed(desk, email, factors=frozenset({"totp"}))
    sealed = sealed_secret(OpenSeal(), f"acc_{email}", b"s" * SECRET_BYTES)
    desk.desk.factors.apps[f"acc_{email}"] = AuthenticatorApp(sealed, 0)


@pytest.mark.parametrize("change", sorted(set(CHANGES) - {"two-step-off", "recovery-codes"}))
def test_a_passkey_confirms_each_change_and_nothing_is_typed(
    desk: PasskeyDesk, change: Change
) -> None:
    phone, _ = desk.added()

    changes(desk, lambda asked: desk.proven(phone, asked))[change]()


@pytest.mark.parametrize("change", ["two-step-off", "recovery-codes"])
def test_a_passkey_stands_for_the_code_of_an_app_too(desk: PasskeyDesk, change: Change) -> None:
    """Its device knew its person: that is both factors, as at the sign-in."""
    phone, _ = desk.added()
    with_app(desk, ADA)

    changes(desk, lambda asked: desk.proven(phone, asked))[change]()


@pytest.mark.parametrize("email", [ADA, STAFF])
@pytest.mark.parametrize("change", CHANGES)
def test_a_password_changes_nothing_where_a_passkey_protects_the_account(
    desk: PasskeyDesk, change: Change, email: str
) -> None:
    """Its thief would add a passkey of their own, and be let in by that for good."""
    desk.added(email)
    before, told = desk.desk.members.by_email(email), len(desk.desk.told)
    thief = Owner(email, PASSWORD, HERE)

    with pytest.raises(PasskeyNeededError, match="by mail"):
        changes(desk, lambda _: thief)[change]()

    assert desk.desk.members.by_email(email) == before
    assert len(desk.desk.told) == told


def test_a_wrong_password_does_not_tell_of_a_passkey(desk: PasskeyDesk) -> None:
    desk.added(STAFF)

    with pytest.raises(WrongPasswordError):
        desk.own.enter(Owner(STAFF, "guess", HERE))
    with pytest.raises(WrongPasswordError):
        desk.own.enter(Owner("nobody@example.com", PASSWORD, HERE))


def test_who_has_an_app_as_well_is_asked_for_password_and_code(desk: PasskeyDesk) -> None:
    desk.added()
    with_app(desk, ADA)

    with pytest.raises(WrongSecondCodeError):
        desk.own.enter(Owner(ADA, PASSWORD, HERE, "000000"))


def test_who_has_no_passkey_is_believed_by_the_password(desk: PasskeyDesk) -> None:
    assert desk.own.enter(Owner(ADA, PASSWORD, HERE))


def test_a_reset_by_mail_is_the_way_out_for_who_lost_the_passkey(desk: PasskeyDesk) -> None:
    desk.added(STAFF)
    secret = desk.desk.recovery.request(STAFF, "en", HERE)
    code = desk.desk.sealed_in(PasswordResetRequested)["code"]
    desk.desk.recovery.reset(secret, code, CHOSEN, HERE)

    assert desk.own.enter(Owner(STAFF, CHOSEN, HERE))


def test_a_confirmation_is_good_once(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    owner = desk.proven(phone, "export")
    desk.desk.export.of(owner)

    with pytest.raises(StaleConfirmationError):
        desk.desk.export.of(owner)

    assert desk.desk.told_last(ConfirmationFailed).account_id == NOBODY


def test_a_confirmation_is_good_for_minutes(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    owner = desk.proven(phone, "delete")
    desk.clock.pass_by(CONFIRMATION_LIFE)

    with pytest.raises(StaleConfirmationError):
        desk.desk.upkeep.delete(owner)


@pytest.mark.parametrize("change", CHANGES)
def test_a_confirmation_is_good_for_what_it_was_given_for(
    desk: PasskeyDesk, change: Change
) -> None:
    phone, _ = desk.added()
    other = CHANGES[(CHANGES.index(change) + 1) % len(CHANGES)]
    owner = desk.proven(phone, other)

    with pytest.raises(StaleConfirmationError):
        changes(desk, lambda _: owner)[change]()


@pytest.mark.parametrize("forged", ["none", "x" * 5000, "\x00", "confirmed delete"])
def test_a_forged_confirmation_is_refused(desk: PasskeyDesk, forged: str) -> None:
    with pytest.raises(StaleConfirmationError):
        desk.desk.upkeep.delete(Owner("", "", HERE, confirmation=forged))


@pytest.mark.parametrize("purpose", ["confirm delete", "manage", "apps", "add", "sign_in"])
def test_a_secret_of_another_kind_is_no_confirmation(desk: PasskeyDesk, purpose: str) -> None:
    secret = desk.desk.challenges_of_pages.new(purpose, f"acc_{ADA}")

    with pytest.raises(StaleConfirmationError):
        desk.desk.upkeep.delete(Owner("", "", HERE, confirmation=secret))


@pytest.mark.parametrize("said", [{"email": ADA}, {"password": PASSWORD}, {"code": "123456"}])
def test_somebody_elses_confirmation_changes_no_account_that_a_form_names(
    desk: PasskeyDesk, said: dict[str, str]
) -> None:
    eves, _ = desk.added(EVE)
    both = replace(desk.proven(eves, "delete"), **said)

    with pytest.raises(StaleConfirmationError):
        desk.desk.upkeep.delete(both)

    for email in (ADA, EVE):
        account = desk.desk.members.by_email(email)
        assert account is not None
        assert account.deletion_due is None


def test_a_confirmation_changes_the_account_of_its_passkey(desk: PasskeyDesk) -> None:
    eves, _ = desk.added(EVE)

    desk.desk.upkeep.change_password(desk.proven(eves, "password"), CHOSEN)

    assert desk.desk.told_last(PasswordChanged).account_id == f"acc_{EVE}"
    assert desk.own.enter(Owner(ADA, PASSWORD, HERE))


def test_a_confirmation_is_over_when_every_sign_in_is_ended(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    owner = desk.proven(phone, "passkeys")
    changed(desk, ADA, sessions_from=desk.clock())

    with pytest.raises(StaleConfirmationError):
        desk.own.enter(owner)


def test_a_passkey_of_an_account_that_was_deleted_confirms_nothing(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    owner = desk.proven(phone, "export")
    changed(desk, ADA, deletion_due=desk.clock() + timedelta(days=14))

    with pytest.raises(StaleConfirmationError):
        desk.desk.export.of(owner)
    with pytest.raises(ClosingAccountError):
        desk.proven(phone, "export")


def test_the_owner_of_a_blocked_account_takes_their_data_and_deletes_it_and_no_more(
    desk: PasskeyDesk,
) -> None:
    phone, _ = desk.added()
    changed(desk, ADA, block=Block("abuse", "", "acc_staff", desk.clock()))

    with pytest.raises(BlockedAccountError):
        desk.own.enter(desk.proven(phone, "passkeys"))
    assert desk.desk.export.of(desk.proven(phone, "export"))["email"] == ADA
    assert desk.desk.upkeep.delete(desk.proven(phone, "delete"))


def test_what_cannot_be_chosen_leaves_the_confirmation_for_another_choice(
    desk: PasskeyDesk,
) -> None:
    phone, _ = desk.added()
    password, email = desk.proven(phone, "password"), desk.proven(phone, "email")
    with pytest.raises(InvalidInputError):
        desk.desk.upkeep.change_password(password, "password1")
    with pytest.raises(InvalidInputError):
        desk.desk.upkeep.request_email(email, "not an address")

    desk.desk.upkeep.request_email(email, "new@example.com")
    desk.desk.upkeep.change_password(password, CHOSEN)

    assert desk.desk.sealed_in(EmailChangeRequested)["to"] == "new@example.com"


LIES: dict[str, Callable[[Authenticator, Any], str]] = {
    "another origin": lambda key, asked: key.sign(asked, origin="https://auth.example.evil"),
    "nobody verified": lambda key, asked: key.sign(asked, flags=USER_PRESENT),
    "a frame": lambda key, asked: key.sign(asked, crossOrigin=True),
    "another key": lambda key, asked: _forged(key, asked),
}


def _forged(key: Authenticator, asked: Any) -> str:
    thief = Authenticator(ISSUER, RP_ID, credential_id=key.credential_id, handle=key.handle)
    return thief.sign(asked)


@pytest.mark.parametrize("lie", LIES)
def test_a_signature_that_proves_nothing_confirms_nothing_and_is_told(
    desk: PasskeyDesk, lie: str
) -> None:
    phone, _ = desk.added()
    before = len(desk.ceremonies.begun)

    with pytest.raises(RefusedPasskeyError):
        desk.confirms.confirm("delete", LIES[lie](phone, desk.confirms.options("delete", HERE)))

    assert desk.desk.told_last(ConfirmationFailed).account_id == f"acc_{ADA}"
    assert not any(isinstance(event, SignInFailed) for event in desk.desk.told)
    assert len(desk.ceremonies.begun) == before


def test_a_passkey_that_no_account_has_confirms_nothing(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    stranger = Authenticator(ISSUER, RP_ID, handle=phone.handle)

    with pytest.raises(RefusedPasskeyError):
        desk.confirmed(stranger, "delete")


def test_the_handle_of_another_account_makes_no_passkey_theirs(desk: PasskeyDesk) -> None:
    phone, _ = desk.added(EVE)
    phone.handle = encoded(f"acc_{ADA}".encode())

    with pytest.raises(RefusedPasskeyError):
        desk.confirmed(phone, "delete")


def test_a_challenge_is_good_once_for_minutes_and_for_its_change(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    sent = phone.sign(desk.confirms.options("export", HERE))
    desk.confirms.confirm("export", sent)
    old = phone.sign(desk.confirms.options("export", HERE))
    desk.clock.pass_by(CEREMONY_LIFE)
    others = phone.sign(desk.confirms.options("export", HERE))
    sign_ins = phone.sign(desk.asked())
    nobodys = phone.sign({"challenge": encoded(bytes(32))})

    for change, answer in (
        ("export", sent),
        ("export", old),
        ("delete", others),
        ("export", sign_ins),
        ("export", nobodys),
    ):
        with pytest.raises(StaleCeremonyError):
            desk.confirms.confirm(change, answer)


def test_what_is_signed_for_a_change_signs_nobody_in(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    sent = phone.sign(desk.confirms.options("export", HERE))

    with pytest.raises(StaleCeremonyError):
        desk.signed_in(sent)


def test_a_copied_passkey_is_told_by_its_counter(desk: PasskeyDesk) -> None:
    phone, _ = desk.added(count=5)
    phone.count = 5

    with pytest.raises(RefusedPasskeyError):
        desk.confirmed(phone, "delete")


@pytest.mark.parametrize("sent", ["", "{}", "[]", "null", json.dumps({"id": "a", "response": 1})])
def test_what_is_no_answer_of_an_authenticator_is_refused(desk: PasskeyDesk, sent: str) -> None:
    with pytest.raises(RefusedPasskeyError):
        desk.confirms.confirm("delete", sent)


def test_answers_that_prove_nothing_are_limited_and_told(desk: PasskeyDesk) -> None:
    phone, _ = desk.added()
    for _ in range(PASSKEYS_BY_ACCOUNT.burst):
        lie = phone.sign(desk.confirms.options("delete", HERE), flags=USER_PRESENT)
        with pytest.raises(RefusedPasskeyError):
            desk.confirms.confirm("delete", lie)

    with pytest.raises(TooManyAttemptsError):
        desk.confirmed(phone, "delete")

    limited = desk.desk.told_last(AttemptsLimited)
    assert (limited.limit, limited.account_id) == (PASSKEYS_BY_ACCOUNT.name, f"acc_{ADA}")
    desk.clock.pass_by(PASSKEYS_BY_ACCOUNT.every)
    assert desk.confirmed(phone, "delete")


def test_a_browser_that_the_account_knows_counts_for_itself(desk: PasskeyDesk) -> None:
    phone, passkey = desk.added()
    account = desk.desk.members.by_email(ADA)
    assert account is not None
    known = renewed_cookie(account, "", "c" * 22, desk.clock())
    for _ in range(PASSKEYS_BY_ACCOUNT.burst):
        desk.desk.limits.take(PASSKEYS_BY_ACCOUNT, passkey.account_id, desk.clock())
    options: Any = desk.confirms.options("delete", HERE)

    assert desk.confirms.confirm("delete", phone.sign(options), known).email == ADA


def test_confirmations_that_are_none_are_limited_and_right_ones_are_not_counted(
    desk: PasskeyDesk,
) -> None:
    phone, _ = desk.added()
    desk.desk.export.of(desk.proven(phone, "export"))
    forged, good = Owner("", "", HERE, confirmation="forged"), desk.proven(phone, "export")
    for _ in range(CONFIRMATIONS_BY_PLACE.burst):
        with pytest.raises(StaleConfirmationError):
            desk.desk.export.of(forged)

    with pytest.raises(TooManyAttemptsError):
        desk.desk.export.of(good)

    assert desk.desk.told_last(AttemptsLimited).limit == CONFIRMATIONS_BY_PLACE.name
    desk.clock.pass_by(CONFIRMATIONS_BY_PLACE.every)
    assert desk.desk.export.of(good)
