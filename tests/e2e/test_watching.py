"""The viewer's path in a real browser: sign in, choose, watch, leave, resume elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.beacons import CAUGHT_UP_SECONDS, place
from tests.cloud import Person, eventually
from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer
from tests.films import Ingested

Arrive = Callable[[], Viewer]


def test_a_member_signs_in_chooses_a_title_and_watches_it(viewer: Viewer) -> None:
    viewer.sign_in()
    viewer.page.get_by_role("link", name="Big Buck Bunny, an excerpt", exact=True).last.click()
    expect(viewer.page.get_by_role("heading", name="Big Buck Bunny, an excerpt")).to_be_visible()
    viewer.page.get_by_role("link", name="Play").or_(
        viewer.page.get_by_role("link", name="Resume")
    ).click()

    player = Player(viewer).start()
    player.runs_on(2.0)

    facts = player.facts()
    assert facts["encrypted"]
    assert facts["sound"] > 0
    assert any(url.endswith(".mpd") and status == 200 for url, status in viewer.answers)
    assert not any("/licence/clearkey" in url for url, _ in viewer.answers), "the start brought it"


def test_a_player_that_asks_for_its_licence_plays_as_well(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    viewer.asks_for_licences()

    viewer.play(titles["Spectrum"]).start().runs_on(1.0)

    assert any("/licence/clearkey" in url and status == 200 for url, status in viewer.answers)


def test_what_is_on_screen_is_the_film(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()

    player = viewer.play(titles["Big"]).start()
    player.runs_on(1.0)

    picture = player.picture()
    assert picture.mean[0] > 20, "black"
    assert picture.stddev[0] > 15, "one colour"


def test_a_film_that_was_just_ingested_plays(viewer: Viewer, ingested: Ingested) -> None:
    viewer.sign_in()

    player = viewer.play(ingested.title_id).start()
    player.runs_on(2.0)

    assert player.picture().stddev[0] > 15


def test_nothing_is_complained_about_from_sign_in_to_watching(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()

    viewer.play(titles["Spectrum"]).start().runs_on(1.0)

    assert viewer.complaints == []
    assert [
        answer for answer in viewer.answers if answer[1] >= 400 and "/v1/progress/" not in answer[0]
    ] == []


def test_the_quality_menu_changes_the_picture(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    player = viewer.play(titles["Spectrum"]).start()
    other = 144 if player.facts()["height"] != 144 else 360

    player.choose_quality(f"{other}p")

    expect(player.frame).to_have_attribute(
        "data-height", str(other), timeout=PATIENCE_SECONDS * 1000
    )
    player.runs_on(1.0)


def test_seeking_goes_on_from_there(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    player = viewer.play(titles["Spectrum"]).start()

    viewer.page.get_by_role("slider", name="Seek").fill("15")
    eventually(lambda: player.seconds >= 15, PATIENCE_SECONDS, "the new place")

    player.runs_on(1.0)
    assert player.seconds < 22


def test_another_browser_resumes_where_this_one_paused(
    arrive: Arrive, member: Person, titles: dict[str, str]
) -> None:
    title = titles["Spectrum"]
    here = arrive()
    here.sign_in()
    player = here.play(title).start()
    here.page.get_by_role("slider", name="Seek").fill("12")
    eventually(lambda: player.seconds > 12.5, PATIENCE_SECONDS, "the new place")
    stopped_at = player.pause()
    eventually(
        lambda: abs((place(member, title) or 0) - stopped_at) < 0.2,
        CAUGHT_UP_SECONDS,
        "a kept place",
    )

    there = arrive()
    there.sign_in()
    there.page.get_by_role("link", name="Resume Spectrum").click()
    resumed = Player(there).start()

    # Three seconds again, so that the scene makes sense.
    assert stopped_at - 3.2 <= resumed.seconds <= stopped_at + 3


def test_leaving_the_page_keeps_the_place(
    viewer: Viewer, member: Person, titles: dict[str, str]
) -> None:
    title = titles["Big"]
    viewer.sign_in()
    player = viewer.play(title).start()
    viewer.page.get_by_role("slider", name="Seek").fill("6")
    eventually(lambda: player.seconds > 6.5, PATIENCE_SECONDS, "the new place")

    viewer.page.goto("about:blank")

    eventually(
        lambda: 6 < (place(member, title) or 0) < 12,
        CAUGHT_UP_SECONDS,
        "a kept place",
    )


def test_the_end_of_a_film_is_its_end(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    player = viewer.play(titles["Big"]).start()

    viewer.page.get_by_role("slider", name="Seek").fill("14")

    expect(player.frame).to_have_attribute("data-state", "ended", timeout=PATIENCE_SECONDS * 1000)


@pytest.mark.parametrize("path", ["/nowhere", "/watch/", "/title/a/b"])
def test_an_unknown_address_says_so_and_leads_back(viewer: Viewer, path: str) -> None:
    viewer.open(path)

    expect(
        viewer.page.get_by_role("heading", name="There is nothing at this address")
    ).to_be_visible()
    expect(viewer.page.get_by_role("link", name="Back to titles")).to_be_visible()


def test_an_unknown_title_says_so(viewer: Viewer) -> None:
    viewer.sign_in()

    viewer.open("/title/ttl_00000000000000000000000000")

    expect(viewer.page.get_by_role("heading", name="This title is not available")).to_be_visible()
