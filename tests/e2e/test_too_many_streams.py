"""A household of two screens in real browsers: a third is refused, takes one over, and the first
is told why it stopped."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.axe import grave_findings
from tests.e2e.test_devices_page import signed_in
from tests.e2e.viewer import Player, Viewer
from tests.films import Ingested, run_ingest, unseen_film, until_playable
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody
from tests.integration.test_edge_access import REVOKED_WITHIN_SECONDS
from tests.integration.test_streams import DEVICE, TOLD_SECONDS

FILM_SECONDS = 75
"""More than twice what a player fetches ahead (`bufferingGoal`)."""

ONE_LINE_PIXELS = 60
"""A button of two lines is taller."""

TV = "Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) Version/8.0 TV Safari/538"


@pytest.fixture
def somebody(cloud: RunningCloud, staff: Person) -> Somebody:
    somebody = Somebody(cloud).has_account()
    owner = SignedIn(somebody)
    path = f"/v1/accounts/{owner.claims['sub']}/plan"
    assert staff.ask("PUT", path, {"plan": "standard"}).status_code == 200
    eventually(lambda: owner.listed()["limit"] == 6, TOLD_SECONDS, "places for six devices")
    return somebody


def starts(device: SignedIn, title_id: str, **more: str) -> httpx.Response:
    return device.ask("POST", "/playback/start", {"title_id": title_id, "device": DEVICE, **more})


@pytest.fixture
def tv(somebody: Somebody) -> SignedIn:
    return SignedIn(somebody, TV)


def begins(device: SignedIn, title_id: str) -> None:
    """A play, as soon as the household's plan is known."""
    eventually(lambda: starts(device, title_id).is_success, TOLD_SECONDS, "a screen", every=1)


def test_a_third_screen_is_refused_by_name_and_takes_one_over_by_remote(
    viewer: Viewer, somebody: Somebody, tv: SignedIn, titles: dict[str, str]
) -> None:
    title_id, page, phone = titles["Spectrum"], viewer.page, SignedIn(somebody)
    begins(phone, title_id)
    begins(tv, title_id)
    signed_in(viewer, somebody, "/")

    player = viewer.play(title_id)
    words = player.refusal()

    assert player.frame.get_attribute("data-error-code") == "too_many_streams"
    assert "2 screens" in words
    choices = page.get_by_role("listitem").filter(has_text="Stop and watch here")
    expect(choices).to_have_count(2)
    expect(choices.filter(has_text="Safari on TV")).to_have_count(1)
    name = tv.ask("GET", "/profiles").json()["profiles"][0]["name"]
    expect(choices.filter(has_text=name)).to_have_count(2)
    assert grave_findings(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    (box,) = {button.bounding_box()["height"] for button in choices.get_by_role("button").all()}
    assert box < ONE_LINE_PIXELS
    page.set_viewport_size({"width": 1280, "height": 720})

    # Arrows lead from the way on up to the list.
    of_tv = choices.filter(has_text="Safari on TV").get_by_role("button")
    for _ in range(6):
        if of_tv.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("ArrowUp")
    expect(of_tv).to_be_focused()
    page.keyboard.press("Enter")
    Player(viewer).start()


@pytest.fixture(scope="module")
def long_film(
    cloud: RunningCloud, member: Person, tmp_path_factory: pytest.TempPathFactory
) -> Ingested:
    """A film of which a player that has just begun holds no more than the half."""
    film = unseen_film(
        tmp_path_factory.mktemp("films") / "long.mp4", seconds=FILM_SECONDS, size="256x144"
    )
    name = f"A long one {film.stat().st_size}"
    made = Ingested(name, run_ingest(cloud.environment(), film, name))
    until_playable(member, made.title_id)
    return made


def test_a_player_whose_screen_is_taken_meets_the_deny_list_asks_why_and_says_it(
    viewer: Viewer, somebody: Somebody, tv: SignedIn, long_film: Ingested
) -> None:
    page, title_id = viewer.page, long_film.title_id
    signed_in(viewer, somebody, "/")
    with page.expect_response("**/v1/playback/start") as started:
        watching = viewer.play(title_id).start()
    watching.pause()
    segment = next(url for url, status in viewer.answers if ".cmfv" in url and status in (200, 206))

    taken = starts(tv, title_id, take_over=started.value.json()["session_id"])
    assert taken.status_code == 200, taken.text
    eventually(
        lambda: viewer.context.request.get(segment).status == 403,
        REVOKED_WITHIN_SECONDS,
        "a deny list that names the play",
    )
    page.get_by_role("slider", name="Seek").fill(str(FILM_SECONDS - 5))
    said = watching.refusal()

    assert any(".cmf" in url and status == 403 for url, status in viewer.answers)
    assert watching.frame.get_attribute("data-error-code") == "taken_over"
    assert "This play was stopped" in said
    assert "Somebody in your account started watching elsewhere" in said
    assert grave_findings(page) == []


def test_a_device_without_a_place_is_led_to_the_devices(
    viewer: Viewer, titles: dict[str, str]
) -> None:
    viewer.sign_in()
    problem = '{"code": "device_limit", "detail": "Your plan has no place for another device."}'
    viewer.page.route(
        "**/v1/playback/start",
        lambda route: route.fulfill(
            status=403, content_type="application/problem+json", body=problem
        ),
    )

    words = viewer.play(titles["Spectrum"]).refusal()

    assert "no place for this device" in words
    viewer.page.get_by_role("link", name="Your devices").click()
    viewer.page.wait_for_url(f"{viewer.cloud.web}/devices")
