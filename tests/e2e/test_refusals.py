"""What a viewer sees when they may not: words, and never a picture."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Request, Route, expect

from tests.cloud import Person
from tests.e2e.viewer import Player, Viewer


def no_frame_was_decoded(player: Player) -> bool:
    """Neither picture nor sound; the clock may have moved, as Shaka nudges what does not come."""
    facts = player.facts()
    return (facts["frames"], facts["picture"], facts["sound"]) == (0, 0, 0)


def with_header(name: str, value: str) -> Callable[[Route, Request], None]:
    """Sends a request on with another header."""

    def send(route: Route, request: Request) -> None:
        route.continue_(headers={**request.headers, name: value})

    return send


@pytest.mark.usefixtures("titles")
def test_a_wrong_password_is_said_on_the_page(viewer: Viewer) -> None:
    viewer.open()
    viewer.page.get_by_role("button", name="Sign in").click()

    viewer.fill_in("not the password")

    expect(viewer.page.get_by_role("alert")).to_contain_text("password")
    expect(viewer.page.get_by_label("Password")).to_have_value("")
    viewer.fill_in()
    viewer.page.wait_for_url(f"{viewer.cloud.web}/")
    expect(viewer.page.get_by_role("link", name="Spectrum", exact=True).last).to_be_visible()


def test_the_sign_in_page_breaks_none_of_its_own_rules(viewer: Viewer) -> None:
    viewer.open()
    viewer.page.get_by_role("button", name="Sign in").click()
    expect(viewer.page.get_by_label("E-mail")).to_be_focused()

    viewer.fill_in()
    viewer.page.wait_for_url(f"{viewer.cloud.web}/")

    assert viewer.complaints == []


def test_nobody_watches_without_signing_in(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.open(f"/watch/{titles['Spectrum']}")

    expect(viewer.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert viewer.page.locator("video").count() == 0
    assert not [url for url, _ in viewer.answers if "/v1/" in url or "/m/" in url]


def test_signing_out_leaves_nothing_to_go_back_to(viewer: Viewer) -> None:
    viewer.sign_in()

    viewer.page.get_by_role("button", name="Sign out").click()

    expect(viewer.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert viewer.page.evaluate("Object.values(sessionStorage).join('')") == ""
    viewer.page.reload()
    expect(viewer.page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_refused_licence_shows_a_sentence_and_no_frame(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    viewer.asks_for_licences()
    viewer.page.route(
        "**/licence/clearkey", lambda route: route.fulfill(status=403, body="Forbidden")
    )

    player = viewer.play(titles["Spectrum"])

    assert "The licence was refused" in player.refusal()
    assert no_frame_was_decoded(player)


def test_a_licence_token_that_was_altered_decodes_nothing(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    viewer.asks_for_licences()
    viewer.page.route(
        "**/licence/clearkey", with_header("x-marquee-licence-token", "v1.0.forged.token")
    )

    player = viewer.play(titles["Spectrum"])

    said = player.refusal()
    assert "The licence was refused" in said
    assert "The licence token is not valid." in said
    assert no_frame_was_decoded(player)


def test_another_accounts_licence_token_decodes_nothing(
    viewer: Viewer, staff: Person, titles: dict[str, str]
) -> None:
    theirs = staff.play(titles["Spectrum"]).answer["drm"]["licence_token"]
    viewer.sign_in()
    viewer.asks_for_licences()
    viewer.page.route("**/licence/clearkey", with_header("x-marquee-licence-token", theirs))

    player = viewer.play(titles["Spectrum"])

    assert "The licence was refused" in player.refusal()
    assert no_frame_was_decoded(player)


def test_a_play_that_was_ended_elsewhere_decodes_nothing(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    viewer.asks_for_licences()

    def end_first(route: Route, request: Request) -> None:
        session = request.url.partition("/licence")[0]
        token = json.loads(viewer.page.evaluate("sessionStorage['marquee.tokens']"))["access"]
        bearer = {"authorization": f"Bearer {token}"}
        assert viewer.context.request.delete(session, headers=bearer).status in (204, 404)
        route.continue_()

    viewer.page.route("**/licence/clearkey", end_first)

    player = viewer.play(titles["Spectrum"])

    assert "This play was ended on its own device." in player.refusal()
    assert no_frame_was_decoded(player)


def test_without_the_signed_cookies_no_frame_decodes(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()

    def forget(route: Route, request: Request) -> None:
        viewer.context.clear_cookies()
        headers = {name: value for name, value in request.headers.items() if name != "cookie"}
        route.continue_(headers=headers)

    viewer.page.route("**/m/**", forget)

    player = viewer.play(titles["Spectrum"])

    assert "Your permission to watch has run out" in player.refusal()
    assert no_frame_was_decoded(player)
    assert {status for url, status in viewer.answers if "/m/" in url} == {403}


def test_cookies_lost_while_watching_stop_the_film_with_words(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    # Not yet there when the picture starts.
    viewer.page.route("**/*00000003.cmf*", lambda route: route.fulfill(status=403, body=""))

    player = viewer.play(titles["Spectrum"])

    assert "Your permission to watch has run out" in player.refusal()


@pytest.mark.usefixtures("titles")
def test_a_service_out_of_reach_is_said_so(viewer: Viewer) -> None:
    viewer.sign_in()
    viewer.page.route("**/v1/titles", lambda route: route.abort())

    viewer.page.reload()

    expect(viewer.page.get_by_role("heading", name="Marquee is out of reach")).to_be_visible()
    viewer.page.unroute("**/v1/titles")
    viewer.page.get_by_role("button", name="Try again").click()
    expect(viewer.page.get_by_role("link", name="Spectrum", exact=True).last).to_be_visible()
