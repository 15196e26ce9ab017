"""What a profile may not see is neither listed, told of nor started, on the running service."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from tests.cloud import RunningCloud
from tests.custody import claims_of
from tests.films import Ingested
from tests.integration.test_accounts import Somebody

PIN = "2580"
DEVICE = {"family": "shaka", "drm": "clearkey", "max_height": None}


class Watcher:
    """A device of somebody's, on which one of the household watches."""

    def __init__(self, somebody: Somebody) -> None:
        self._http = httpx.Client(base_url=somebody.cloud.web, timeout=60)
        self.tokens = somebody.signs_in()

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        bearer = {"authorization": f"Bearer {self.tokens.access_token()}"}
        return self._http.request(method, path, json=body, headers=bearer)

    def made(self, **wanted: object) -> str:
        answer = self.ask("POST", "/v1/profiles", {"name": "Kim", **wanted})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["profile_id"])

    def watches_as(self, profile_id: str) -> None:
        assert self.ask("POST", f"/v1/profiles/{profile_id}/enter", {}).status_code == 200
        self.tokens.renew()

    def starts(self, title_id: str, **grant: str) -> httpx.Response:
        body = {"title_id": title_id, "device": DEVICE, **grant}
        return self.ask("POST", "/v1/playback/start", body)


@pytest.fixture
def household(cloud: RunningCloud) -> Somebody:
    return Somebody(cloud).has_account()


@pytest.fixture
def unrated(ingested: Ingested) -> str:
    """A film that nobody has rated."""
    return ingested.title_id


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def lists(watcher: Watcher, title_id: str) -> bool:
    listed: list[dict[str, Any]] = watcher.ask("GET", "/v1/titles").json()["titles"]
    return title_id in [one["title_id"] for one in listed]


def test_the_pin_of_who_decides_opens_one_film_on_one_device(
    household: Somebody, unrated: str
) -> None:
    here, there = Watcher(household), Watcher(household)
    first = claims_of(here.tokens.access_token())["profile"]
    assert here.ask("PATCH", f"/v1/profiles/{first}", {"pin": PIN}).status_code == 200
    teen = here.made(maturity=16)
    assert lists(here, unrated)
    assert here.starts(unrated).status_code == 200

    here.watches_as(teen)
    there.watches_as(teen)

    assert not lists(here, unrated)
    assert code_of(here.ask("GET", f"/v1/titles/{unrated}")) == (403, "pin_required")
    assert code_of(here.starts(unrated)) == (403, "pin_required")
    door = f"/v1/profiles/{teen}/open-title"
    wrong = here.ask("POST", door, {"title_id": unrated, "pin": "0000"})
    assert code_of(wrong) == (403, "wrong_proof")
    opened = here.ask("POST", door, {"title_id": unrated, "pin": PIN})
    assert opened.status_code == 200, opened.text
    grant = opened.json()["pin_grant"]
    assert here.starts(unrated, pin_grant=grant).status_code == 200
    assert code_of(there.starts(unrated, pin_grant=grant)) == (403, "pin_required")
    forged = grant[:-4] + secrets.token_urlsafe(3)
    assert code_of(here.starts(unrated, pin_grant=forged)) == (403, "pin_required")


def test_nothing_opens_it_to_a_child(household: Somebody, unrated: str) -> None:
    tablet = Watcher(household)
    mia = tablet.made(kids=True, maturity=12)
    tablet.watches_as(mia)

    password = {"title_id": unrated, "password": household.password}
    opened = tablet.ask("POST", f"/v1/profiles/{mia}/open-title", password)

    assert not lists(tablet, unrated)
    for refused in (opened, tablet.starts(unrated), tablet.ask("GET", f"/v1/titles/{unrated}")):
        assert code_of(refused) == (403, "above_maturity")
