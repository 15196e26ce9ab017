"""Strangers guess on the running service, and a browser that the account knows is let in."""

from __future__ import annotations

import httpx
import pytest

from identity.accounts.limits import RESOURCE_SERVERS_REFUSED, SIGN_IN_BY_ADDRESS, SIGN_IN_FROM_HERE
from identity.accounts.sign_in import NOBODY
from tests.cloud import RunningCloud, eventually
from tests.custody import claims_of
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody
from tests.integration.test_blocking import on_the_bus
from tests.integration.test_signing_in import REDIRECT
from tests.visitor import another_address

COOKIE = "__Host-known"
REQUEST = {
    "response_type": "code",
    "client_id": "cli",
    "redirect_uri": REDIRECT,
    "scope": "member",
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


class Browser:
    """A browser somewhere. It takes this machine for secure, as httpx does not."""

    def __init__(self, cloud: RunningCloud, email: str, cookie: str = "") -> None:
        self.cookie, self.email = cookie, email
        transport = httpx.HTTPTransport(local_address=another_address())
        self.http = httpx.Client(transport=transport, base_url=cloud.issuer, timeout=60)

    def gives(self, password: str) -> int:
        """The answer to a password; the cookie that comes with it is kept."""
        form = {**REQUEST, "email": self.email, "password": password}
        headers = {"cookie": self.cookie} if self.cookie else {}
        answer = self.http.post("/authorize", data=form, headers=headers)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer.status_code

    def is_held_back(self) -> bool:
        """Whether guesses are refused before they are compared; one may just have come free."""
        return 429 in [self.gives("wrong") for _ in range(3)]


@pytest.fixture
def somebody(cloud: RunningCloud) -> Somebody:
    return Somebody(cloud).has_account()


def strangers_guess(cloud: RunningCloud, email: str) -> None:
    """From one place after the other, until a new one is held back for the address's sake."""
    for _ in range(SIGN_IN_BY_ADDRESS.burst):
        stranger = Browser(cloud, email)
        if 429 in [stranger.gives("wrong") for _ in range(SIGN_IN_FROM_HERE.burst)]:
            return
    pytest.fail("nobody was held back")


def test_an_owner_signs_in_on_their_browser_while_strangers_have_used_up_the_attempts(
    cloud: RunningCloud, somebody: Somebody
) -> None:
    account_id = claims_of(SignedIn(somebody).tokens["access_token"])["sub"]
    own, eves = Browser(cloud, somebody.email), Browser(cloud, somebody.email)
    assert own.gives(somebody.password) == 303
    assert own.cookie.startswith(f"{COOKIE}=")
    eve = Somebody(cloud).has_account()
    eves_own = Browser(cloud, eve.email)
    assert eves_own.gives(eve.password) == 303

    strangers_guess(cloud, somebody.email)

    assert Browser(cloud, somebody.email).is_held_back()
    forged = own.cookie[:-1] + ("A" if own.cookie[-1] != "A" else "B")
    assert Browser(cloud, somebody.email, forged).is_held_back()
    eves.cookie = eves_own.cookie
    assert eves.is_held_back(), "the mark of another account"
    assert own.gives(somebody.password) == 303
    # It knows its owner wherever it is carried.
    assert Browser(cloud, somebody.email, own.cookie).gives(somebody.password) == 303
    eventually(lambda: on_the_bus(cloud, "AttemptsLimited", account_id), 30, "AttemptsLimited")


def test_a_known_browser_that_guesses_is_held_back_by_itself(
    cloud: RunningCloud, somebody: Somebody
) -> None:
    own = Browser(cloud, somebody.email)
    assert own.gives(somebody.password) == 303
    stolen = Browser(cloud, somebody.email, own.cookie)

    statuses = [stolen.gives("wrong") for _ in range(8)]

    assert statuses[0] == 401
    assert 429 in statuses
    assert Browser(cloud, somebody.email).gives(somebody.password) == 303, "as a stranger"


def test_another_password_makes_a_stranger_of_every_browser_but_the_one_it_was_chosen_on(
    cloud: RunningCloud, somebody: Somebody
) -> None:
    own, other = Browser(cloud, somebody.email), Browser(cloud, somebody.email)
    assert (own.gives(somebody.password), other.gives(somebody.password)) == (303, 303)
    chosen = "another staple of batteries"
    form = {"email": somebody.email, "password": somebody.password, "new_password": chosen}
    done = own.http.post("/account/password", data=form, headers={"cookie": own.cookie})
    assert done.status_code == 200
    own.cookie = done.headers["set-cookie"].partition(";")[0]

    strangers_guess(cloud, somebody.email)

    assert other.is_held_back()
    assert own.gives(chosen) == 303


def test_who_guesses_the_secret_of_a_resource_server_waits_and_is_told_of(
    cloud: RunningCloud,
) -> None:
    transport = httpx.HTTPTransport(local_address=another_address())
    with httpx.Client(transport=transport, base_url=cloud.issuer, timeout=60) as http:
        statuses = [
            http.post("/introspect", data={"token": "t"}, auth=("resource-server", "w")).status_code
            for _ in range(RESOURCE_SERVERS_REFUSED.burst + 3)
        ]

    assert set(statuses) == {401, 429}
    eventually(lambda: on_the_bus(cloud, "AttemptsLimited", NOBODY), 30, "AttemptsLimited")
