"""Devices of an account on the running service: seen, named, signed out, removed, and told of."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from commands.sign_in import REDIRECT_URI
from identity.devices.domain import FREE_SWAPS, SWAP_COOLDOWN
from tests.cloud import RunningCloud
from tests.custody import claims_of
from tests.integration.test_accounts import Somebody
from tests.mailbox import await_letter, letters_to

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
NEW_DEVICE = "New sign-in to your account"


class SignedIn:
    """One device of somebody's."""

    def __init__(self, somebody: Somebody, user_agent: str = FIREFOX) -> None:
        self.cloud = somebody.cloud
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": "cli",
            "redirect_uri": REDIRECT_URI,
            "scope": "member",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        answer = somebody.post(
            "/authorize", **asked, email=somebody.email, password=somebody.password
        )
        (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
        self.tokens = self._token(
            user_agent,
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            code_verifier=verifier,
            device_key=secrets.token_urlsafe(32),
        ).json()
        self.claims = claims_of(self.tokens["access_token"])

    def _token(self, user_agent: str, **form: str) -> httpx.Response:
        return httpx.post(
            f"{self.cloud.issuer}/token",
            data={**form, "client_id": "cli"},
            headers={"user-agent": user_agent},
            timeout=30,
        )

    def renewal(self) -> httpx.Response:
        refresh = self.tokens["refresh_token"]
        answer = self._token(FIREFOX, grant_type="refresh_token", refresh_token=refresh)
        if answer.is_success:
            self.tokens = answer.json()
        return answer

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        return httpx.request(
            method,
            f"{self.cloud.web}/v1{path}",
            json=body,
            headers={"authorization": f"Bearer {self.tokens['access_token']}"},
            timeout=30,
        )

    def listed(self) -> dict[str, Any]:
        answer = self.ask("GET", "/devices")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture(scope="module")
def somebody(cloud: RunningCloud) -> Somebody:
    return Somebody(cloud).has_account()


@pytest.fixture(scope="module")
def owner(somebody: Somebody) -> SignedIn:
    return SignedIn(somebody)


def test_a_second_device_is_listed_and_told_by_mail(
    cloud: RunningCloud, somebody: Somebody, owner: SignedIn
) -> None:
    assert not [each for each in letters_to(cloud, somebody.email) if NEW_DEVICE in str(each)]

    SignedIn(somebody)

    this, other = owner.listed()["devices"]
    assert (this["name"], this["kind"]) == ("Firefox on Linux", "computer")
    assert this["is_this"]
    assert not other["is_this"]
    assert "Firefox on Linux" in str(await_letter(cloud, somebody.email, NEW_DEVICE))


def test_a_device_that_was_signed_out_fails_at_its_next_renewal_and_can_do_nothing_meanwhile(
    somebody: Somebody, owner: SignedIn
) -> None:
    tv = SignedIn(somebody)

    answer = owner.ask("POST", f"/devices/{tv.claims['device']}/sign-out", {})

    assert answer.status_code == 204
    refused = tv.ask("POST", "/sign-out", {"which": "everywhere"})
    assert (refused.status_code, refused.json()["code"]) == (401, "signed_out")
    renewed = tv.renewal()
    assert (renewed.status_code, renewed.json()["error"]) == (400, "invalid_grant")
    assert owner.renewal().is_success


def test_a_device_without_a_place_has_one_once_another_is_removed(
    somebody: Somebody, owner: SignedIn
) -> None:
    while owner.listed()["has_room"]:
        SignedIn(somebody)
    waiting = SignedIn(somebody)
    assert waiting.claims["device_registered"] == "false"
    start = {"title_id": "ttl_1", "device": {"family": "shaka", "drm": "clearkey"}}
    refused = waiting.ask("POST", "/playback/start", start)
    assert (refused.status_code, refused.json()["code"]) == (403, "device_limit")
    others = [one for one in owner.listed()["devices"] if not one["is_this"]]
    gone = next(one["device_id"] for one in others if one["is_registered"])

    assert owner.ask("DELETE", f"/devices/{gone}").status_code == 204

    assert waiting.renewal().is_success
    assert claims_of(waiting.tokens["access_token"])["device_registered"] == "true"
    again = owner.ask("DELETE", f"/devices/{gone}")
    assert (again.status_code, again.json()["code"]) == (404, "device_not_found")


def test_a_plan_is_not_handed_around_by_removing_device_after_device(cloud: RunningCloud) -> None:
    household = Somebody(cloud).has_account()
    owner = SignedIn(household)

    def takes_one_off() -> dict[str, Any]:
        others = (one for one in owner.listed()["devices"] if not one["is_this"])
        gone = next(one["device_id"] for one in others if one["is_registered"])
        assert owner.ask("DELETE", f"/devices/{gone}").status_code == 204
        return owner.listed()

    while owner.listed()["has_room"]:
        SignedIn(household)
    for _ in range(FREE_SWAPS):
        swapped = takes_one_off()
        assert (swapped["has_room"], swapped["next_place_at"]) == (True, None)
        assert SignedIn(household).claims["device_registered"] == "true"

    further = takes_one_off()

    assert not further["has_room"]
    wait = datetime.fromisoformat(further["next_place_at"]) - datetime.now(UTC)
    assert timedelta() < wait <= SWAP_COOLDOWN
    assert SignedIn(household).claims["device_registered"] == "false"


@pytest.mark.parametrize("name", ["", "\u202eVT", "x" * 65, "a\u0000b"])
def test_a_name_that_nobody_could_read_is_refused(owner: SignedIn, name: str) -> None:
    answer = owner.ask("PATCH", f"/devices/{owner.claims['device']}", {"name": name})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_a_device_has_the_name_that_it_was_given(owner: SignedIn) -> None:
    name = "<script>alert(1)</script> Küche"

    assert (
        owner.ask("PATCH", f"/devices/{owner.claims['device']}", {"name": name}).status_code == 204
    )

    assert owner.listed()["devices"][0]["name"] == name


def test_signing_out_everywhere_leaves_nobody_signed_in(
    somebody: Somebody, owner: SignedIn
) -> None:
    other = SignedIn(somebody)

    assert owner.ask("POST", "/sign-out", {"which": "everywhere"}).status_code == 204

    assert [each.renewal().status_code for each in (owner, other)] == [400, 400]
    assert SignedIn(somebody).renewal().is_success
