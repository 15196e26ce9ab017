"""Somebody's first day: an account, two steps, a TV that is let in and signed out from afar."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page, expect

from identity.oauth.qr import MODULE_PIXELS, QUIET_ZONE_MODULES
from tests.cloud import RunningCloud
from tests.custody import claims_of
from tests.e2e.axe import grave_findings
from tests.e2e.remote import Remote
from tests.e2e.test_accounts import PASSWORD, enter_code_from_mailbox, leave_for_sign_in
from tests.e2e.test_letting_a_tv_in import Television
from tests.e2e.viewer import Viewer
from tests.mailbox import await_letter, new_address
from tests.second_step import App

PHONE = {"width": 360, "height": 720}

RECOVERY_CODES = 10

FINDER_MODULES = 7
"""ISO/IEC 18004 section 6.3.3: a dark square of three, a light rim, a dark one."""


def looked_at(page: Page, name: str) -> None:
    """Everybody can use the page as it is now. `SCREENSHOTS=<folder>` keeps pictures to look at."""
    if "SCREENSHOTS" in os.environ:
        folder = Path(os.environ["SCREENSHOTS"])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=folder / f"{name}-{scheme}.png", full_page=True)
    assert grave_findings(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name


def press_on(page: Page, *texts: str) -> None:
    """Fields in the order of the page, by a remote alone, from where the page begins."""
    for number, text in enumerate(texts):
        if number:
            Remote(page).press("ArrowDown")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


def press_button(page: Page, name: str) -> None:
    """Down to a button, seen all the way, and OK."""
    remote, button = Remote(page), page.get_by_role("button", name=name)
    remote.go("ArrowDown", button)
    assert remote.is_seen()
    remote.press("Enter")


def can_be_scanned(page: Page) -> bool:
    """The picture is whole: it has all three patterns that a camera looks for, and their rims."""
    drawn = page.locator(".qr svg")
    modules = int((drawn.get_attribute("viewBox") or "").split()[-1]) // MODULE_PIXELS
    shot = Image.open(io.BytesIO(drawn.screenshot())).convert("L")
    near, far = QUIET_ZONE_MODULES, modules - QUIET_ZONE_MODULES - FINDER_MODULES

    def is_dark(column: float, row: float) -> bool:
        place = (int(column * shot.width / modules), int(row * shot.height / modules))
        return int(shot.getpixel(place)) < 128  # type: ignore[arg-type]

    return all(
        is_dark(column + 3.5, row + 3.5)
        and is_dark(column + 0.5, row + 0.5)
        and not is_dark(column + 1.5, row + 1.5)
        for column, row in ((near, near), (far, near), (near, far))
    )


def signs_up(viewer: Viewer, address: str) -> None:
    leave_for_sign_in(viewer)
    viewer.page.get_by_role("link", name="Create an account").click()
    expect(viewer.page.get_by_label("E-mail")).to_be_focused()
    press_on(viewer.page, address, PASSWORD)
    enter_code_from_mailbox(viewer, address, "Your code to create an account")
    # The code is there: on to the button, as on every page of a form.
    press_button(viewer.page, "Create account")
    viewer.page.wait_for_url(f"{viewer.cloud.web}/")


def turns_two_steps_on(viewer: Viewer, address: str) -> App:
    page = viewer.page
    page.goto(f"{viewer.cloud.issuer}/account")
    page.get_by_role("link", name="Sign in in two steps").press("Enter")
    expect(page.get_by_label("E-mail")).to_be_focused()
    looked_at(page, "two-step-1-on")
    press_on(page, address, PASSWORD)
    expect(page.get_by_role("heading", name="Set up your app")).to_be_visible()
    assert can_be_scanned(page)
    looked_at(page, "two-step-2-app")

    app = App(page.locator(".key").inner_text().replace(" ", ""))
    expect(page.get_by_label("Code from your app")).to_be_focused()
    press_on(page, app.next_code())
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    expect(page.locator(".codes li")).to_have_count(RECOVERY_CODES)
    looked_at(page, "two-step-3-recovery-codes")
    return app


def lets_in(viewer: Viewer, tv: Television, address: str, app: App) -> None:
    page = viewer.page
    page.goto(tv.asked["verification_uri_complete"])
    looked_at(page, "tv-0-code")
    press_button(page, "Continue")
    expect(page.get_by_label("E-mail")).to_be_focused()
    press_on(page, address, PASSWORD)
    expect(page.get_by_label("Code from your app")).to_be_focused()
    looked_at(page, "two-step-4-second-step")
    press_on(page, "no code")
    expect(page.get_by_role("alert")).to_contain_text("That code is not right")
    looked_at(page, "two-step-5-wrong-code")
    page.get_by_label("Code from your app").fill(app.next_code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Let this device in?")).to_be_visible()
    looked_at(page, "tv-1-let-in")
    press_button(page, "Yes")
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    looked_at(page, "tv-2-done")


def test_a_tv_that_was_let_in_is_signed_out_from_afar_and_cannot_renew(
    arrive: Callable[[], Viewer], cloud: RunningCloud
) -> None:
    address, viewer = new_address(), arrive()
    viewer.page.set_viewport_size(PHONE)
    signs_up(viewer, address)
    app = turns_two_steps_on(viewer, address)
    await_letter(cloud, address, "You sign in in two steps now")

    tv = Television(cloud)
    lets_in(viewer, tv, address, app)
    renewed = tv.renew(tv.poll()["refresh_token"])
    device = claims_of(renewed["access_token"])["device"]
    refused = httpx.delete(
        f"{cloud.web}/v1/devices/{device}",
        headers={"authorization": f"Bearer {renewed['access_token']}"},
        timeout=30,
    )
    # Whoever holds the remote has not signed in there.
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")

    page = viewer.page
    viewer.open("/devices")
    row = page.get_by_test_id("device").filter(has_text="Living room")
    expect(row).to_be_visible()
    looked_at(page, "tv-3-devices")
    row.get_by_role("button", name="Sign out Living room").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(row).to_contain_text("signed out")
    looked_at(page, "tv-4-signed-out")

    assert tv.renew(renewed["refresh_token"])["error"] == "invalid_grant"


def test_staff_without_a_second_step_are_led_to_where_they_get_one(
    arrive: Callable[[], Viewer], cloud: RunningCloud
) -> None:
    account, viewer = cloud.new_staff(with_app=False), arrive()
    page = viewer.page
    page.set_viewport_size(PHONE)
    viewer.open("/staff")
    page.get_by_role("button", name="Sign in").click()
    viewer.fill_in(account=account)

    expect(page.get_by_role("heading", name="Staff sign in in two steps")).to_be_visible()
    looked_at(page, "staff-without-second-step")
    expect(page.get_by_role("link", name="Turn two steps on")).to_have_attribute(
        "href", "/account/two-step"
    )
    page.get_by_role("link", name="Go on without staff access").click()
    viewer.fill_in(account=account)
    page.wait_for_url(f"{cloud.web}/staff")
    expect(page.get_by_role("heading", name="Upload a film")).to_have_count(0)
