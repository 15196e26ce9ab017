"""What a tab keeps to stay signed in is worth nothing anywhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.cloud import RunningCloud
from tests.e2e.viewer import EXPIRE, Viewer
from tests.proving import DeviceKey

Arrive = Callable[[], Viewer]

RENEWED = """before => JSON.parse(sessionStorage.getItem("marquee.tokens")).refresh !== before"""

PRIVATE_KEY = """async () => {
    const opening = indexedDB.open("marquee-sign-in");
    const database = await new Promise((resolve) => {
        opening.onsuccess = () => resolve(opening.result);
    });
    const asking = database.transaction("keys").objectStore("keys").get("proving");
    const { privateKey } = await new Promise((resolve) => {
        asking.onsuccess = () => resolve(asking.result);
    });
    const formats = ["jwk", "pkcs8"];
    return Promise.all(formats.map((each) => crypto.subtle.exportKey(each, privateKey).then(
        () => "read", (error) => error.name,
    )));
}"""


def refresh_token(page: Page) -> str:
    kept = json.loads(page.evaluate("sessionStorage.getItem('marquee.tokens')"))
    return str(kept["refresh"])


def renew(page: Page) -> None:
    """The page's access token is over, and it asks for something."""
    before = refresh_token(page)
    page.evaluate(EXPIRE)
    page.reload()
    page.wait_for_function(RENEWED, arg=before)


def renewed_elsewhere(
    cloud: RunningCloud, token: str, proof: str | None = None
) -> tuple[int, dict[str, Any]]:
    """What somebody is answered who has nothing but the token, and perhaps a key of their own."""
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "web"}
    headers = {} if proof is None else {"dpop": proof}
    answer = httpx.post(f"{cloud.issuer}/token", data=form, headers=headers, timeout=30)
    return answer.status_code, answer.json()


def asked_for_tokens(viewer: Viewer) -> list[int]:
    return [status for url, status in viewer.answers if url == f"{viewer.cloud.issuer}/token"]


def test_a_refresh_token_that_was_copied_out_of_a_tab_is_refused_elsewhere(
    viewer: Viewer,
) -> None:
    cloud = viewer.cloud
    viewer.sign_in()
    copied = refresh_token(viewer.page)

    bare = renewed_elsewhere(cloud, copied)
    proof = DeviceKey().proof(f"{cloud.issuer}/token", datetime.now(UTC))
    with_a_key = renewed_elsewhere(cloud, copied, proof)

    assert (bare[0], bare[1]["error"]) == (400, "invalid_dpop_proof")
    assert (with_a_key[0], with_a_key[1]["error"]) == (400, "invalid_grant")
    renew(viewer.page)
    assert asked_for_tokens(viewer) == [200, 200], "its owner goes on"


def test_no_script_can_read_the_key(viewer: Viewer) -> None:
    viewer.sign_in()

    assert viewer.page.evaluate(PRIVATE_KEY) == ["InvalidAccessError", "InvalidAccessError"]


def test_a_browser_that_keeps_no_key_signs_in_and_stays_signed_in(viewer: Viewer) -> None:
    viewer.context.add_init_script(
        "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no'); } })"
    )
    viewer.sign_in()

    renew(viewer.page)

    assert asked_for_tokens(viewer) == [200, 200]
    assert renewed_elsewhere(viewer.cloud, refresh_token(viewer.page))[0] == 200, "it is unbound"


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_is_wrong_keeps_nobody_out(arrive: Arrive, minutes: int) -> None:
    viewer = arrive()
    viewer.page.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=minutes))

    viewer.sign_in()

    expect(viewer.page.get_by_role("button", name="Sign out")).to_be_visible()
    assert asked_for_tokens(viewer) == [400, 200], "told the time, and believed"


def test_all_requests_of_a_page_that_find_a_token_over_wait_for_one_renewal(
    viewer: Viewer,
) -> None:
    viewer.sign_in()
    viewer.page.evaluate(EXPIRE)

    viewer.open("/devices")
    expect(viewer.page.get_by_test_id("device").first).to_be_visible()

    assert asked_for_tokens(viewer) == [200, 200]
