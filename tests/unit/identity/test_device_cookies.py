"""A browser that an account knows counts for itself; strangers, forgers and thieves do not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from identity.accounts.device_cookies import MARK_LIFE, MOST_MARKS, known_device, renewed_cookie
from identity.accounts.domain import TooManyAttemptsError, WrongCodeError, WrongPasswordError
from identity.accounts.limits import (
    LETTERS_BY_ADDRESS,
    LETTERS_BY_DEVICE,
    PASSKEYS_BY_ACCOUNT,
    SECOND_STEP_BY_ACCOUNT,
    SECOND_STEP_BY_DEVICE,
    SECOND_STEP_BY_KNOWN_DEVICES,
    SIGN_IN_BY_ADDRESS,
    SIGN_IN_BY_DEVICE,
    SIGN_IN_BY_DEVICE_LASTING,
    SIGN_IN_BY_KNOWN_DEVICES,
    SIGN_IN_BY_PLACE,
    SIGN_IN_FROM_HERE,
    Limit,
)
from identity.accounts.requests import DEVICE_COOKIE, device_cookie, with_device_cookie
from identity.domain import Account, Proven
from identity.mfa.domain import WrongSecondCodeError
from identity.mfa.routes import second_step
from identity.passkeys.domain import RefusedPasskeyError
from identity.routes import authorize
from kernel.events.identity import AttemptsLimited, PasswordResetRequested
from tests.unit.identity.accounts_server import (
    HERE,
    ISSUER,
    ORIGIN,
    PASSWORD,
    Desk,
    challenge_in,
    owner,
)
from tests.unit.identity.passkeys_server import PasskeyDesk
from tests.unit.identity.test_mfa import Phone, asked, first_step, wrong
from tests.unit.identity.test_sign_in import REQUEST

ADA = "ada@example.com"
EVE = "eve@example.com"
ELSEWHERE = "198.51.100.7"
CHANCE, OTHER = "c" * 22, "d" * 22


@pytest.fixture
def desk(now: datetime) -> Desk:
    return Desk(now)


@pytest.fixture
def ada(desk: Desk) -> Account:
    return desk.member()


def used_up(desk: Desk, limit: Limit, subject: str) -> None:
    """Somebody has made every attempt that there is."""
    for _ in range(limit.burst):
        desk.limits.take(limit, subject, desk.clock())


def strangers_guess(desk: Desk) -> None:
    used_up(desk, SIGN_IN_BY_ADDRESS, ADA)
    used_up(desk, SIGN_IN_BY_PLACE, HERE)
    used_up(desk, SIGN_IN_FROM_HERE, f"{ADA} {HERE}")


# The rules alone.


def test_a_browser_is_known_to_the_account_that_was_signed_in_on_it(
    ada: Account, now: datetime
) -> None:
    assert known_device(ada, renewed_cookie(ada, "", CHANCE, now), now) == CHANCE


def test_it_stays_the_same_device_at_its_next_sign_in(ada: Account, now: datetime) -> None:
    first = renewed_cookie(ada, "", CHANCE, now)
    later = now + MARK_LIFE - timedelta(seconds=1)

    again = renewed_cookie(ada, first, OTHER, later)

    assert known_device(ada, again, later + timedelta(days=1)) == CHANCE
    assert "~" not in again


@pytest.mark.parametrize("cookie", ["", "~", "a", "1.2.3", "~" * 5_000, "9" * 100_000, "\ud800"])
def test_a_browser_that_brings_nothing_of_ours_is_a_strangers(
    ada: Account, now: datetime, cookie: str
) -> None:
    assert known_device(ada, cookie, now) == ""


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_mark_that_was_touched_is_a_strangers(ada: Account, now: datetime, part: int) -> None:
    parts = renewed_cookie(ada, "", CHANCE, now).split(".")
    parts[part] = ("9" if part == 0 else "A") * len(parts[part])

    assert known_device(ada, ".".join(parts), now) == ""


def test_the_mark_of_another_account_is_a_strangers(
    desk: Desk, ada: Account, now: datetime
) -> None:
    eve = desk.member(EVE)

    assert known_device(ada, renewed_cookie(eve, "", CHANCE, now), now) == ""


def test_a_mark_is_over_after_its_time(ada: Account, now: datetime) -> None:
    cookie = renewed_cookie(ada, "", CHANCE, now)

    assert known_device(ada, cookie, now + MARK_LIFE) == ""


def test_another_password_makes_a_stranger_of_every_browser(ada: Account, now: datetime) -> None:
    cookie = renewed_cookie(ada, "", CHANCE, now)

    assert known_device(replace(ada, password_hash="plain:another"), cookie, now) == ""


@pytest.mark.parametrize("account", [None, "no hash"])
def test_nobody_is_known_to_who_has_nothing_to_know_them_by(
    ada: Account, now: datetime, account: str | None
) -> None:
    nothing = None if account is None else replace(ada, password_hash="")
    forged = renewed_cookie(replace(ada, account_id="", password_hash=""), "", CHANCE, now)
    empty = renewed_cookie(replace(ada, password_hash=""), "", CHANCE, now)

    assert known_device(nothing, f"{forged}~{empty}", now) == ""


def test_a_household_shares_a_browser_and_the_longest_away_is_forgotten(
    desk: Desk, now: datetime
) -> None:
    household = [desk.member(f"{name}@example.com") for name in "abcdef"]
    cookie = ""
    for number, account in enumerate(household):
        cookie = renewed_cookie(account, cookie, f"{number}" * 22, now)

    known = [known_device(account, cookie, now) for account in household]

    assert known == ["", *(f"{number}" * 22 for number in range(1, 6))]
    assert len(cookie.split("~")) == MOST_MARKS
    assert len(cookie) < 500


def test_a_mark_tells_no_address_and_no_account(ada: Account, now: datetime) -> None:
    cookie = renewed_cookie(ada, "", CHANCE, now)

    assert re.fullmatch(r"\d+\.[\w-]{22}\.[\w-]{43}", cookie)
    assert ada.account_id not in cookie


# Passwords.


@pytest.fixture
def known(desk: Desk, ada: Account) -> str:
    """Of a browser that Ada signed in on."""
    return renewed_cookie(ada, "", CHANCE, desk.now)


def test_an_owner_signs_in_on_their_browser_whatever_strangers_have_guessed(
    desk: Desk, ada: Account, known: str
) -> None:
    strangers_guess(desk)

    assert desk.check.account(ADA, PASSWORD, HERE, cookie=known).account == ada
    for place in (HERE, ELSEWHERE):
        with pytest.raises(TooManyAttemptsError):
            desk.check.account(ADA, PASSWORD, place)


def forged(known: str) -> str:
    return known[:-1] + ("A" if known[-1] != "A" else "B")


def anothers(desk: Desk) -> str:
    return renewed_cookie(desk.member(EVE), "", CHANCE, desk.now)


@pytest.mark.parametrize("whose", ["nobody's", "forged", "another account's", "old"])
def test_no_other_cookie_gets_past_the_strangers_limits(desk: Desk, known: str, whose: str) -> None:
    cookie = {
        "nobody's": "",
        "forged": forged(known),
        "another account's": anothers(desk),
        "old": known,
    }[whose]
    desk.clock.pass_by(MARK_LIFE if whose == "old" else timedelta())
    strangers_guess(desk)

    with pytest.raises(TooManyAttemptsError):
        desk.check.account(ADA, PASSWORD, HERE, cookie=cookie)


def test_a_stolen_cookie_signs_nobody_in_and_guesses_no_more_than_its_own_share(
    desk: Desk, ada: Account, known: str
) -> None:
    for _ in range(SIGN_IN_BY_DEVICE.burst):
        with pytest.raises(WrongPasswordError):
            desk.check.account(ADA, "wrong", ELSEWHERE, cookie=known)

    with pytest.raises(TooManyAttemptsError):
        desk.check.account(ADA, PASSWORD, ELSEWHERE, cookie=known)
    assert desk.check.account(ADA, PASSWORD, HERE), "strangers are not slowed down by it"
    others = renewed_cookie(ada, "", OTHER, desk.now)
    assert desk.check.account(ADA, PASSWORD, HERE, cookie=others), "nor another browser of hers"


def test_the_wait_grows_on_a_device_as_it_does_for_strangers(
    desk: Desk, ada: Account, known: str
) -> None:
    compared, waits = 0, dict[int, int]()
    for _ in range(200):
        try:
            desk.check.account(ADA, "wrong", HERE, cookie=known)
        except WrongPasswordError:
            compared += 1
        except TooManyAttemptsError as error:
            waits.setdefault(error.retry_after_seconds, compared)
            desk.clock.pass_by(timedelta(seconds=error.retry_after_seconds))

    assert [wait for wait in waits if wait in (30, 900)] == [30, 900]
    assert waits[30] == SIGN_IN_BY_DEVICE.burst
    assert waits[900] >= SIGN_IN_BY_DEVICE_LASTING.burst


def test_many_cookies_of_one_account_guess_together_no_faster_than_all_its_devices_may(
    desk: Desk, ada: Account
) -> None:
    cookies = (renewed_cookie(ada, "", f"{number:022}", desk.now) for number in range(1_000))
    for _ in range(SIGN_IN_BY_KNOWN_DEVICES.burst):
        with pytest.raises(WrongPasswordError):
            desk.check.account(ADA, "wrong", HERE, cookie=next(cookies))

    with pytest.raises(TooManyAttemptsError):
        desk.check.account(ADA, "wrong", HERE, cookie=next(cookies))


def test_one_device_cannot_use_up_what_all_of_an_accounts_devices_have() -> None:
    assert SIGN_IN_BY_DEVICE_LASTING.burst < SIGN_IN_BY_KNOWN_DEVICES.burst
    assert SIGN_IN_BY_DEVICE_LASTING.every > SIGN_IN_BY_KNOWN_DEVICES.every
    assert SECOND_STEP_BY_DEVICE.burst < SECOND_STEP_BY_KNOWN_DEVICES.burst
    assert SECOND_STEP_BY_DEVICE.every > SECOND_STEP_BY_KNOWN_DEVICES.every


def test_a_right_password_costs_a_known_browser_nothing(desk: Desk, known: str) -> None:
    for _ in range(3 * SIGN_IN_BY_DEVICE.burst):
        desk.check.account(ADA, PASSWORD, HERE, cookie=known)


def test_who_watches_over_accounts_hears_that_a_device_is_held_back(
    desk: Desk, ada: Account, known: str
) -> None:
    for _ in range(9):
        with pytest.raises((WrongPasswordError, TooManyAttemptsError)):
            desk.check.account(ADA, "wrong", HERE, cookie=known)

    told = [event for event in desk.told if isinstance(event, AttemptsLimited)]
    assert [(event.account_id, event.limit) for event in told] == [
        (ada.account_id, "sign-in-by-device")
    ]
    assert CHANCE not in str(told)


def test_a_cookie_asks_no_more_and_no_less_of_us_for_an_address_that_nobody_has(
    desk: Desk, known: str
) -> None:
    foreign = anothers(desk)

    def work_of(email: str) -> dict[str, int]:
        desk.work.done.clear()
        with pytest.raises(WrongPasswordError):
            desk.check.account(email, "wrong", HERE, cookie=foreign)
        return dict(desk.work.done)

    assert work_of(ADA) == work_of("bob@example.com")


def test_the_hash_of_a_password_is_made_anew_and_the_browser_stays_known(desk: Desk) -> None:
    ada = desk.member(password_hash=f"old:{PASSWORD}")

    signed_in = desk.check.account(ADA, PASSWORD, HERE).account

    cookie = renewed_cookie(signed_in, "", CHANCE, desk.now)
    assert known_device(desk.current(ada), cookie, desk.now) == CHANCE


# The second step, letters and their codes, passkeys.


@pytest.fixture
def phone(desk: Desk, ada: Account) -> Phone:
    return Phone(desk)


def test_an_owner_takes_the_second_step_while_a_thief_of_the_password_guesses_codes(
    desk: Desk, ada: Account, phone: Phone, known: str
) -> None:
    used_up(desk, SECOND_STEP_BY_ACCOUNT, ada.account_id)
    step = first_step(desk)

    with pytest.raises(TooManyAttemptsError):
        desk.second_step.sign_in(asked(desk), step, phone.shows(), HERE)
    with pytest.raises(TooManyAttemptsError):
        desk.second_step.sign_in(asked(desk), step, phone.shows(), HERE, anothers(desk))
    assert desk.second_step.sign_in(asked(desk), step, phone.shows(), HERE, known).code


def test_codes_are_guessed_on_a_known_device_no_faster_than_its_limit(
    desk: Desk, phone: Phone, known: str
) -> None:
    step = first_step(desk)
    for _ in range(SECOND_STEP_BY_DEVICE.burst):
        with pytest.raises(WrongSecondCodeError):
            desk.second_step.sign_in(asked(desk), step, wrong(phone), HERE, known)

    with pytest.raises(TooManyAttemptsError):
        desk.second_step.sign_in(asked(desk), step, phone.shows(), HERE, known)


def test_an_owner_changes_their_account_on_a_browser_that_is_known(
    desk: Desk, ada: Account, phone: Phone, known: str
) -> None:
    strangers_guess(desk)
    used_up(desk, SECOND_STEP_BY_ACCOUNT, ada.account_id)

    changed = desk.upkeep.change_password(
        replace(owner(code=phone.shows()), cookie=known), "a staple of batteries"
    )

    again = renewed_cookie(changed.account, known, OTHER, changed.at)
    assert known_device(desk.current(ada), again, desk.clock()) == OTHER


def test_an_owner_asks_for_a_new_password_although_strangers_had_letters_sent(
    desk: Desk, known: str
) -> None:
    used_up(desk, LETTERS_BY_ADDRESS, ADA)

    for cookie in ("", forged(known), anothers(desk)):
        with pytest.raises(TooManyAttemptsError):
            desk.recovery.request(ADA, "en", HERE, cookie)
    for _ in range(LETTERS_BY_DEVICE.burst):
        desk.recovery.request(ADA, "en", HERE, known)
    with pytest.raises(TooManyAttemptsError):
        desk.recovery.request(ADA, "en", HERE, known)


def test_codes_of_letters_are_entered_on_a_known_browser_by_its_own_limit(
    desk: Desk, known: str
) -> None:
    secret = desk.recovery.request(ADA, "en", HERE, known)
    code = desk.sealed_in(PasswordResetRequested)["code"]
    before = dict(desk.limits.arrivals)

    with pytest.raises(WrongCodeError):
        desk.recovery.reset(secret, "2222-2222", "a staple of batteries", HERE, known)
    desk.recovery.reset(secret, code, "a staple of batteries", HERE, known)

    new = {name for name, _ in set(desk.limits.arrivals) - set(before)}
    assert new == {"codes-by-device"}


def test_a_new_password_makes_its_browser_known_unless_a_second_step_is_still_to_come(
    desk: Desk, ada: Account
) -> None:
    def reset() -> Proven | None:
        secret = desk.recovery.request(ADA, "en", HERE)
        code = desk.sealed_in(PasswordResetRequested)["code"]
        return desk.recovery.reset(secret, code, "a staple of batteries", HERE)

    proven = reset()
    assert proven is not None
    cookie = renewed_cookie(proven.account, "", CHANCE, proven.at)
    assert known_device(desk.current(ada), cookie, desk.now) == CHANCE

    desk.members.accounts.accounts[ada.account_id] = replace(
        desk.current(ada), factors=frozenset({"totp"})
    )
    assert reset() is None


def test_a_passkey_opens_on_a_known_browser_while_strangers_send_what_proves_nothing(
    now: datetime,
) -> None:
    desk = PasskeyDesk(now)
    ada = desk.member()
    phone, _ = desk.added()
    known = renewed_cookie(ada, "", CHANCE, now)
    used_up(desk.desk, PASSKEYS_BY_ACCOUNT, ada.account_id)

    def signs_in(cookie: str) -> str:
        return desk.signs_in.sign_in(desk.request(), phone.sign(desk.asked()), cookie).code

    with pytest.raises(TooManyAttemptsError):
        signs_in("")
    assert signs_in(known)
    with pytest.raises(RefusedPasskeyError):
        desk.signs_in.sign_in(desk.request(), "{}", known)


# Over HTTP.


def posted(path: str, fields: dict[str, str], cookie: str = "") -> dict[str, Any]:
    return {
        "rawPath": path,
        "body": urlencode(fields),
        "headers": {},
        "cookies": [f"other=1; {DEVICE_COOKIE}=x", f"{DEVICE_COOKIE}={cookie}"] if cookie else [],
        "requestContext": {"http": {"method": "POST", "sourceIp": HERE}},
    }


def cookie_of(answer: dict[str, Any]) -> str:
    (cookie,) = answer["cookies"]
    return str(cookie)


def value_of(answer: dict[str, Any]) -> str:
    return cookie_of(answer).partition(";")[0].removeprefix(f"{DEVICE_COOKIE}=")


def test_a_sign_in_leaves_a_cookie_that_no_script_no_other_site_and_no_sibling_has(
    desk: Desk, ada: Account
) -> None:
    form = {**REQUEST, "scope": "member", "email": ADA, "password": PASSWORD}

    answer = authorize(desk.authorization, ISSUER, ORIGIN)(posted("/authorize", form))

    assert answer["statusCode"] == 303
    assert cookie_of(answer).startswith("__Host-")
    attributes = cookie_of(answer).split("; ")[1:]
    assert attributes == [
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
        f"Max-Age={400 * 24 * 3600}",
    ]
    assert known_device(ada, value_of(answer), desk.now)


def test_the_browser_stays_who_it_was(desk: Desk, ada: Account, known: str) -> None:
    form = {**REQUEST, "scope": "member", "email": ADA, "password": PASSWORD}

    answer = authorize(desk.authorization, ISSUER, ORIGIN)(posted("/authorize", form, known))

    assert known_device(ada, value_of(answer), desk.now) == CHANCE


def test_no_cookie_is_left_by_a_sign_in_that_is_not_over(desk: Desk, ada: Account) -> None:
    phone = Phone(desk)
    page = authorize(desk.authorization, ISSUER, ORIGIN)
    form = {**REQUEST, "scope": "member", "email": ADA, "password": PASSWORD}

    refused = page(posted("/authorize", {**form, "password": "wrong"}))
    first = page(posted("/authorize", form))
    step = re.search(r'name="step" value="([^"]+)"', first["body"])
    assert step is not None
    steps = second_step(desk.second_step, ISSUER, ORIGIN)
    asked_of = {**REQUEST, "scope": "member", "step": step[1]}
    mistyped = steps(posted("/second-step", {**asked_of, "second_code": wrong(phone)}))
    second = steps(posted("/second-step", {**asked_of, "second_code": phone.shows()}))

    assert [answer.get("cookies") for answer in (refused, first, mistyped)] == [None] * 3
    assert known_device(desk.current(ada), value_of(second), desk.clock())


@pytest.mark.parametrize("path", ["/account/password", "/account/delete", "/account/email"])
def test_every_form_that_asks_for_a_password_reads_the_cookie(
    desk: Desk, known: str, path: str
) -> None:
    strangers_guess(desk)
    fields = {
        "email": ADA,
        "password": PASSWORD,
        "new_password": "a staple of batteries",
        "new_email": "ada@new.example",
    }

    def statuses(cookie: str) -> int:
        return int(desk.pages.answer(posted(path, fields, cookie))["statusCode"])

    assert statuses(forged(known)) == 429
    assert statuses(known) == 200


def test_forms_of_recovery_read_it_and_leave_another(desk: Desk, ada: Account, known: str) -> None:
    used_up(desk, LETTERS_BY_ADDRESS, ADA)

    page = desk.pages.answer(posted("/forgot-password", {"email": ADA}, known))
    fields = {
        "challenge": challenge_in(page["body"]),
        "code": desk.sealed_in(PasswordResetRequested)["code"],
        "new_password": "a staple of batteries",
    }
    done = desk.pages.answer(posted("/reset-password", fields, known))

    assert (page["statusCode"], done["statusCode"]) == (200, 200)
    assert known_device(desk.current(ada), value_of(done), desk.clock())


def test_of_two_cookies_with_that_name_the_first_counts_and_of_others_none() -> None:
    def sent(*cookies: str) -> str:
        return device_cookie({"cookies": list(cookies)})

    assert sent() == device_cookie({}) == ""
    assert sent("known=a", "__host-known=b", f" {DEVICE_COOKIE}=c", f"{DEVICE_COOKIE}=d") == "c"


def test_what_an_answer_set_before_is_still_set(ada: Account, now: datetime) -> None:
    answer = with_device_cookie({"cookies": ["a=b"]}, "", Proven(ada, now))

    assert answer["cookies"][0] == "a=b"
    assert len(answer["cookies"]) == 2
