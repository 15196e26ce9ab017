"""A TV is let in from a phone: codes, polls, the page, and everything that is refused."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from identity.accounts.limits import (
    DEVICES_BY_PLACE,
    USER_CODES_BY_ACCOUNT,
    USER_CODES_BY_PLACE,
)
from identity.accounts.sign_in import NOBODY
from identity.oauth.clients import DEVICE_CODE, clients
from identity.oauth.device_grants import (
    USER_CODE_ALPHABET,
    AccessDeniedError,
    AuthorizationPendingError,
    ExpiredTokenError,
    SlowDownError,
    UnknownUserCodeError,
    typed,
)
from identity.oauth.devices import DeviceAuthorization, DevicePage, StaleVisitError
from identity.oauth.errors import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from kernel.errors import TooManyRequestsError
from kernel.events.identity import DeviceDecided, UserCodeFailed
from tests.unit.identity.test_sign_in import ISSUER, ORIGIN, Server, claims_of

PHONE, TV = "203.0.113.7", "203.0.113.8"
VISIT = "v" * 43


class Household(Server):
    """A TV and a phone."""

    @property
    def asking(self) -> DeviceAuthorization:
        return DeviceAuthorization(
            self.devices,
            self.limits,
            self.announcements,
            clients(ORIGIN, ISSUER),
            ISSUER,
            self.clock,
        )

    @property
    def page(self) -> DevicePage:
        return DevicePage(
            accounts=self.accounts,
            codes=self.grants,
            devices=self.devices,
            tickets=self.tickets,
            limits=self.limits,
            announcements=self.announcements,
            issuer=ISSUER,
            clock=self.clock,
        )

    def ask(self, **changes: str) -> dict[str, Any]:
        return self.asking.ask({"client_id": "tv", "scope": "member", **changes}, TV)

    def poll(self, device_code: str, client_id: str = "tv") -> dict[str, Any]:
        return self.tokens.exchange(
            {"grant_type": DEVICE_CODE, "device_code": device_code, "client_id": client_id}
        )

    def sign_in_for(self, user_code: str, visit: str = VISIT) -> str:
        """The code with which the phone comes back from signing in."""
        target = self.page.sign_in_address(user_code, visit, PHONE)
        request = self.authorization.request(dict(parse_qsl(urlsplit(target).query)))
        account = ("ada@example.com", "correct horse")
        return self.authorization.sign_in(request, *account, PHONE).code

    def ticket(self, user_code: str) -> str:
        return self.page.signed_in(self.sign_in_for(user_code), user_code, VISIT)[1]

    def decide(self, user_code: str, *, approve: bool = True) -> None:
        self.page.decide(self.ticket(user_code), VISIT, approve=approve)


@pytest.fixture
def home(now: datetime) -> Household:
    home = Household(now)
    home.registration.create_account("ada@example.com", "correct horse", ("member",))
    return home


def test_a_tv_gets_a_short_code_and_where_to_enter_it(home: Household) -> None:
    asked = home.ask()

    assert asked["verification_uri"] == f"{ISSUER}/device"
    assert asked["verification_uri_complete"].endswith(f"/device?user_code={asked['user_code']}")
    assert set(asked["user_code"]) <= {*USER_CODE_ALPHABET, "-"}
    assert (len(asked["user_code"]), asked["expires_in"], asked["interval"]) == (9, 600, 5)
    assert asked["user_code"] not in asked["device_code"]


def test_an_approved_tv_gets_tokens_of_the_person_once(home: Household) -> None:
    asked = home.ask()
    home.decide(asked["user_code"])

    answer = home.poll(asked["device_code"])

    (account,) = home.accounts.accounts
    assert claims_of(answer["access_token"])["sub"] == account
    assert claims_of(answer["access_token"])["client_id"] == "tv"
    assert home.refresh(answer["refresh_token"], client_id="tv")["access_token"]
    with pytest.raises(InvalidGrantError):
        home.poll(asked["device_code"])


def test_a_poll_before_the_decision_waits_and_one_too_soon_waits_longer(home: Household) -> None:
    code = home.ask()["device_code"]

    def poll_after(seconds: float) -> type[Exception]:
        home.now += timedelta(seconds=seconds)
        with pytest.raises(Exception) as refused:
            home.poll(code)
        return refused.type

    seen = [poll_after(seconds) for seconds in (0, 5, 4.2, 1, 6, 10, 10)]

    assert seen == [
        AuthorizationPendingError,
        AuthorizationPendingError,
        AuthorizationPendingError,
        SlowDownError,
        SlowDownError,
        SlowDownError,
        SlowDownError,
    ]
    assert poll_after(25) is AuthorizationPendingError


@pytest.mark.parametrize("approve", [True, False])
def test_who_watches_over_sign_ins_hears_what_was_decided_about_a_device(
    home: Household, *, approve: bool
) -> None:
    home.decide(home.ask()["user_code"], approve=approve)

    (account,) = home.accounts.accounts
    (told,) = home.announcements.told
    assert isinstance(told, DeviceDecided)
    assert (told.account_id, told.client_id, told.is_approved) == (account, "tv", approve)


def test_who_watches_over_sign_ins_hears_of_codes_that_no_device_has(home: Household) -> None:
    with pytest.raises(UnknownUserCodeError):
        home.page.sign_in_address("BBBB-BBBB", VISIT, PHONE)

    (told,) = home.announcements.told
    assert isinstance(told, UserCodeFailed)
    assert told.account_id == NOBODY


def test_a_refused_tv_is_told_so(home: Household) -> None:
    asked = home.ask()
    home.decide(asked["user_code"], approve=False)

    with pytest.raises(AccessDeniedError):
        home.poll(asked["device_code"])


def test_a_code_that_nobody_entered_in_time_is_over(home: Household) -> None:
    asked = home.ask()
    home.now += timedelta(minutes=10)

    with pytest.raises(ExpiredTokenError):
        home.poll(asked["device_code"])
    with pytest.raises(UnknownUserCodeError):
        home.page.sign_in_address(asked["user_code"], VISIT, PHONE)


@pytest.mark.parametrize("client_id", ["web", "device-page"])
def test_only_clients_that_use_it_ask_for_a_code(home: Household, client_id: str) -> None:
    with pytest.raises(UnauthorizedClientError):
        home.ask(client_id=client_id)


def test_a_device_code_is_its_clients(home: Household) -> None:
    asked = home.ask()
    home.decide(asked["user_code"])

    with pytest.raises(UnauthorizedClientError):
        home.poll(asked["device_code"], client_id="web")
    with pytest.raises(InvalidClientError):
        home.poll(asked["device_code"], client_id="somebody")
    with pytest.raises(InvalidGrantError):
        home.poll("never-issued")


def test_a_tv_that_asks_who_somebody_is_cannot_watch_as_them(home: Household) -> None:
    asked = home.ask(scope="openid email")
    home.decide(asked["user_code"])

    assert home.poll(asked["device_code"])["scope"] == "openid email"


def test_what_a_tv_asks_for_is_checked(home: Household) -> None:
    for scope in ("member root", "member staff", "email"):
        with pytest.raises(InvalidScopeError):
            home.ask(scope=scope)
    for name in ("x" * 65, "TV\x00", "TV\u202e"):
        with pytest.raises(InvalidRequestError):
            home.ask(device_name=name)


@pytest.mark.parametrize("text", ["wdjbmjht", " WDJB-MJHT ", "WDJB MJHT", "w.d.j.b-m j h t"])
def test_a_code_is_understood_however_it_is_typed(text: str) -> None:
    assert typed(text) == "WDJBMJHT"


@pytest.mark.parametrize("text", ["", "WDJB", "WDJBMJHTX", "WDJBMJHA", "WDJB-MJH0", "<script>"])
def test_what_cannot_be_a_code_is_refused_in_words(text: str) -> None:
    with pytest.raises(UnknownUserCodeError, match="A code has 8 letters"):
        typed(text)


def test_guessing_codes_is_slowed_for_a_place(home: Household) -> None:
    for _ in range(USER_CODES_BY_PLACE.burst):
        with pytest.raises(UnknownUserCodeError):
            home.page.sign_in_address("BBBB-BBBB", VISIT, PHONE)

    with pytest.raises(TooManyRequestsError) as refused:
        home.page.sign_in_address("BBBB-BBBB", VISIT, PHONE)
    assert refused.value.facts["retry_after_seconds"] == 30


def test_guessing_codes_is_slowed_for_an_account_that_signs_in_from_everywhere(
    home: Household,
) -> None:
    """Whoever makes up the address of the sign-in has no code checked before."""
    user_code = home.ask()["user_code"]
    codes = [home.sign_in_for(user_code) for _ in range(USER_CODES_BY_ACCOUNT.burst + 1)]
    for code in codes[:-1]:
        with pytest.raises(UnknownUserCodeError):
            home.page.signed_in(code, "BBBB-BBBB", VISIT)

    with pytest.raises(TooManyRequestsError):
        home.page.signed_in(codes[-1], user_code, VISIT)


def test_codes_that_are_right_count_against_nobody(home: Household) -> None:
    user_code = home.ask()["user_code"]

    for _ in range(3 * USER_CODES_BY_PLACE.burst):
        home.ticket(user_code)


def test_an_account_that_ended_its_sign_ins_lets_in_nobody_who_asked_before(
    home: Household,
) -> None:
    approved, waiting = home.ask(), home.ask()
    home.decide(approved["user_code"])
    ticket = home.ticket(waiting["user_code"])
    home.accounts.accounts = {
        key: dataclasses.replace(account, sessions_from=home.now)
        for key, account in home.accounts.accounts.items()
    }

    with pytest.raises(StaleVisitError):
        home.page.decide(ticket, VISIT, approve=True)
    with pytest.raises(InvalidGrantError):
        home.poll(approved["device_code"])


def test_signing_in_for_a_tv_asks_as_a_client_whose_code_nobody_else_can_use(
    home: Household,
) -> None:
    code = home.sign_in_for(home.ask()["user_code"])

    with pytest.raises(UnauthorizedClientError):
        home.exchange(code, client_id="device-page", code_verifier=VISIT)


def test_the_form_belongs_to_the_browser_that_began(home: Household) -> None:
    asked = home.ask()

    with pytest.raises(StaleVisitError, match="another browser"):
        home.page.signed_in(home.sign_in_for(asked["user_code"]), asked["user_code"], "w" * 43)
    ticket = home.ticket(asked["user_code"])
    with pytest.raises(StaleVisitError):
        home.page.decide(ticket, "w" * 43, approve=True)
    with pytest.raises(StaleVisitError, match="used before"):
        home.page.decide(ticket, VISIT, approve=True)
    with pytest.raises(StaleVisitError):
        home.page.decide("invented", VISIT, approve=True)


def test_a_sign_in_serves_one_visit(home: Household) -> None:
    asked = home.ask()
    code = home.sign_in_for(asked["user_code"])
    home.page.signed_in(code, asked["user_code"], VISIT)

    with pytest.raises(StaleVisitError):
        home.page.signed_in(code, asked["user_code"], VISIT)
    with pytest.raises(StaleVisitError):
        home.page.signed_in(home.code(), asked["user_code"], VISIT)


def test_two_who_decide_about_one_tv_do_not_both(home: Household) -> None:
    asked = home.ask()
    first, second = home.ticket(asked["user_code"]), home.ticket(asked["user_code"])
    home.page.decide(first, VISIT, approve=False)

    with pytest.raises(UnknownUserCodeError):
        home.page.decide(second, VISIT, approve=True)


def test_an_account_that_is_gone_lets_nobody_in(home: Household) -> None:
    ticket = home.ticket(home.ask()["user_code"])
    home.accounts.accounts.clear()

    with pytest.raises(StaleVisitError):
        home.page.decide(ticket, VISIT, approve=True)


def test_a_household_may_ask_often_and_not_without_end(home: Household) -> None:
    for _ in range(DEVICES_BY_PLACE.burst):
        home.ask()

    with pytest.raises(TooManyRequestsError):
        home.ask()


def test_the_phone_sees_which_device_asked_and_when(home: Household) -> None:
    asked = home.ask(device_name="Living  room")

    grant, _ = home.page.signed_in(
        home.sign_in_for(asked["user_code"]), asked["user_code"].lower(), VISIT
    )

    assert (grant.device_name, grant.asked_from, grant.asked_at) == ("Living room", TV, home.now)
    assert dataclasses.replace(grant, status="denied").refusal(home.now) is not None


def test_the_address_to_sign_in_at_is_our_own(home: Household) -> None:
    target = home.page.sign_in_address(home.ask()["user_code"], VISIT, PHONE)

    assert target.startswith(f"{ISSUER}/authorize?")
    assert parse_qs(urlsplit(target).query)["redirect_uri"] == [f"{ISSUER}/device/approve"]


def test_a_sign_in_on_the_phone_lets_nothing_in_that_asks_after_the_account_ended_it(
    home: Household,
) -> None:
    code = home.sign_in_for(home.ask()["user_code"])
    home.now += timedelta(seconds=1)
    (account,) = home.accounts.accounts.values()
    home.accounts.accounts[account.account_id] = dataclasses.replace(
        account, sessions_from=home.now
    )
    home.now += timedelta(seconds=1)

    with pytest.raises(StaleVisitError):
        home.page.signed_in(code, home.ask()["user_code"], VISIT)
