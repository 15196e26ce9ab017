"""A household of two screens in real browsers: a third is refused, takes one over, and the first
is told why it stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.axe import grave_findings
from tests.e2e.test_devices_page import signed_in
from tests.e2e.viewer import Player, Viewer
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody
from tests.integration.test_streams import DEVICE, TOLD_SECONDS

ONE_LINE_PIXELS = 60
"""A button of two lines is taller."""

TV = "Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) Version/8.0 TV Safari/538"


@pytest.fixture(scope="module")
def somebody(cloud: RunningCloud, staff: Person) -> Somebody:
    somebody = Somebody(cloud).has_account()
    owner = SignedIn(somebody)
    path = f"/v1/accounts/{owner.claims['sub']}/plan"
    assert staff.ask("PUT", path, {"plan": "standard"}).status_code == 200
    eventually(lambda: owner.listed()["limit"] == 6, TOLD_SECONDS, "places for six devices")
    return somebody


def refused_by_the_edge(route: Route) -> None:
    """As CloudFront answers once a play is on the deny list."""
    route.fulfill(
        status=403, content_type="text/xml", body="<Error><Code>AccessDenied</Code></Error>"
    )


def test_a_third_screen_is_refused_takes_one_over_and_the_first_is_told_why(
    arrive: Callable[[], Viewer], somebody: Somebody, titles: dict[str, str]
) -> None:
    title_id = titles["Spectrum"]
    first, third, tv = arrive(), arrive(), SignedIn(somebody, TV)
    signed_in(third, somebody, "/")
    signed_in(first, somebody, "/")
    watching = first.play(title_id).start()

    def on_tv() -> bool:
        body = {"title_id": title_id, "device": DEVICE}
        return bool(tv.ask("POST", "/playback/start", body).is_success)

    eventually(on_tv, TOLD_SECONDS, "a second screen", every=1)

    player = third.play(title_id)
    words = player.refusal()

    assert player.frame.get_attribute("data-error-code") == "too_many_streams"
    assert "2 screens" in words
    choices = third.page.get_by_role("listitem").filter(has_text="Stop and watch here")
    expect(choices).to_have_count(2)
    expect(choices.filter(has_text="Safari on TV")).to_have_count(1)
    assert grave_findings(third.page) == []
    third.page.set_viewport_size({"width": 360, "height": 740})
    (box,) = {button.bounding_box()["height"] for button in choices.get_by_role("button").all()}
    assert box < ONE_LINE_PIXELS
    third.page.set_viewport_size({"width": 1280, "height": 720})

    # By a remote: arrows lead from the way back up to the list.
    theirs = choices.filter(has_not_text="Safari on TV").get_by_role("button")
    for _ in range(6):
        if theirs.evaluate("button => button === document.activeElement"):
            break
        third.page.keyboard.press("ArrowUp")
    expect(theirs).to_be_focused()
    third.page.keyboard.press("Enter")
    Player(third).start()

    first.page.route("**/*.cmf*", refused_by_the_edge)
    heights = watching.qualities()
    first.page.keyboard.press("Escape")
    watching.choose_quality(
        next(name for name in heights if name != f"{watching.facts()['height']}p")
    )
    said = watching.refusal()

    assert watching.frame.get_attribute("data-error-code") == "taken_over"
    assert "This play was stopped" in said
    assert "Somebody in your account started watching elsewhere" in said
    assert grave_findings(first.page) == []


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
