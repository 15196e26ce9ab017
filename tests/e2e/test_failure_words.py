"""Each way in which a play can fail has its own words, and the way on that helps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer

SEGMENT_AHEAD = "**/*00000003.cmf*"
"""Not yet there when the picture starts."""


def said(player: Player) -> tuple[str | None, str]:
    """The code and the words of a refusal."""
    words = player.refusal()
    return player.frame.get_attribute("data-error-code"), words


def answer(status: int, problem: str) -> Callable[[Route], None]:
    """Answers a request in the API's stead."""
    return lambda route: route.fulfill(
        status=status, content_type="application/problem+json", body=problem
    )


def offers_to_try_again(viewer: Viewer) -> bool:
    expect(viewer.page.get_by_role("link", name="Back to titles")).to_be_visible()
    return viewer.page.get_by_role("button", name="Try again").count() == 1


def test_a_part_that_is_missing_everywhere_is_said_to_be_missing(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    viewer.page.route(SEGMENT_AHEAD, lambda route: route.fulfill(status=404, body=""))

    code, words = said(viewer.play(titles["Spectrum"]))

    assert code == "1001"
    assert "A part of this film is missing" in words
    assert offers_to_try_again(viewer)


def test_what_other_renditions_have_stops_nothing(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    all_but_the_lowest = re.compile(r"_(240|360)p_00000000[2-9]\.cmfv")
    viewer.page.route(all_but_the_lowest, lambda route: route.fulfill(status=404, body=""))

    player = viewer.play(titles["Spectrum"]).start()
    viewer.page.get_by_role("slider", name="Seek").fill("11")

    player.runs_on(4.0)
    assert player.state == "playing"
    assert any(status == 404 and all_but_the_lowest.search(url) for url, status in viewer.answers)


def test_a_lost_network_is_said_and_the_film_goes_on_when_it_is_back(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()

    def cut(route: Route) -> None:
        viewer.context.set_offline(True)
        route.abort("internetdisconnected")

    viewer.page.route(SEGMENT_AHEAD, cut)
    player = viewer.play(titles["Spectrum"])
    _, words = said(player)
    assert "The connection was lost" in words
    assert "Check your network." in words

    viewer.page.unroute(SEGMENT_AHEAD)
    viewer.context.set_offline(False)

    expect(player.frame).to_have_attribute("data-state", "playing", timeout=PATIENCE_SECONDS * 1000)


def test_a_browser_without_media_source_is_told_which_ones_have_it(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.context.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource")
    viewer.sign_in()

    code, words = said(viewer.play(titles["Spectrum"]))

    assert code == "unsupported_browser"
    assert "Use a current version of Chrome, Edge or Firefox." in words
    assert not offers_to_try_again(viewer)


def test_a_title_that_is_gone_is_not_offered_again(viewer: Viewer) -> None:
    viewer.sign_in()

    code, words = said(viewer.play("ttl_00000000000000000000000000"))

    assert code == "title_not_found"
    assert "This title is not available" in words
    assert not offers_to_try_again(viewer)


REFUSALS = [
    ("not_in_your_country", "Not available where you are", False),
    ("account_blocked", "Your account cannot play titles", False),
    ("keys_not_ready", "Almost ready", True),
]


def test_a_refusal_is_told_in_the_services_sentence_under_a_title_of_its_own(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    for code, title, can_retry in REFUSALS:
        problem = json.dumps({"code": code, "detail": "The service says why."})
        viewer.page.unroute_all()
        viewer.page.route("**/v1/playback/start", answer(403, problem))

        shown, words = said(viewer.play(titles["Spectrum"]))

        assert shown == code
        assert title in words
        assert "The service says why." in words
        assert offers_to_try_again(viewer) == can_retry
