"""A series in a real browser: found as one, played episode by episode, gone on with later."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer

PATIENCE_MILLISECONDS = PATIENCE_SECONDS * 1000

Document = dict[str, Any]


@pytest.fixture
def ids(series: Document) -> list[str]:
    """Title ids of its episodes."""
    return [episode["title_id"] for episode in series["seasons"][0]["episodes"]]


def test_a_viewer_opens_a_series_plays_an_episode_with_captions_and_the_next_one_follows(
    viewer: Viewer, series: Document, ids: list[str]
) -> None:
    viewer.sign_in()
    page = viewer.page

    everything = page.get_by_role("region", name="All titles")
    expect(everything.get_by_role("link", name="Low Water")).not_to_be_attached()
    everything.get_by_role("link", name=series["name"], exact=True).click()
    episodes = page.get_by_role("region", name="Season 1").get_by_role("listitem")
    expect(episodes).to_have_count(3)
    episodes.first.get_by_role("link").click()

    player = Player(viewer).start()
    expect(page).to_have_title(re.compile(r"The Long Tide · S1 E1 · Low Water"))
    player.choose_captions("English")
    page.get_by_role("slider", name="Seek").fill("25")
    expect(page.get_by_test_id("captions")).to_have_text("One for the water.")

    page.get_by_role("slider", name="Seek").fill("36")
    expect(page.get_by_test_id("next-episode")).to_contain_text("S1 E2 · The Light on the Point")
    # Nobody does anything.
    page.wait_for_url(f"**/watch/{ids[1]}", timeout=PATIENCE_MILLISECONDS)
    player.start().runs_on(1.0)
    # However late they are read.
    player.pause()
    page.get_by_role("slider", name="Seek").fill("2")
    expect(page.get_by_test_id("captions")).to_have_text("Who lit the lamp?")
    assert player.facts()["encrypted"]


def test_going_on_can_be_declined_and_chosen_later_without_leaving_full_screen(
    viewer: Viewer, ids: list[str]
) -> None:
    viewer.sign_in()
    page = viewer.page
    player = viewer.play(ids[1]).start()
    page.get_by_role("button", name="Full screen").click()
    page.get_by_role("slider", name="Seek").fill("36")
    expect(page.get_by_test_id("next-episode")).to_be_visible(timeout=PATIENCE_MILLISECONDS)

    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_test_id("next-episode")).not_to_contain_text("in ")
    page.get_by_role("button", name="Play next episode").click()

    page.wait_for_url(f"**/watch/{ids[2]}")
    player.start().runs_on(1.0)
    assert page.evaluate("document.fullscreenElement !== null")


def test_after_the_last_episode_nothing_is_offered(viewer: Viewer, ids: list[str]) -> None:
    viewer.sign_in()
    player = viewer.play(ids[2]).start()

    with viewer.page.expect_response("**/v1/titles/srs_*"):
        viewer.page.get_by_role("slider", name="Seek").fill("36")

    expect(player.frame).to_have_attribute("data-state", "ended", timeout=PATIENCE_MILLISECONDS)
    expect(viewer.page.get_by_test_id("next-episode")).not_to_be_attached()


def test_an_episode_that_was_left_is_resumed_from_home_and_from_its_series(
    viewer: Viewer, series: Document, ids: list[str]
) -> None:
    viewer.sign_in()
    page = viewer.page
    player = viewer.play(ids[1]).start()
    page.get_by_role("slider", name="Seek").fill("20")
    player.runs_on(0.5)
    player.pause()

    viewer.open("/")
    card = (
        page.get_by_role("region", name="Continue watching")
        .get_by_role("listitem")
        .filter(has=page.get_by_role("link", name="Resume The Light on the Point"))
    )
    expect(card).to_contain_text("The Long Tide S1 E2")

    viewer.open(f"/title/{ids[1]}")
    page.get_by_role("link", name=series["name"]).click()
    expect(page.get_by_role("heading", name=series["name"], level=1)).to_be_visible()
    page.get_by_role("link", name="Resume S1 E2").click()
    assert Player(viewer).start().seconds > 15
