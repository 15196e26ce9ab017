"""Somebody with an age limit at a film that is above it, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.axe import grave_findings
from tests.e2e.test_devices_page import signed_in
from tests.e2e.test_profiles_page import PIN, add_profile, save, watch_as
from tests.e2e.viewer import Player, Viewer
from tests.films import Ingested
from tests.integration.test_accounts import Somebody


def test_the_film_plays_on_once_the_pin_is_entered_and_a_child_is_sent_away(
    viewer: Viewer, ingested: Ingested
) -> None:
    household, page = Somebody(viewer.cloud).has_account(), viewer.page
    signed_in(viewer, household, "/profiles/manage")
    page.get_by_role("link", name="Edit Profile 1").click()
    page.get_by_label("PIN", exact=True).fill(PIN)
    save(page)
    add_profile(page, "Ben")
    page.get_by_role("button", name="Up to 16").click()
    save(page)
    add_profile(page, "Mia")
    page.get_by_role("switch", name="A child watches").click()
    save(page)
    watch_as(page, "Ben")
    page.wait_for_url(f"{viewer.cloud.web}/")

    viewer.open(f"/title/{ingested.title_id}")
    expect(page.get_by_role("heading", name="A PIN opens this title")).to_be_visible()
    page.get_by_role("link", name="Enter the PIN").click()
    expect(page.get_by_label("Enter the PIN")).to_be_focused()
    assert grave_findings(page) == []
    page.keyboard.type(PIN)
    Player(viewer).start().runs_on(0.5)

    viewer.open("/")
    watch_as(page, "Mia")
    page.wait_for_url(f"{viewer.cloud.web}/")
    assert "Not for this profile" in viewer.play(ingested.title_id).refusal()
    expect(page.get_by_role("button", name="Enter the PIN")).not_to_be_attached()
    # Refusals, and a title that nobody has begun.
    expected = re.compile("40[34]")
    assert [said for said in viewer.complaints if not expected.search(said)] == []
