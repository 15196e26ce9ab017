"""axe-core finds nothing serious on any page that a viewer can come to, in light and in dark."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.e2e.axe import grave_findings
from tests.e2e.viewer import Viewer


def show(viewer: Viewer, path: str, heading: str) -> None:
    """Open a page and wait until it says what it is."""
    viewer.open(path)
    expect(viewer.page.get_by_role("heading", name=heading)).to_be_visible()


def test_the_pages_before_sign_in(viewer: Viewer) -> None:
    show(viewer, "/", "Tonight, on your screen.")
    assert grave_findings(viewer.page) == []
    show(viewer, "/nowhere", "There is nothing at this address")
    assert grave_findings(viewer.page) == []
    show(viewer, "/callback?code=x&state=y", "You are not signed in")
    assert grave_findings(viewer.page) == []


def test_the_issuers_pages(viewer: Viewer) -> None:
    viewer.open()
    viewer.page.get_by_role("button", name="Sign in").click()
    expect(viewer.page.get_by_label("Password")).to_be_visible()
    assert grave_findings(viewer.page) == []

    viewer.fill_in("not the password")
    expect(viewer.page.get_by_role("alert")).to_be_visible()
    assert grave_findings(viewer.page) == []

    viewer.page.goto(f"{viewer.cloud.ready['issuer']}/authorize?client_id=nobody")
    expect(viewer.page.get_by_role("heading")).to_be_visible()
    assert grave_findings(viewer.page) == []


def test_the_pages_of_a_member(
    viewer: Viewer, titles: dict[str, str], series: dict[str, Any]
) -> None:
    viewer.sign_in()
    expect(viewer.page.get_by_role("link", name="Spectrum", exact=True).last).to_be_visible()
    assert grave_findings(viewer.page) == []

    show(viewer, f"/title/{titles['Spectrum']}", "Spectrum")
    assert grave_findings(viewer.page) == []
    show(viewer, f"/title/{series['title_id']}", "The Long Tide")
    assert grave_findings(viewer.page) == []
    show(viewer, "/title/ttl_00000000000000000000000000", "This title is not available")
    assert grave_findings(viewer.page) == []

    viewer.page.route("**/v1/titles", lambda route: route.abort())
    show(viewer, "/", "Marquee is out of reach")
    assert grave_findings(viewer.page) == []

    viewer.page.route("**/assets/devices-page-*.js", lambda route: route.abort())
    show(viewer, "/devices", "This page stopped working")
    assert grave_findings(viewer.page) == []


def test_the_player(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    player = viewer.play(titles["Spectrum"]).start()
    player.pause()
    assert grave_findings(viewer.page) == []

    viewer.page.get_by_role("button", name="Quality").click()
    expect(viewer.page.get_by_role("menu")).to_be_visible()
    assert grave_findings(viewer.page) == []
    viewer.page.keyboard.press("Escape")

    viewer.page.keyboard.press("?")
    expect(viewer.page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert grave_findings(viewer.page) == []

    viewer.play("ttl_00000000000000000000000000").refusal()
    assert grave_findings(viewer.page) == []
