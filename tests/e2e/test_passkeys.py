"""Passkeys in a real Chromium, with its virtual authenticator in the device's place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.cloud import RunningCloud
from tests.e2e.authenticator import VirtualAuthenticator
from tests.e2e.axe import grave_findings
from tests.e2e.viewer import Viewer
from tests.mailbox import await_letter
from tests.second_step import App

Arrive = Callable[[], Viewer]
NAME = "My own phone"


class Owner:
    """Whose passkeys they are, and what they prove it by."""

    def __init__(self, cloud: RunningCloud, kind: Literal["member", "staff"] = "member") -> None:
        account = cloud.account(kind)
        self.email, self.password = account["email"], account["password"]
        self.app = App(account["totp_secret"]) if "totp_secret" in account else None
        self.has_passkey = False


def prove(viewer: Viewer, owner: Owner) -> None:
    """To the page of the account's passkeys, by what its owner knows and has."""
    viewer.page.goto(f"{viewer.cloud.issuer}/account")
    viewer.page.get_by_role("link", name="Passkeys").click()
    viewer.page.get_by_label("E-mail").fill(owner.email)
    viewer.page.get_by_label("Password").fill(owner.password)
    if owner.app is not None:
        viewer.page.get_by_label("Code from your app").fill(owner.app.next_code())
    viewer.page.get_by_role("button", name="Continue").click()
    if owner.app is None and owner.has_passkey:
        confirm(viewer)
        viewer.page.get_by_role("button", name="Continue").click()


def confirm(viewer: Viewer) -> None:
    """What is asked for, by this browser's passkey, up to the form that asks for no password."""
    heading = viewer.page.get_by_role("heading", name="Confirm with a passkey")
    expect(heading).to_be_visible()
    viewer.page.get_by_role("button", name="Use a passkey").click()
    expect(viewer.page.get_by_text("You confirmed with a passkey of")).to_be_visible()
    expect(viewer.page.get_by_label("Password", exact=True)).to_have_count(0)


def add(viewer: Viewer, owner: Owner) -> VirtualAuthenticator:
    """A passkey on this browser's device."""
    device = VirtualAuthenticator(viewer.page)
    prove(viewer, owner)
    viewer.page.get_by_label("What you call it").fill(NAME)
    viewer.page.get_by_role("button", name="Add a passkey").click()
    expect(viewer.page.get_by_role("button", name=f"Remove {NAME}")).to_be_visible()
    owner.has_passkey = True
    return device


def remove(viewer: Viewer, owner: Owner) -> None:
    """What `add` added."""
    prove(viewer, owner)
    viewer.page.get_by_role("button", name=f"Remove {NAME}").click()
    expect(viewer.page.get_by_text("You have none yet.")).to_be_visible()
    owner.has_passkey = False


def sign_in_page(viewer: Viewer, path: str = "/") -> None:
    """In a browser that suggests no passkeys, and so waits for the button."""
    viewer.page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    viewer.open(path)
    viewer.page.get_by_role("button", name="Sign in").click()
    viewer.page.wait_for_url(f"{viewer.cloud.issuer}/authorize?*")


@pytest.mark.parametrize(
    ("kind", "path", "seen"), [("member", "/", "Marquee"), ("staff", "/staff", "Upload a film")]
)
def test_somebody_adds_a_passkey_signs_in_with_it_and_removes_it(
    arrive: Arrive, cloud: RunningCloud, kind: Literal["member", "staff"], path: str, seen: str
) -> None:
    """A passkey is two factors, so that it is enough for staff."""
    viewer, owner = arrive(), Owner(cloud, kind)
    device = add(viewer, owner)
    assert grave_findings(viewer.page) == []
    (held,) = device.credentials()
    assert held["rpId"] == "localhost"
    assert held["isResidentCredential"]
    await_letter(cloud, owner.email, "A passkey was added to your account")

    sign_in_page(viewer, path)
    viewer.page.get_by_role("button", name="Use a passkey").click()
    viewer.page.wait_for_url(f"{cloud.web}{path}")
    expect(viewer.page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(viewer.page.get_by_text(seen).first).to_be_visible()
    assert viewer.complaints == []

    remove(viewer, owner)
    await_letter(cloud, owner.email, "A passkey was removed from your account")


def test_the_address_field_suggests_passkeys_and_so_signs_in(
    arrive: Arrive, cloud: RunningCloud
) -> None:
    viewer, owner = arrive(), Owner(cloud)
    add(viewer, owner)

    viewer.open("/")
    viewer.page.get_by_role("button", name="Sign in").click()

    viewer.page.wait_for_url(f"{viewer.cloud.web}/")
    expect(viewer.page.get_by_role("button", name="Sign out")).to_be_visible()
    remove(viewer, owner)


def test_a_passkey_that_its_owner_removed_lets_nobody_in(
    arrive: Arrive, cloud: RunningCloud
) -> None:
    viewer, owner = arrive(), Owner(cloud)
    add(viewer, owner)
    remove(viewer, owner)

    sign_in_page(viewer)
    viewer.page.get_by_role("button", name="Use a passkey").click()

    expect(viewer.page.get_by_role("alert").first).to_contain_text("does not open an account")
    viewer.fill_in()
    viewer.page.wait_for_url(f"{viewer.cloud.web}/")


def test_a_passkey_confirms_a_change_in_place_of_password_and_code(
    arrive: Arrive, cloud: RunningCloud
) -> None:
    """The password leads to the passkey, and nothing else goes on from there."""
    viewer, owner = arrive(), Owner(cloud)
    add(viewer, owner)
    viewer.page.goto(f"{cloud.issuer}/account/email")
    viewer.page.get_by_label("Current e-mail").fill(owner.email)
    viewer.page.get_by_label("Password").fill(owner.password)
    viewer.page.get_by_label("New e-mail").fill("thief@example.com")
    viewer.page.get_by_role("button", name="Continue").click()
    expect(viewer.page.get_by_role("alert").first).to_contain_text("a password is not enough")
    assert grave_findings(viewer.page) == []

    viewer.page.goto(f"{cloud.issuer}/account/email")
    viewer.page.get_by_role("link", name="Confirm with a passkey instead").click()
    assert grave_findings(viewer.page) == []
    confirm(viewer)
    expect(viewer.page.get_by_text(owner.email)).to_be_visible()
    assert grave_findings(viewer.page) == []
    chosen = f"new.{owner.email}"
    viewer.page.get_by_label("New e-mail").fill(chosen)
    viewer.page.get_by_role("button", name="Continue").click()
    expect(viewer.page.get_by_role("heading", name="Confirm your new address")).to_be_visible()
    await_letter(cloud, chosen, "Your code to confirm your address")
    remove(viewer, owner)


def test_a_device_without_the_passkey_says_so_and_leads_on(
    arrive: Arrive, cloud: RunningCloud
) -> None:
    viewer = arrive()
    VirtualAuthenticator(viewer.page)
    viewer.page.goto(f"{cloud.issuer}/account/confirm?change=delete")

    viewer.page.get_by_role("button", name="Use a passkey").click()

    expect(viewer.page.get_by_role("alert").last).to_contain_text("cancelled")
    viewer.page.get_by_role("link", name="Lost your passkey?").click()
    expect(viewer.page.get_by_role("heading", name="Forgot your password?")).to_be_visible()
