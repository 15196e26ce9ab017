"""A household in front of one browser: each goes on where they were, and a child stays inside."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.cloud import RunningCloud
from tests.e2e.axe import grave_findings
from tests.e2e.remote import Remote
from tests.e2e.test_devices_page import signed_in
from tests.e2e.viewer import Viewer
from tests.integration.test_accounts import Somebody

FILM = "ttl_00000000000000000000000001"
PIN = "2580"


@pytest.fixture
def household(cloud: RunningCloud) -> Somebody:
    """An account with the one profile that it began with."""
    return Somebody(cloud).has_account()


def shelf(page: Page, title_id: str = FILM) -> None:
    """The home page shows one film, half of which the first profile has seen."""
    film = {
        "title_id": title_id,
        "kind": "film",
        "name": "Half seen",
        "duration_seconds": 60,
        "poster_url": None,
        "episode_of": None,
        "maturity": 0,
    }
    page.route("**/v1/titles", lambda route: route.fulfill(json={"titles": [film]}))


WATCH_HALF = """async titleId => {
    const { access } = JSON.parse(sessionStorage.getItem("marquee.tokens"));
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${access}` };
    const ask = (method, path, body) =>
        fetch(`/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    const device = { family: "shaka", drm: "clearkey" };
    const answer = await ask("POST", "/playback/start", { title_id: titleId, device });
    const { ticket, session_id: sessionId } = await answer.json();
    const at = new Date().toISOString();
    const beacon = { kind: "pause", at, position_seconds: 30, duration_seconds: 60 };
    const data = btoa(JSON.stringify({ ticket, sent_at: at, beacons: [beacon] }));
    await ask("POST", "/beacons", { data });
    await ask("DELETE", `/playback/sessions/${sessionId}`);
    for (let tries = 0; tries < 300; tries += 1) {
        const { progress } = await (await ask("GET", "/progress")).json();
        if (progress.some((place) => place.title_id === titleId)) return true;
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return false;
}"""


def watch_half(page: Page, title_id: str) -> None:
    """As whoever watches now, by what the player tells."""
    assert page.evaluate(WATCH_HALF, title_id)


def add_profile(page: Page, name: str) -> None:
    page.get_by_role("link", name="Add profile").click()
    page.get_by_label("Name").fill(name)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/profiles/manage")


def watch_as(page: Page, name: str) -> None:
    page.get_by_role("link", name=re.compile("^Switch profile,")).click()
    page.get_by_role("button", name=name).click()


def test_two_people_share_an_account_and_each_goes_on_where_they_were(
    viewer: Viewer, household: Somebody, titles: dict[str, str]
) -> None:
    page = viewer.page
    shelf(page, titles["Big"])
    signed_in(viewer, household, "/")
    watch_half(page, titles["Big"])
    page.reload()
    going_on = page.get_by_role("heading", name="Continue watching")
    expect(going_on).to_be_visible()

    page.get_by_role("link", name=re.compile("^Switch profile")).click()
    expect(page.get_by_role("heading", name="Who's watching?")).to_be_visible()
    assert grave_findings(page) == []
    add_profile(page, "<b>Kim</b>")
    page.get_by_role("button", name="whale").click()
    assert grave_findings(page) == []
    save(page)
    expect(page.get_by_test_id("profile")).to_have_count(2)
    assert grave_findings(page) == []
    page.get_by_role("link", name="Switch profile", exact=True).click()
    page.get_by_role("button", name="<b>Kim</b>").click()

    expect(page.get_by_role("link", name="Switch profile, <b>Kim</b> is watching")).to_be_visible()
    expect(page.get_by_role("heading", name="All titles")).to_be_visible()
    expect(going_on).not_to_be_attached()
    page.get_by_role("button", name="Sign out").click()
    # The device knows who watches: nobody is asked.
    signed_in(viewer, household, "/")
    expect(page.get_by_role("link", name="Switch profile, <b>Kim</b> is watching")).to_be_visible()
    watch_as(page, "Profile 1")
    expect(going_on).to_be_visible()
    assert viewer.complaints == []


def test_a_child_leaves_its_profile_by_a_pin_and_is_held_back_from_guessing(
    viewer: Viewer, household: Somebody
) -> None:
    page = viewer.page
    shelf(page)
    signed_in(viewer, household, "/profiles/manage")
    page.get_by_role("link", name="Edit Profile 1").click()
    page.get_by_label("PIN", exact=True).fill(PIN)
    save(page)
    add_profile(page, "Mia")
    page.get_by_role("switch", name="A child watches").click()
    expect(page.get_by_role("button", name="Everything")).not_to_be_attached()
    page.get_by_role("button", name="Up to 6").click()
    save(page)
    watch_as(page, "Mia")
    page.wait_for_url(f"{viewer.cloud.web}/")
    expect(page.get_by_role("link", name="Account")).not_to_be_attached()

    watch_as(page, "Profile 1")
    pin = page.get_by_label("Enter the PIN")
    expect(pin).to_be_focused()
    assert grave_findings(page) == []
    for guess in range(5):
        page.keyboard.type(f"{guess:04}")
        expect(page.get_by_role("alert")).to_contain_text("That PIN is not right")
        expect(pin).to_have_value("")
    page.keyboard.type(PIN)
    expect(page.get_by_role("alert")).to_contain_text(re.compile("Try again in 1[0-5] minutes"))
    page.get_by_role("button", name="Use the password instead").click()
    page.get_by_label("The account's password").fill(household.password)
    page.get_by_role("button", name="Continue").click()

    page.wait_for_url(f"{viewer.cloud.web}/")
    expect(page.get_by_role("link", name="Account")).to_be_visible()


def test_somebody_with_a_remote_chooses_who_watches_and_types_the_pin_with_arrows(
    viewer: Viewer, household: Somebody
) -> None:
    page, remote = viewer.page, Remote(viewer.page)
    shelf(page)
    signed_in(viewer, household, "/profiles/manage")
    add_profile(page, "Kim")
    remote.go("ArrowDown", page.get_by_role("switch", name="A child watches"))
    remote.go("ArrowDown", page.get_by_label("PIN"))
    page.keyboard.type("2222")
    remote.go("ArrowDown", page.get_by_role("button", name="Save"))
    remote.press("Enter")
    page.wait_for_url("**/profiles/manage")

    page.get_by_role("link", name=re.compile("^Switch profile,")).press("Enter")
    expect(page.get_by_role("button", name="Profile 1")).to_be_focused()
    remote.go("ArrowRight", page.get_by_role("button", name="Kim"))
    remote.press("Enter")
    expect(page.get_by_label("Enter the PIN")).to_be_focused()
    two = page.get_by_role("button", name="2", exact=True)
    remote.go("ArrowDown", two)
    for _ in range(4):
        remote.press("Enter")

    page.wait_for_url(f"{viewer.cloud.web}/")
    expect(page.get_by_role("link", name="Switch profile, Kim is watching")).to_be_visible()


def test_a_profile_is_deleted_once_that_is_confirmed(viewer: Viewer, household: Somebody) -> None:
    page = viewer.page
    signed_in(viewer, household, "/profiles/manage")
    add_profile(page, "Kim")
    save(page)

    page.get_by_role("link", name="Edit Kim").click()
    page.get_by_role("button", name="Delete profile").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.get_by_role("dialog").get_by_role("button", name="Delete profile").click()

    page.wait_for_url("**/profiles/manage")
    expect(page.get_by_test_id("profile")).to_have_count(1)
    page.get_by_role("link", name="Edit Profile 1").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    expect(page.get_by_role("button", name="Delete profile")).not_to_be_attached()
