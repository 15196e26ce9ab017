"""Intros are skipped and credits lead on to the next episode, once staff have marked them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.remote import Remote
from tests.e2e.staff_desk import Desk
from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer

PATIENCE_MS = PATIENCE_SECONDS * 1000

FOLLOWS_SECONDS = 90
"""Progress remembers a title for a minute."""


@pytest.fixture
def television(chromium: Browser, cloud: RunningCloud) -> Iterator[Viewer]:
    """A browser whose screen nothing points at."""
    size = {"width": 1280, "height": 720}
    context = chromium.new_context(viewport=size, has_touch=True, is_mobile=True)
    yield Viewer(context, cloud)
    context.close()


def test_an_intro_is_skipped_by_the_button_and_by_a_key(viewer: Viewer, marked: list[str]) -> None:
    viewer.sign_in()
    page = viewer.page
    player = viewer.play(marked[0]).start()

    page.get_by_role("button", name="Skip intro").click()

    expect(page.get_by_role("button", name="Skip intro")).not_to_be_attached()
    assert 5.9 <= player.seconds < 9
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Skip intro")).to_be_visible(timeout=PATIENCE_MS)
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Skip intro")).not_to_be_attached()
    assert player.seconds >= 5.9


def test_a_remote_has_the_offer_under_its_ok(television: Viewer, marked: list[str]) -> None:
    viewer = television
    viewer.sign_in()
    player = viewer.play(marked[0]).start()
    skip = viewer.page.get_by_role("button", name="Skip intro")
    expect(skip).to_be_focused(timeout=PATIENCE_MS)

    Remote(viewer.page).press("Enter")

    expect(skip).not_to_be_attached()
    assert player.seconds >= 5.9
    # The film reaches its credits. Back declines what would begin by itself, and it goes on.
    expect(viewer.page.get_by_role("button", name="Play next episode")).to_be_focused(
        timeout=PATIENCE_MS
    )
    Remote(viewer.page).press("Escape")
    expect(viewer.page.get_by_role("button", name="Cancel")).not_to_be_attached()
    assert marked[0] in viewer.page.url


def test_credits_that_staff_mark_finish_an_episode_and_lead_to_the_next(
    arrive: Callable[[], Viewer], staff: Person, marked: list[str]
) -> None:
    first, second = marked
    name = staff.get(f"/v1/titles/{first}")["name"]
    desk, viewer = Desk.of(arrive()), arrive()
    row = desk.row(name)
    row.get_by_text("Steps").click()
    row.get_by_role("button", name=f"Mark intro and credits of {name}").click()
    form = row.get_by_role("form", name=f"Skip markers of {name}")
    form.get_by_label("Credits begin").fill("0:05")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_text("Credits begin in the second half of a title.")
    form.get_by_label("Credits begin").fill("0:09.5")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).not_to_be_attached()

    def marked_by_staff() -> bool:
        return bool(staff.get(f"/v1/titles/{first}/markers")["credits_at_seconds"] == 9.5)

    eventually(marked_by_staff, PATIENCE_SECONDS, "the markers")

    viewer.sign_in()
    page = viewer.page
    viewer.play(first).start()
    page.get_by_role("slider", name="Seek").fill("11")
    expect(page.get_by_test_id("next-episode")).to_contain_text("S1 E2", timeout=PATIENCE_MS)
    page.keyboard.press(" ")
    viewer.open("/")

    def follows() -> bool:
        viewer.open("/")
        page.locator("main[aria-busy=false]").wait_for()
        row = page.get_by_role("region", name="Continue watching")
        return row.get_by_role("link", name=f"{name.removesuffix('1')}2").count() > 0

    eventually(follows, FOLLOWS_SECONDS, "the next episode", every=2)
    viewer.play(first).start()
    page.get_by_role("slider", name="Seek").fill("10")
    page.wait_for_url(f"**/watch/{second}", timeout=PATIENCE_MS)
    Player(viewer).start().runs_on(0.5)


def test_who_wants_the_credits_declines_and_is_asked_again_at_the_end(
    viewer: Viewer, marked: list[str]
) -> None:
    viewer.sign_in()
    page = viewer.page
    player = viewer.play(marked[0]).start()
    page.get_by_role("slider", name="Seek").fill("10")
    offer = page.get_by_test_id("next-episode")
    expect(offer).to_contain_text("in ", timeout=PATIENCE_MS)

    page.get_by_role("button", name="Cancel").click()

    expect(offer).not_to_be_attached()
    expect(player.frame).to_have_attribute("data-state", "ended", timeout=PATIENCE_MS)
    expect(offer).to_be_visible()
    expect(offer).not_to_contain_text("in ")
