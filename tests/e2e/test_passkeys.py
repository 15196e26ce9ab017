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

Arrive = Callable[[], Viewer]
Kind = Literal["member", "staff"]
NAME = "My own phone"


def prove(viewer: Viewer, kind: Kind) -> None:
    """To the page of the account's passkeys, by what its owner knows."""
    account = viewer.cloud.ready["accounts"][kind]
    viewer.page.goto(f"{viewer.cloud.issuer}/account")
    viewer.page.get_by_role("link", name="Passkeys").click()
    viewer.page.get_by_label("E-mail").fill(account["email"])
    viewer.page.get_by_label("Password").fill(account["password"])
    viewer.page.get_by_role("button", name="Continue").click()


def add(viewer: Viewer, kind: Kind) -> VirtualAuthenticator:
    """A passkey on this browser's device."""
    device = VirtualAuthenticator(viewer.page)
    prove(viewer, kind)
    viewer.page.get_by_label("What you call it").fill(NAME)
    viewer.page.get_by_role("button", name="Add a passkey").click()
    expect(viewer.page.get_by_role("button", name=f"Remove {NAME}")).to_be_visible()
    return device


def remove(viewer: Viewer, kind: Kind) -> None:
    """What `add` added."""
    prove(viewer, kind)
    viewer.page.get_by_role("button", name=f"Remove {NAME}").click()
    expect(viewer.page.get_by_text("You have none yet.")).to_be_visible()


def sign_in_page(viewer: Viewer) -> None:
    """In a browser that suggests no passkeys, and so waits for the button."""
    viewer.page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    viewer.open("/")
    viewer.page.get_by_role("button", name="Sign in").click()
    viewer.page.wait_for_url(f"{viewer.cloud.issuer}/authorize?*")


@pytest.mark.parametrize("kind", ["member", "staff"])
def test_somebody_adds_a_passkey_signs_in_with_it_and_removes_it(
    arrive: Arrive, cloud: RunningCloud, kind: Kind
) -> None:
    viewer = arrive()
    device = add(viewer, kind)
    assert grave_findings(viewer.page) == []
    (held,) = device.credentials()
    assert held["rpId"] == "localhost"
    assert held["isResidentCredential"]
    email = cloud.ready["accounts"][kind]["email"]
    await_letter(cloud, email, "A passkey was added to your account")

    sign_in_page(viewer)
    viewer.page.get_by_role("button", name="Use a passkey").click()
    viewer.page.wait_for_url(f"{cloud.web}/")
    expect(viewer.page.get_by_role("button", name="Sign out")).to_be_visible()
    assert viewer.complaints == []

    remove(viewer, kind)
    await_letter(cloud, email, "A passkey was removed from your account")


def test_the_address_field_suggests_passkeys_and_so_signs_in(arrive: Arrive) -> None:
    viewer = arrive()
    add(viewer, "member")

    viewer.open("/")
    viewer.page.get_by_role("button", name="Sign in").click()

    viewer.page.wait_for_url(f"{viewer.cloud.web}/")
    expect(viewer.page.get_by_role("button", name="Sign out")).to_be_visible()
    remove(viewer, "member")


def test_a_passkey_that_its_owner_removed_lets_nobody_in(arrive: Arrive) -> None:
    viewer = arrive()
    add(viewer, "member")
    remove(viewer, "member")

    sign_in_page(viewer)
    viewer.page.get_by_role("button", name="Use a passkey").click()

    expect(viewer.page.get_by_role("alert").first).to_contain_text("does not open an account")
    viewer.fill_in()
    viewer.page.wait_for_url(f"{viewer.cloud.web}/")
