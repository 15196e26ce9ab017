"""Chromium's own authenticator in software, as a phone's or laptop's would answer."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

SYNCHRONISED = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
    "defaultBackupEligibility": True,
    "defaultBackupState": True,
}


class VirtualAuthenticator:
    """What a page's `navigator.credentials` reaches, instead of a device."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable", {"enableUI": False})
        self._id = self._send("addVirtualAuthenticator", options=SYNCHRONISED)["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        """What it holds."""
        held: list[dict[str, Any]] = self._send("getCredentials", authenticatorId=self._id)[
            "credentials"
        ]
        return held

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._session.send(f"WebAuthn.{method}", parameters)
        return answer
