"""A TV is let in from a phone, in a real browser; and what was signed out stays out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.cloud import RunningCloud
from tests.custody import claims_of
from tests.e2e.axe import grave_findings
from tests.e2e.viewer import Viewer

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Television:
    """A TV's client, without its screen."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.http = httpx.Client(base_url=cloud.issuer, timeout=30)
        form = {"client_id": "tv", "device_name": "Living room"}
        self.asked: dict[str, Any] = self.http.post("/device_authorization", data=form).json()

    def poll(self) -> dict[str, Any]:
        form = {
            "grant_type": DEVICE_GRANT,
            "device_code": self.asked["device_code"],
            "client_id": "tv",
        }
        return dict(self.http.post("/token", data=form).json())

    def renew(self, refresh_token: str) -> dict[str, Any]:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": "tv",
        }
        return dict(self.http.post("/token", data=form).json())


@contextmanager
def site_with(page: str) -> Iterator[str]:
    """Another site on this machine: Chromium keeps sites elsewhere from framing what is here."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def phone(cloud: RunningCloud, arrive_at: Callable[[RunningCloud], Viewer]) -> Viewer:
    viewer = arrive_at(cloud)
    viewer.page.set_viewport_size({"width": 360, "height": 720})
    return viewer


def test_a_tv_is_let_in_by_scanning_its_code_signing_in_and_saying_yes(
    cloud: RunningCloud, phone: Viewer
) -> None:
    tv = Television(cloud)
    page = phone.page

    page.goto(tv.asked["verification_uri_complete"])
    expect(page.get_by_label("Code")).to_have_value(tv.asked["user_code"])
    page.get_by_role("button", name="Continue").click()
    phone.fill_in()
    expect(page.get_by_role("heading", name="Let this device in?")).to_be_visible()
    expect(page.get_by_text(tv.asked["user_code"])).to_be_visible()
    expect(page.get_by_text("Living room")).to_be_visible()
    page.get_by_role("button", name="Yes").click()

    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    assert claims_of(tv.poll()["access_token"])["client_id"] == "tv"
    # It signs nobody in: it says that the account knows the browser.
    assert [each["name"] for each in phone.context.cookies(cloud.issuer)] == ["__Host-known"]
    assert phone.complaints == []


def test_a_tv_is_refused_by_keyboard_alone(cloud: RunningCloud, phone: Viewer) -> None:
    tv = Television(cloud)
    page = phone.page

    page.goto(tv.asked["verification_uri"])
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(tv.asked["user_code"].lower().replace("-", " "))
    page.keyboard.press("Enter")
    phone.fill_in()
    expect(page.get_by_role("heading", name="Let this device in?")).to_be_visible()
    refuse = page.get_by_role("button", name="No, refuse")
    expect(refuse).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(refuse).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Refused")).to_be_visible()
    assert grave_findings(page) == []
    assert tv.poll()["error"] == "access_denied"


@pytest.mark.parametrize("path", ["/device", "/authorize", "/logout"])
def test_another_site_cannot_frame_what_asks_for_a_decision(
    cloud: RunningCloud, phone: Viewer, path: str
) -> None:
    with (
        site_with(f'<iframe src="{cloud.issuer}{path}"></iframe>') as address,
        phone.page.expect_console_message(lambda said: "frame-ancestors" in said.text) as said,
    ):
        phone.page.goto(address)

    assert "violates" in said.value.text


def test_signing_out_of_the_web_app_ends_its_refresh_token(
    cloud: RunningCloud, phone: Viewer
) -> None:
    phone.sign_in()
    kept = phone.page.evaluate("sessionStorage.getItem('marquee.tokens')")
    refresh = json.loads(kept)["refresh"]

    with phone.page.expect_response(f"{cloud.issuer}/revoke") as answered:
        phone.page.get_by_role("button", name="Sign out").click()

    form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "web"}
    after = httpx.post(f"{cloud.issuer}/token", data=form, timeout=30)
    assert answered.value.status == 200
    assert (after.status_code, after.json()["error"]) == (400, "invalid_grant")
