"""Titles that an account's devices keep, on the running service."""

from __future__ import annotations

from typing import Any

import pytest

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


@pytest.fixture(scope="module")
def somebody(cloud: RunningCloud, staff: Person) -> Somebody:
    """Somebody whose plan keeps titles."""
    found = Somebody(cloud).has_account()
    account_id = SignedIn(found).claims["sub"]
    staff.ask("PUT", f"/v1/accounts/{account_id}/plan", {"plan": "standard"})
    return found


def test_a_device_keeps_a_title_until_it_is_taken_off_the_account(
    somebody: Somebody, ingested: Ingested
) -> None:
    phone, laptop = SignedIn(somebody), SignedIn(somebody)
    asked = {"title_id": ingested.title_id, "device": DEVICE}

    def granted() -> dict[str, Any] | None:
        answer = phone.ask("POST", "/downloads", asked)
        return answer.json() if answer.status_code == 200 else None

    grant = eventually(granted, 30, "a download, once playback has heard of the plan")

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
    again = phone.ask("POST", "/downloads", asked)
    assert (again.status_code, again.json()["code"]) == (401, "signed_out")
