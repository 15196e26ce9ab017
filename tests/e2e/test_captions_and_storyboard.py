"""Captions in the language that was chosen, and a picture of each place to seek to."""

from __future__ import annotations

import io

from PIL import Image, ImageStat
from playwright.sync_api import Locator, Route, expect

from tests.cloud import eventually
from tests.e2e.viewer import PATIENCE_SECONDS, Viewer
from tests.films import Ingested


def contrast(shown: Locator) -> float:
    """The standard deviation of what is on screen, of 255."""
    picture = Image.open(io.BytesIO(shown.screenshot())).convert("L")
    return float(ImageStat.Stat(picture).stddev[0])


def test_captions_show_in_the_language_that_is_chosen(viewer: Viewer, ingested: Ingested) -> None:
    viewer.sign_in()
    player = viewer.play(ingested.title_id).start()
    shown = viewer.page.get_by_test_id("captions")

    assert shown.inner_text() == ""
    player.choose_captions("English")
    expect(shown).to_have_text("Good evening.")
    player.choose_captions("Deutsch")
    expect(shown).to_have_text("Guten Abend.")
    player.choose_captions("Off")
    expect(shown).to_have_text("")
    assert viewer.complaints == []


def test_a_choice_of_captions_is_kept_for_the_next_film(viewer: Viewer, ingested: Ingested) -> None:
    viewer.sign_in()
    viewer.play(ingested.title_id).start().choose_captions("Deutsch")

    viewer.play(ingested.title_id).start()

    expect(viewer.page.get_by_test_id("captions")).to_have_text("Guten Abend.")


def test_a_film_goes_on_without_captions_that_do_not_come(
    viewer: Viewer, ingested: Ingested
) -> None:
    """And says so; chosen again, they are asked for again."""
    viewer.sign_in()
    player = viewer.play(ingested.title_id).start()
    player.pause()
    viewer.page.route("**/*.vtt", lambda route: route.fulfill(status=404))
    player.choose_captions("Deutsch")

    told = viewer.page.get_by_role("status").filter(has_text="captions could not be loaded")
    expect(told).to_be_visible(timeout=30_000)
    viewer.page.keyboard.press("k")
    player.runs_on(1)

    viewer.page.unroute("**/*.vtt")
    player.choose_captions("Deutsch")
    expect(viewer.page.get_by_test_id("captions")).to_have_text("Guten Abend.")
    expect(told).to_be_hidden()


def test_a_film_begins_with_captions_in_the_profiles_language_until_they_are_turned_off(
    viewer: Viewer, ingested: Ingested
) -> None:
    def all_speak_german(route: Route) -> None:
        answer = route.fetch()
        household = answer.json()
        profiles = [{**each, "language": "de"} for each in household["profiles"]]
        route.fulfill(response=answer, json={**household, "profiles": profiles})

    viewer.page.route("**/v1/profiles", all_speak_german)
    viewer.sign_in()
    expect(viewer.page.get_by_role("link", name="is watching")).to_be_visible()
    player = viewer.play(ingested.title_id).start()
    expect(viewer.page.get_by_test_id("captions")).to_have_text("Guten Abend.")

    player.choose_captions("Off")
    expect(viewer.page.get_by_test_id("captions")).to_have_text("")
    viewer.play(ingested.title_id).start()

    expect(viewer.page.get_by_test_id("captions")).to_have_text("")


def test_a_film_without_captions_offers_no_menu_of_them(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()

    viewer.play(titles["Spectrum"]).start()

    expect(viewer.page.get_by_role("button", name="Quality")).to_be_attached()
    expect(viewer.page.get_by_role("button", name="Captions")).not_to_be_attached()


def test_pointing_at_a_place_shows_its_picture(viewer: Viewer, ingested: Ingested) -> None:
    viewer.sign_in()
    player = viewer.play(ingested.title_id).start()
    thumbnail = viewer.page.get_by_test_id("thumbnail")

    player.point_at(0.1)
    expect(thumbnail).to_be_visible()
    early = thumbnail.evaluate("element => element.style.backgroundPosition")
    player.point_at(0.9)

    expect(thumbnail).not_to_have_css("background-position", early)

    def has_colours() -> bool:
        # The controls hide by themselves, and then the film is seen in its place.
        player.point_at(0.9)
        return contrast(thumbnail) > 15

    eventually(has_colours, PATIENCE_SECONDS, "more than one colour")
    assert any("_thumbnails_" in url and status == 200 for url, status in viewer.answers)


def test_the_keyboard_on_the_seek_bar_shows_the_picture_of_where_it_is(
    viewer: Viewer, ingested: Ingested
) -> None:
    viewer.sign_in()
    viewer.play(ingested.title_id).start()

    viewer.page.mouse.move(640, 300)
    viewer.page.get_by_label("Seek").focus()
    viewer.page.keyboard.press("ArrowRight")

    expect(viewer.page.get_by_test_id("thumbnail")).to_be_visible()
