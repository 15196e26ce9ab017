"""What asking for consent needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from identity.consent.domain import AskedConsent, Consent


class Consents(Protocol):
    """What was allowed, by account and client, and the pages that wait."""

    def ask(self, asked: AskedConsent) -> None:
        """Record a page."""

    def take(self, asked_digest: str) -> AskedConsent | None:
        """The page, exactly once."""

    def of(self, account_id: str) -> Sequence[Consent]:
        """All that an account allowed, the oldest first."""

    def remember(self, account_id: str, client_id: str, scope: str, now: datetime) -> None:
        """Allow that, beside what was allowed before."""

    def withdraw(self, account_id: str, client_id: str) -> None:
        """Allow nothing any more; again is no error."""
