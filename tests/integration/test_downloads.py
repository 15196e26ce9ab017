"""Titles that an account's devices keep, on the running service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.beacons import CAUGHT_UP_SECONDS, batch
from tests.cloud import Person, RunningCloud, eventually
from tests.films import Ingested
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody

DEVICE = {"family": "shaka", "drm": "clearkey", "max_height": 1080}


def kept_on(device: SignedIn) -> list[dict[str, Any]]:
    """What the account's devices keep, as one of them sees it."""
    answer = device.ask("GET", "/downloads")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["downloads"]
    return found


@pytest.fixture
def somebody(cloud: RunningCloud, staff: Person) -> Somebody:
    """Somebody whose plan keeps titles."""
    found = Somebody(cloud).has_account()
    account_id = SignedIn(found).claims["sub"]
    staff.ask("PUT", f"/v1/accounts/{account_id}/plan", {"plan": "standard"})
    return found


def granted(device: SignedIn, film: Ingested) -> dict[str, Any]:
    """What the service answers a device that keeps a film."""

    def answered() -> dict[str, Any] | None:
        answer = device.ask("POST", "/downloads", {"title_id": film.title_id, "device": DEVICE})
        return answer.json() if answer.status_code == 200 else None

    return eventually(answered, 30, "a download, once playback has heard of the plan")


def test_a_kept_title_is_watched_twice_on_a_journey_and_the_last_place_is_told_on_return(
    somebody: Somebody, ingested: Ingested
) -> None:
    phone = SignedIn(somebody)
    ticket = granted(phone, ingested)["ticket"]

    for seconds, ago in ((9.0, timedelta(days=5)), (14.5, timedelta(days=3))):
        told = batch(ticket, (seconds, ago), kind="leave")
        assert phone.ask("POST", "/beacons", told).status_code == 200

    def place() -> float | None:
        answer = phone.ask("GET", f"/progress/{ingested.title_id}")
        return answer.json()["position_seconds"] if answer.status_code == 200 else None

    eventually(lambda: place() == 14.5, CAUGHT_UP_SECONDS, "the place of the second time")


def test_a_device_keeps_a_title_until_it_is_taken_off_the_account(
    somebody: Somebody, ingested: Ingested
) -> None:
    phone, laptop = SignedIn(somebody), SignedIn(somebody)
    grant = granted(phone, ingested)

    assert "sd.mpd" in grant["manifest_url"]
    assert grant["drm"]["licence"]["keys"]
    assert [(one["title_id"], one["is_here"]) for one in kept_on(phone)] == [
        (ingested.title_id, True)
    ]
    assert [one["is_here"] for one in kept_on(laptop)] == [False]

    laptop.ask("DELETE", f"/devices/{phone.claims['device']}")

    eventually(lambda: kept_on(laptop) == [], 30, "nothing kept on the removed device")
    renewal = phone.ask("POST", f"/downloads/{grant['download_id']}/renewal", {"device": DEVICE})
    assert renewal.status_code == 404
    asked = {"title_id": ingested.title_id, "device": DEVICE}
    again = phone.ask("POST", "/downloads", asked)
    assert (again.status_code, again.json()["code"]) == (401, "signed_out")
