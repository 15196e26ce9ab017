"""The account's page in the app, and from there to the issuer's and back, still signed in."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import grave_findings
from tests.e2e.viewer import Viewer


@pytest.mark.parametrize("width", [360, 1280])
def test_the_header_leads_to_the_plan_and_on_to_the_issuers_page_and_back(
    viewer: Viewer, width: int
) -> None:
    viewer.page.set_viewport_size({"width": width, "height": 720})
    viewer.sign_in()
    account = viewer.page.get_by_role("link", name="Account")
    expect(account).to_be_in_viewport(ratio=1)
    expect(viewer.page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)
    assert grave_findings(viewer.page) == []

    account.click()
    expect(viewer.page.get_by_text("at the same time")).to_be_visible()
    expect(viewer.page.get_by_role("link", name="Devices")).to_be_visible()
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    across, window = viewer.page.evaluate(widths)
    assert across <= window
    assert grave_findings(viewer.page) == []

    viewer.page.get_by_role("link", name="Address, password and your data").click()
    expect(viewer.page.get_by_role("heading", name="Your account")).to_be_visible()
    viewer.page.get_by_role("link", name="Go to Marquee").click()

    expect(viewer.page.get_by_role("button", name="Sign out")).to_be_visible()
