"""The second step: codes of an app and recovery codes, at sign-in and where accounts change."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest

from identity.accounts.domain import TooManyAttemptsError, WrongPasswordError
from identity.domain import Account
from identity.mfa.domain import (
    PASSWORD_AND_CODE,
    PASSWORD_AND_RECOVERY_CODE,
    PENDING_LIFE,
    SET_UP_LIFE,
    SecondStepNeededError,
    StaleSignInError,
    TwoStepIsOffError,
    TwoStepIsOnError,
    UsedCodeError,
    WrongSecondCodeError,
    app_address,
    code_at,
    matching_step,
    recovery_code,
    step_at,
)
from identity.oauth.clients import AuthorizationRequest
from kernel.events.identity import (
    MfaDisabled,
    MfaEnabled,
    PasswordChanged,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
    SecondStepFailed,
)
from tests.unit.identity.accounts_server import HERE, ORIGIN, PASSWORD, Desk, owner

STEP = timedelta(seconds=30)
REQUEST = {
    "response_type": "code",
    "client_id": "web",
    "redirect_uri": f"{ORIGIN}/callback",
    "scope": "member",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


@pytest.fixture
def desk(now: datetime) -> Desk:
    return Desk(now)


@pytest.fixture
def ada(desk: Desk) -> Account:
    return desk.member()


class Phone:
    """An app that was set up, and the recovery codes that came with it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        new = desk.two_step.set_up(owner())
        self.secret = base64.b32decode(new.shown_secret)
        self.recovery = desk.two_step.confirm(new.page_secret, self.shows(), HERE)
        desk.clock.pass_by(STEP)

    def shows(self, later: int = 0) -> str:
        return code_at(self.secret, step_at(self._desk.clock()) + later)


@pytest.fixture
def phone(desk: Desk, ada: Account) -> Phone:
    return Phone(desk)


def asked(desk: Desk, **changes: str) -> AuthorizationRequest:
    return desk.authorization.request({**REQUEST, **changes})


def first_step(desk: Desk) -> str:
    with pytest.raises(SecondStepNeededError) as needed:
        desk.authorization.sign_in(asked(desk), "ada@example.com", PASSWORD, HERE)
    return needed.value.secret


def wrong(phone: Phone) -> str:
    taken = {phone.shows(later) for later in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in taken)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238s_appendix_b(at: int, code: str) -> None:
    step = step_at(datetime.fromtimestamp(at, UTC))

    assert code_at(b"12345678901234567890", step) == code[2:]


def test_a_code_is_good_a_step_early_and_late_and_no_more(now: datetime) -> None:
    secret = b"s" * 20
    step = step_at(now)

    found = [matching_step(secret, code_at(secret, step + off), now) for off in (-2, -1, 0, 1, 2)]

    assert found == [None, step - 1, step, step + 1, None]


def test_apps_read_the_secret_and_whose_it_is_from_the_address() -> None:
    assert app_address(b"\0" * 20, "ada+tv@example.com") == (
        f"otpauth://totp/Marquee:ada%2Btv@example.com?secret={'A' * 32}&issuer=Marquee"
    )


def test_recovery_codes_are_four_groups_that_nobody_misreads() -> None:
    assert re.fullmatch(r"([2-9A-HJKMNP-TV-Z]{4}-){3}[2-9A-HJKMNP-TV-Z]{4}", recovery_code(10**23))


def test_without_a_second_factor_the_password_is_a_whole_sign_in(desk: Desk, ada: Account) -> None:
    desk.authorization.sign_in(asked(desk), ada.email, PASSWORD, HERE)

    assert [code.methods for code in desk.grants.codes.values()] == ["pwd"]


def test_with_one_the_password_alone_gives_no_code(desk: Desk, phone: Phone) -> None:
    first_step(desk)

    assert desk.grants.codes == {}


def test_password_and_app_are_a_whole_sign_in(desk: Desk, phone: Phone) -> None:
    desk.second_step.sign_in(asked(desk), first_step(desk), phone.shows(), HERE)

    assert [code.methods for code in desk.grants.codes.values()] == [PASSWORD_AND_CODE]


def test_a_code_is_taken_however_it_is_grouped(desk: Desk, phone: Phone) -> None:
    shown = phone.shows()

    assert desk.second_step.sign_in(
        asked(desk), first_step(desk), f" {shown[:3]} {shown[3:]} ", HERE
    )


def test_an_apps_code_is_taken_once_and_none_before_it_any_more(desk: Desk, phone: Phone) -> None:
    desk.second_step.sign_in(asked(desk), first_step(desk), phone.shows(), HERE)

    for replayed in (phone.shows(), phone.shows(-1)):
        with pytest.raises(UsedCodeError):
            desk.second_step.sign_in(asked(desk), first_step(desk), replayed, HERE)
    assert desk.second_step.sign_in(asked(desk), first_step(desk), phone.shows(1), HERE)


def test_the_code_that_turned_it_on_signs_nobody_in(desk: Desk, ada: Account) -> None:
    new = desk.two_step.set_up(owner())
    code = code_at(base64.b32decode(new.shown_secret), step_at(desk.clock()))
    desk.two_step.confirm(new.page_secret, code, HERE)

    with pytest.raises(UsedCodeError):
        desk.second_step.sign_in(asked(desk), first_step(desk), code, HERE)


def test_a_recovery_code_is_taken_once_and_told_of(desk: Desk, phone: Phone) -> None:
    typed = phone.recovery[3].lower().replace("-", " ")
    desk.second_step.sign_in(asked(desk), first_step(desk), typed, HERE)

    assert [code.methods for code in desk.grants.codes.values()] == [PASSWORD_AND_RECOVERY_CODE]
    assert desk.sealed_in(RecoveryCodeUsed) == {
        "to": "ada@example.com",
        "when": f"{desk.clock():%Y-%m-%d %H:%M} UTC",
    }
    with pytest.raises(WrongSecondCodeError):
        desk.second_step.sign_in(asked(desk), first_step(desk), phone.recovery[3], HERE)


def test_guessing_is_limited_for_an_account_from_wherever(desk: Desk, phone: Phone) -> None:
    for attempt in range(10):
        with pytest.raises(WrongSecondCodeError):
            desk.second_step.sign_in(
                asked(desk), first_step(desk), wrong(phone), f"192.0.2.{attempt}"
            )

    with pytest.raises(TooManyAttemptsError):
        desk.second_step.sign_in(asked(desk), first_step(desk), phone.shows(), "198.51.100.1")
    assert desk.told_last(SecondStepFailed).account_id == "acc_ada@example.com"


def test_right_codes_and_replayed_ones_do_not_count_as_guesses(desk: Desk, phone: Phone) -> None:
    desk.second_step.sign_in(asked(desk), first_step(desk), phone.shows(), HERE)
    for _ in range(20):
        with pytest.raises(UsedCodeError):
            desk.second_step.sign_in(asked(desk), first_step(desk), phone.shows(), HERE)


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "x" * 10_000])
def test_what_is_no_code_is_refused(desk: Desk, phone: Phone, given: str) -> None:
    with pytest.raises(WrongSecondCodeError):
        desk.second_step.sign_in(asked(desk), first_step(desk), given, HERE)


def test_a_first_step_is_over_after_five_minutes(desk: Desk, phone: Phone) -> None:
    secret = first_step(desk)
    desk.clock.pass_by(PENDING_LIFE)

    with pytest.raises(StaleSignInError):
        desk.second_step.sign_in(asked(desk), secret, phone.shows(), HERE)


def test_a_first_step_serves_only_the_request_it_was_made_for(desk: Desk, phone: Phone) -> None:
    secret = first_step(desk)

    for other in (asked(desk, scope="openid"), asked(desk, code_challenge="d" * 43)):
        with pytest.raises(StaleSignInError):
            desk.second_step.sign_in(other, secret, phone.shows(), HERE)
    with pytest.raises(StaleSignInError):
        desk.second_step.sign_in(asked(desk), "made up", phone.shows(), HERE)


def test_a_first_step_of_another_account_wants_that_accounts_code(desk: Desk, phone: Phone) -> None:
    desk.member("eve@example.com", factors=frozenset(["totp"]))
    with pytest.raises(SecondStepNeededError) as needed:
        desk.authorization.sign_in(asked(desk), "eve@example.com", PASSWORD, HERE)

    with pytest.raises(WrongSecondCodeError):
        desk.second_step.sign_in(asked(desk), needed.value.secret, phone.shows(), HERE)


def test_a_new_password_ends_a_first_step(desk: Desk, phone: Phone) -> None:
    secret = first_step(desk)
    desk.clock.pass_by(STEP)
    desk.upkeep.change_password(owner(code=phone.shows()), "another one entirely")
    desk.clock.pass_by(STEP)

    with pytest.raises(StaleSignInError):
        desk.second_step.sign_in(asked(desk), secret, phone.shows(), HERE)


def test_a_closing_account_is_let_in_by_no_code(desk: Desk, phone: Phone) -> None:
    secret = first_step(desk)
    desk.upkeep.delete(owner(code=phone.shows()))
    desk.clock.pass_by(STEP)

    with pytest.raises(StaleSignInError):
        desk.second_step.sign_in(asked(desk), secret, phone.shows(), HERE)


def test_changes_of_an_account_ask_for_a_code_too(desk: Desk, phone: Phone) -> None:
    for refused in (owner(), owner(code=wrong(phone))):
        with pytest.raises(WrongSecondCodeError):
            desk.upkeep.change_password(refused, "another one entirely")
        with pytest.raises(WrongSecondCodeError):
            desk.upkeep.request_email(refused, "ada@new.example")
        with pytest.raises(WrongSecondCodeError):
            desk.export.of(refused)
        with pytest.raises(WrongSecondCodeError):
            desk.upkeep.delete(refused)
    assert not any(isinstance(event, PasswordChanged) for event in desk.told)

    assert desk.export.of(owner(code=phone.shows()))["second_factors"] == ["totp"]


def test_the_mail_is_no_way_around_it(desk: Desk, phone: Phone) -> None:
    secret = desk.recovery.request("ada@example.com", "en", HERE)
    code = next(
        desk.sealed_in(type(event))["code"]
        for event in reversed(desk.told)
        if type(event).__name__ == "PasswordResetRequested"
    )
    desk.recovery.reset(secret, code, PASSWORD + " battery", HERE)

    with pytest.raises(SecondStepNeededError):
        desk.authorization.sign_in(asked(desk), "ada@example.com", PASSWORD + " battery", HERE)


def test_it_is_on_once_the_app_has_shown_a_code(desk: Desk, ada: Account) -> None:
    new = desk.two_step.set_up(owner())
    with pytest.raises(WrongSecondCodeError):
        desk.two_step.confirm(new.page_secret, "12345", HERE)

    assert desk.current(ada).factors == frozenset()
    code = code_at(base64.b32decode(new.shown_secret), step_at(desk.clock()))
    codes = desk.two_step.confirm(new.page_secret, code, HERE)
    assert desk.current(ada).factors == {"totp"}
    assert len(set(codes)) == 10
    assert desk.sealed_in(MfaEnabled) == {"to": "ada@example.com"}


def test_neither_the_secret_nor_a_recovery_code_is_kept_as_it_is(desk: Desk, phone: Phone) -> None:
    kept = str(desk.factors.recovery)

    assert not any(code in kept or code.replace("-", "") in kept for code in phone.recovery)


def test_setting_up_asks_for_the_password_and_takes_a_quarter_of_an_hour(
    desk: Desk, ada: Account
) -> None:
    with pytest.raises(WrongPasswordError):
        desk.two_step.set_up(owner("wrong"))
    new = desk.two_step.set_up(owner())
    desk.clock.pass_by(SET_UP_LIFE)

    code = code_at(base64.b32decode(new.shown_secret), step_at(desk.clock()))
    with pytest.raises(StaleSignInError):
        desk.two_step.confirm(new.page_secret, code, HERE)


def test_a_sign_ins_first_step_sets_nothing_up(desk: Desk, phone: Phone) -> None:
    with pytest.raises(StaleSignInError):
        desk.two_step.confirm(first_step(desk), phone.shows(), HERE)


def test_a_second_app_is_refused(desk: Desk, ada: Account) -> None:
    late = desk.two_step.set_up(owner())
    phone = Phone(desk)

    with pytest.raises(TwoStepIsOnError):
        desk.two_step.set_up(owner(code=phone.shows()))
    code = code_at(base64.b32decode(late.shown_secret), step_at(desk.clock()))
    with pytest.raises(TwoStepIsOnError):
        desk.two_step.confirm(late.page_secret, code, HERE)


def test_turning_it_off_asks_for_a_code_and_is_told_by_mail(desk: Desk, phone: Phone) -> None:
    with pytest.raises(WrongSecondCodeError):
        desk.two_step.turn_off(owner())

    desk.two_step.turn_off(owner(code=phone.shows()))

    assert desk.sealed_in(MfaDisabled) == {"to": "ada@example.com"}
    assert desk.authorization.sign_in(asked(desk), "ada@example.com", PASSWORD, HERE)
    with pytest.raises(TwoStepIsOffError):
        desk.two_step.turn_off(owner())


def test_new_recovery_codes_end_the_old_ones(desk: Desk, phone: Phone) -> None:
    new = desk.two_step.replace_recovery_codes(owner(code=phone.recovery[0]))

    assert desk.sealed_in(RecoveryCodesReplaced) == {"to": "ada@example.com"}
    with pytest.raises(WrongSecondCodeError):
        desk.second_step.sign_in(asked(desk), first_step(desk), phone.recovery[1], HERE)
    assert desk.second_step.sign_in(asked(desk), first_step(desk), new[0], HERE)
