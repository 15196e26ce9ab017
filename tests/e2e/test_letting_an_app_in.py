"""Somebody else's app is let in, and stopped again, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.cloud import RunningCloud
from tests.e2e.axe import grave_findings
from tests.e2e.conftest import ACTION_MILLISECONDS, launched
from tests.e2e.remote import Remote
from tests.e2e.viewer import Viewer

HOST = "localhost:43299"
"""Where the app says that it lives; on this machine, wherever there is room."""

REDIRECT = f"http://{HOST}/callback"
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
ASKED = {
    "response_type": "code",
    "client_id": "film-club",
    "redirect_uri": REDIRECT,
    "scope": "openid email member",
    "state": "a-state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def heard(viewer: Viewer) -> dict[str, str]:
    """What the app's address is told."""
    viewer.page.wait_for_url(f"{REDIRECT}**")
    query = parse_qs(urlsplit(viewer.page.url).query)
    return {name: values[0] for name, values in query.items()}


def ask(viewer: Viewer, **changes: str) -> None:
    viewer.page.goto(f"{viewer.cloud.issuer}/authorize?{urlencode({**ASKED, **changes})}")
    viewer.fill_in()


class FilmClub(BaseHTTPRequestHandler):
    """The app at the other end: a redirect after a form is nothing that a test can intercept."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b'<title>Film Club</title><link rel="icon" href="data:,">')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def film_club(
    chromium: Browser, playwright_of: Playwright, cloud: RunningCloud
) -> Iterator[Viewer]:
    """Somebody at the app, on a phone."""
    del chromium
    server = ThreadingHTTPServer(("127.0.0.1", 0), FilmClub)
    Thread(target=server.serve_forever, daemon=True).start()
    leads = f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{server.server_port}"
    browser = launched(playwright_of, leads)
    context = browser.new_context(viewport={"width": 360, "height": 640})
    context.set_default_timeout(ACTION_MILLISECONDS)
    yield Viewer(context, cloud)
    browser.close()
    server.shutdown()
    server.server_close()


def exchange(cloud: RunningCloud, code: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "film-club",
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return httpx.post(f"{cloud.issuer}/token", data=form, timeout=30)


def test_an_app_is_refused_let_in_remembered_and_stopped(
    film_club: Viewer, cloud: RunningCloud
) -> None:
    page = film_club.page

    ask(film_club, prompt="consent")
    expect(page.get_by_role("heading", name="Let Film Club use your account?")).to_be_visible()
    assert grave_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Do not allow").click()
    assert heard(film_club)["error"] == "access_denied"

    ask(film_club, prompt="consent")
    remote, allow = Remote(page), page.get_by_role("button", name="Allow", exact=True)
    expect(allow).to_be_visible()
    remote.press("ArrowDown")
    expect(allow).to_be_focused()
    remote.press("ArrowRight")
    expect(page.get_by_role("button", name="Do not allow")).to_be_focused()
    remote.press("ArrowLeft")
    expect(allow).to_be_focused()
    assert remote.is_seen()
    remote.press("Enter")
    told = heard(film_club)
    assert told["state"] == "a-state"
    tokens = exchange(cloud, told["code"]).json()
    assert tokens["scope"] == "openid email member"

    ask(film_club)
    assert "code" in heard(film_club), "what was allowed is not asked again"

    page.goto(f"{cloud.issuer}/account/apps")
    account = cloud.ready["accounts"]["member"]
    page.get_by_label("E-mail").fill(account["email"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Film Club")).to_be_visible()
    assert grave_findings(page) == []
    page.get_by_role("button", name="Stop Film Club").click()
    expect(page.get_by_text("No app but ours may use your account.")).to_be_visible()

    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": "film-club",
    }
    ended = httpx.post(f"{cloud.issuer}/token", data=refresh, timeout=30)
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant")
    assert film_club.complaints == []
