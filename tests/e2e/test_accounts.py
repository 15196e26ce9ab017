"""Somebody without an account gets one, watches, forgets the password and takes a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.cloud import ROOT, RunningCloud
from tests.e2e.axe import grave_findings
from tests.e2e.viewer import EXPIRE, Viewer
from tests.mailbox import await_letter, code_in, new_address

Arrive = Callable[[], Viewer]

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"

PASSWORD = "a staple of batteries"
CHOSEN = "another staple of batteries"


def leave_for_sign_in(viewer: Viewer) -> None:
    viewer.open("/")
    viewer.page.get_by_role("button", name="Sign in").click()


def enter_code_from_mailbox(viewer: Viewer, address: str, subject: str) -> None:
    """As a person does it: another tab, the newest message, the code in it."""
    await_letter(viewer.cloud, address, subject)
    mailbox = viewer.context.new_page()
    mailbox.goto(viewer.cloud.ready["mailbox"])
    mailbox.get_by_role("row", name=address).get_by_role("link", name=subject).first.click()
    letter = mailbox.frame_locator("iframe")
    code = letter.locator(".code").inner_text()
    assert code == code_in(await_letter(viewer.cloud, address, subject))
    mailbox.close()
    assert grave_findings(viewer.page) == []
    viewer.page.get_by_label("Code").fill(code)


def test_somebody_signs_up_watches_and_chooses_a_new_password(
    arrive: Arrive, cloud: RunningCloud, titles: dict[str, str]
) -> None:
    address = new_address()
    viewer = arrive()
    leave_for_sign_in(viewer)
    viewer.page.get_by_role("link", name="Create an account").click()
    expect(viewer.page.get_by_label("E-mail")).to_be_focused()
    viewer.page.keyboard.type(address)
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.type(PASSWORD)
    viewer.page.keyboard.press("Enter")
    enter_code_from_mailbox(viewer, address, "Your code to create an account")
    viewer.page.get_by_role("button", name="Create account").click()
    viewer.page.wait_for_url(f"{cloud.web}/")

    viewer.play(titles["Spectrum"]).start().runs_on(1.0)
    assert viewer.complaints == []

    elsewhere = arrive()
    leave_for_sign_in(elsewhere)
    elsewhere.page.get_by_role("link", name="Forgot your password?").click()
    elsewhere.page.get_by_label("E-mail").fill(address)
    elsewhere.page.get_by_role("button", name="Send the code").click()
    enter_code_from_mailbox(elsewhere, address, "Your code to choose a new password")
    elsewhere.page.get_by_label("New password").fill(CHOSEN)
    elsewhere.page.get_by_role("button", name="Change password").click()
    elsewhere.page.get_by_label("E-mail").fill(address)
    elsewhere.page.get_by_label("Password").fill(CHOSEN)
    elsewhere.page.get_by_role("button", name="Sign in").click()
    elsewhere.page.wait_for_url(f"{cloud.web}/")

    assert renewed_in(viewer) == 400
    assert renewed_in(elsewhere) == 200

    elsewhere.page.goto(f"{cloud.issuer}/account/email")
    elsewhere.page.get_by_label("Current e-mail").fill(address)
    elsewhere.page.get_by_label("Password").fill(CHOSEN)
    elsewhere.page.get_by_label("New e-mail").fill(new_address())
    elsewhere.page.get_by_role("button", name="Continue").click()
    expect(elsewhere.page.get_by_role("heading", name="Confirm your new address")).to_be_visible()
    assert grave_findings(elsewhere.page) == []


ACCOUNT_PAGES = (
    *("", "/password", "/email", "/passkeys", "/apps", "/export", "/delete"),
    *("/two-step", "/two-step/off", "/recovery-codes"),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_account_pages_can_be_used_by_everybody(
    chromium: Browser, cloud: RunningCloud, scheme: Literal["light", "dark"]
) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 640}, color_scheme=scheme)
    for address in ("/sign-up", "/forgot-password", *(f"/account{one}" for one in ACCOUNT_PAGES)):
        page.goto(f"{cloud.issuer}{address}")
        page.evaluate(AXE.read_text())

        found = page.evaluate("axe.run().then((results) => results.violations)")

        assert found == [], (address, found)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, address
    page.close()


def renewed_in(viewer: Viewer) -> int:
    """What the token endpoint answers a browser's tab whose access token is over."""
    viewer.page.evaluate(EXPIRE)
    with viewer.page.expect_response(f"{viewer.cloud.issuer}/token") as answered:
        viewer.page.reload()
    status: int = answered.value.status
    return status
