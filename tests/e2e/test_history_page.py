"""Somebody looks at what they have watched in a real browser, and takes it out by keyboard."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.beacons import CAUGHT_UP_SECONDS
from tests.cloud import RunningCloud, eventually
from tests.e2e.axe import grave_findings
from tests.e2e.test_devices_page import signed_in
from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer
from tests.integration.test_accounts import Somebody

DESK = ViewportSize(width=1280, height=720)
PHONE = ViewportSize(width=360, height=740)

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def somebody(cloud: RunningCloud) -> Somebody:
    return Somebody(cloud).has_account()


def test_what_was_watched_stands_in_the_history_until_it_is_taken_out(
    viewer: Viewer, somebody: Somebody, titles: dict[str, str]
) -> None:
    page = signed_in(viewer, somebody, "/history")
    expect(page.get_by_role("heading", name="Nothing watched yet")).to_be_visible()
    assert grave_findings(page) == []
    for name, seconds in (("Spectrum", "12"), ("Big", "6")):
        player = viewer.play(titles[name]).start()
        page.get_by_role("slider", name="Seek").fill(seconds)
        eventually(partial(_is_past, player, float(seconds)), PATIENCE_SECONDS, "the new place")
        player.pause()
    viewer.open()
    expect(page.get_by_role("link", name="Resume Big Buck Bunny, an excerpt")).to_be_visible()

    page.get_by_role("link", name="What you have watched").click()

    rows = page.get_by_test_id("watched")
    eventually(lambda: _reloaded(viewer) == 2, CAUGHT_UP_SECONDS, "both films", every=1)
    expect(rows.first).to_contain_text("Big Buck Bunny")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert page.evaluate(TOO_WIDE) <= 0
        assert grave_findings(page) == []

    page.get_by_role("button", name="Remove Big Buck Bunny").press("Enter")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("heading", name="History", exact=True)).to_be_focused()
    page.get_by_role("button", name="Clear history").press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    assert grave_findings(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Clear history").press("Enter")
    expect(page.get_by_role("heading", name="Nothing watched yet")).to_be_visible()

    viewer.open()
    expect(page.get_by_role("link", name="Spectrum", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Continue watching")).to_have_count(0)
    assert viewer.play(titles["Spectrum"], from_start=False).start().seconds < 5


def _is_past(player: Player, seconds: float) -> bool:
    return player.seconds > seconds + 0.2


def _reloaded(viewer: Viewer) -> int:
    """How many rows there are by now: the last beacon is still on its way."""
    viewer.open("/history")
    expect(viewer.page.get_by_role("heading", name="History", exact=True)).to_be_visible()
    viewer.page.locator("main[aria-busy=false]").wait_for()
    return viewer.page.get_by_test_id("watched").count()


def test_a_history_that_cannot_be_had_says_so_and_asks_again(
    viewer: Viewer, somebody: Somebody
) -> None:
    page = signed_in(viewer, somebody, "/")
    page.route("**/v1/history", lambda route: route.abort())
    viewer.open("/history")
    expect(page.get_by_role("heading", name="Marquee is out of reach")).to_be_visible()
    assert grave_findings(page) == []

    page.unroute("**/v1/history")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
