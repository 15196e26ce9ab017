"""Staff find a member in a real browser, give them a plan, take lost second steps off, and block
them; the member is told."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.cloud import RunningCloud
from tests.e2e.axe import grave_findings
from tests.e2e.viewer import Viewer
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody
from tests.integration.test_second_step import Careful
from tests.mailbox import await_letter, new_address

WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.fixture(scope="module")
def somebody(cloud: RunningCloud) -> Somebody:
    return Somebody(cloud).has_account()


def test_a_member_is_found_given_a_plan_blocked_and_let_go_by_keyboard_alone(
    viewer: Viewer, somebody: Somebody
) -> None:
    tv = SignedIn(somebody)
    page = viewer.page
    page.set_viewport_size({"width": 360, "height": 740})
    viewer.sign_in("/staff/members", kind="staff")
    address = page.get_by_label("E-mail")

    address.fill(new_address())
    address.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("No account has this address.")
    expect(address).to_be_focused()
    address.fill(somebody.email.upper())
    address.press("Enter")
    member = page.get_by_test_id("member")
    expect(member).to_contain_text(somebody.email)
    expect(member).to_contain_text("1 of 3")
    assert grave_findings(page) == []
    across, window = page.evaluate(WIDTHS)
    assert across <= window

    page.get_by_role("radio", name="Premium").press("Space")
    page.get_by_role("button", name="Give this plan").press("Enter")
    expect(page.get_by_role("heading", name="Plan: Premium")).to_be_visible()
    expect(page.get_by_test_id("announced")).to_have_text("The plan is Premium now.")
    assert tv.ask("GET", "/plan").json()["streams"] == 4

    page.get_by_label("Note for other staff").fill("Called by phone.")
    page.get_by_role("button", name="Block").press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    assert grave_findings(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Block").press("Enter")
    # The form, which has the same words, goes with the service's answer.
    expect(page.get_by_role("button", name="Unblock")).to_be_visible()
    expect(member).to_contain_text("Used by more than one household")
    expect(member).to_contain_text("Called by phone.")
    assert tv.renewal().json()["error"] == "invalid_grant"
    assert "is blocked" in says_at_sign_in(somebody)
    assert grave_findings(page) == []

    page.get_by_role("button", name="Unblock").press("Enter")
    expect(page.get_by_role("button", name="Block", exact=True)).to_be_visible()
    assert somebody.signs_in().access_token()
    assert [url for url, _ in viewer.answers if somebody.email.split("@")[0] in url] == []


def test_lost_second_steps_are_taken_off_by_keyboard_alone(
    viewer: Viewer, cloud: RunningCloud
) -> None:
    careful = Careful(cloud)
    careful.has_account()
    tv = SignedIn(careful)
    careful.turns_it_on()
    page = viewer.page
    page.set_viewport_size({"width": 360, "height": 740})
    viewer.sign_in("/staff/members", kind="staff")
    address = page.get_by_label("E-mail")
    address.fill(careful.email)
    address.press("Enter")
    member = page.get_by_test_id("member")
    expect(member).to_contain_text("Authenticator app")
    assert grave_findings(page) == []

    take_off = page.get_by_role("button", name="Take second steps off")
    take_off.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    assert grave_findings(page) == []
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(member).to_contain_text("Authenticator app")
    page.get_by_role("radio", name="They were set up by somebody else").press("Space")
    take_off.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Take off").press("Enter")

    expect(member).to_contain_text("This account has none: its password alone signs in.")
    expect(page.get_by_role("heading", name="Second steps")).to_be_focused()
    expect(page.get_by_test_id("announced")).to_have_text(
        f"{careful.email} signs in by the password alone."
    )
    across, window = page.evaluate(WIDTHS)
    assert across <= window
    assert tv.renewal().json()["error"] == "invalid_grant"
    assert careful.signs_in().access_token()
    await_letter(cloud, careful.email, "Your second step was taken off your account")


def test_the_page_offers_to_take_nothing_off_staff(viewer: Viewer, cloud: RunningCloud) -> None:
    colleague = cloud.new_staff()
    page = viewer.page
    viewer.sign_in("/staff/members", kind="staff")
    page.get_by_label("E-mail").fill(colleague["email"])
    page.get_by_label("E-mail").press("Enter")

    expect(page.get_by_text("An operator gives it another second step.")).to_be_visible()

    expect(page.get_by_role("button", name="Take second steps off")).to_have_count(0)


def says_at_sign_in(somebody: Somebody) -> str:
    """The sign-in page after the right password."""
    asked = {
        "response_type": "code",
        "client_id": "web",
        "redirect_uri": f"{somebody.cloud.web}/callback",
        "scope": "member",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    known = {"email": somebody.email, "password": somebody.password}
    return somebody.post("/authorize", **asked, **known).text


def test_a_member_does_not_come_to_the_members(viewer: Viewer) -> None:
    viewer.sign_in()

    viewer.open("/staff/members")

    expect(viewer.page.get_by_role("heading", name="This page is for staff")).to_be_visible()
