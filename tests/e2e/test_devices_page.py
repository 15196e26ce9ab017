"""Somebody looks at their devices in a real browser, signs one out, and keeps two tabs open."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.cloud import RunningCloud
from tests.e2e.axe import grave_findings
from tests.e2e.remote import Remote
from tests.e2e.viewer import Viewer
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody

COPY_OF = "() => JSON.stringify({ ...sessionStorage })"
"""What a browser copies into a tab that is made by duplicating another."""


@pytest.fixture(scope="module")
def somebody(cloud: RunningCloud) -> Somebody:
    return Somebody(cloud).has_account()


def signed_in(viewer: Viewer, somebody: Somebody, path: str) -> Page:
    page = viewer.page
    viewer.open(path)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("E-mail").fill(somebody.email)
    page.get_by_label("Password").fill(somebody.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{viewer.cloud.web}{path}")
    return page


def test_a_device_is_found_renamed_and_signed_out_by_a_remote_alone(
    viewer: Viewer, somebody: Somebody
) -> None:
    tv = SignedIn(somebody, "Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) Version/8.0 TV Safari/538")
    page = signed_in(viewer, somebody, "/devices")
    rows = page.get_by_test_id("device")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("this device")
    assert grave_findings(page) == []

    remote = Remote(page)
    remote.press("ArrowDown")
    remote.search(page.get_by_role("button", name="Rename Safari on TV"))
    remote.press("Enter")
    field = page.get_by_label("Name of the device")
    expect(field).to_be_focused()
    field.fill("<b>Living room</b>")
    field.press("Enter")
    expect(page.get_by_role("heading", name="<b>Living room</b>")).to_be_visible()
    expect(page.get_by_role("button", name="Rename <b>Living room</b>")).to_be_focused()

    remote.go("ArrowRight", page.get_by_role("button", name="Sign out <b>Living room</b>"))
    remote.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    assert grave_findings(page) == []
    remote.go("ArrowRight", page.get_by_role("dialog").get_by_role("button", name="Sign out"))
    assert remote.is_seen()
    remote.press("Enter")
    expect(rows.filter(has_text="Living room")).to_contain_text("signed out")
    expect(page.get_by_role("heading", name="Devices", exact=True)).to_be_focused()

    assert tv.renewal().status_code == 400
    assert viewer.complaints == []


STEP_UP = {"code": "step_up_required", "detail": "Sign in once more to do this.", "status": 403}


def test_who_signed_in_long_ago_signs_in_again_before_a_device_is_removed(
    viewer: Viewer, somebody: Somebody
) -> None:
    SignedIn(somebody, "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")
    page = signed_in(viewer, somebody, "/devices")
    row = page.get_by_test_id("device").filter(has_text="Safari on iPad")

    def too_old(route: Route) -> None:
        route.fulfill(status=403, json=STEP_UP, content_type="application/problem+json")

    page.route("**/v1/devices/*", too_old)
    row.get_by_role("button", name=re.compile("^Remove")).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("alert")).to_contain_text("Sign in once more")
    assert grave_findings(page) == []
    page.unroute("**/v1/devices/*")
    expect(page.get_by_role("button", name="Sign in again")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/authorize?*prompt=login*")
    with page.expect_response(f"{viewer.cloud.issuer}/revoke") as given_back:
        page.get_by_label("E-mail").fill(somebody.email)
        page.get_by_label("Password").fill(somebody.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{viewer.cloud.web}/devices")
    assert given_back.value.status == 200

    row.get_by_role("button", name=re.compile("^Remove")).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_the_same_browser_is_the_same_device_and_can_sign_itself_out(
    viewer: Viewer, somebody: Somebody
) -> None:
    page = signed_in(viewer, somebody, "/devices")
    rows = page.get_by_test_id("device")
    expect(rows.first).to_contain_text("this device")
    count = rows.count()

    rows.first.get_by_role("button", name=re.compile("^Sign out")).click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    signed_in(viewer, somebody, "/devices")

    expect(rows).to_have_count(count)
    expect(rows.first).to_contain_text("this device")


def test_who_makes_room_for_their_own_device_has_the_place_then_signs_all_the_others_out(
    cloud: RunningCloud, viewer: Viewer
) -> None:
    crowded = Somebody(cloud).has_account()
    first = SignedIn(crowded)
    while first.listed()["has_room"]:
        SignedIn(crowded)
    page = signed_in(viewer, crowded, "/devices")
    this = page.get_by_test_id("device").first
    expect(this).to_contain_text("this device · without a place")

    page.get_by_role("button", name=re.compile("^Remove Firefox")).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(this).to_contain_text("this device")
    expect(this).not_to_contain_text("without a place")

    page.get_by_role("button", name="Sign out all other devices").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("All other devices were signed out.")
    expect(this).not_to_contain_text("signed out")
    assert first.renewal().status_code == 400
    page.reload()
    expect(this).to_contain_text("this device")

    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert viewer.complaints == []


def test_a_duplicated_tab_and_its_original_both_stay_signed_in(
    arrive: Callable[[], Viewer], somebody: Somebody
) -> None:
    viewer = arrive()
    original = signed_in(viewer, somebody, "/devices")
    expect(original.get_by_test_id("device").first).to_be_visible()
    copy = viewer.context.new_page()
    # Whoever has an old token is given a new one before its next request.
    copied = original.evaluate(COPY_OF)
    over = """copied => {
        for (const [name, value] of Object.entries(JSON.parse(copied))) {
            const kept = name === "marquee.tokens"
                ? JSON.stringify({ ...JSON.parse(value), expiresAt: 0 }) : value;
            sessionStorage.setItem(name, kept);
        }
    }"""
    original.evaluate(over, copied)
    copy.goto(f"{viewer.cloud.web}/nowhere")
    copy.evaluate(over, copied)

    original.reload()
    expect(original.get_by_test_id("device").first).to_be_visible()
    asked = len([1 for url, _ in viewer.answers if url.endswith("/token")])
    copy.goto(f"{viewer.cloud.web}/devices")
    expect(copy.get_by_test_id("device").first).to_be_visible()

    tokens = "() => JSON.parse(sessionStorage.getItem('marquee.tokens')).refresh"
    assert copy.evaluate(tokens) == original.evaluate(tokens)
    assert asked == 2, "once to sign in and once to renew"
    assert original.evaluate("() => JSON.stringify({ ...localStorage })").find("refresh") == -1
