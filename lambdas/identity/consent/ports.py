"""What asking for consent needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from identity.consent.domain import AskedConsent, Consent
from kernel.events.identity import AppAllowed, AppStopped


class Consents(Protocol):
    """What was allowed, by account and client, and the pages that wait."""

    def ask(self, asked: AskedConsent) -> None:
        """Record a page."""

    def take(self, asked_digest: str) -> AskedConsent | None:
        """The page, exactly once."""

    def of(self, account_id: str) -> Sequence[Consent]:
        """All that an account allowed, the oldest first."""

    def remember(self, told: AppAllowed, now: datetime) -> None:
        """Allow that, beside what was allowed before, and tell of it."""

    def withdraw(self, told: AppStopped, now: datetime) -> None:
        """Allow nothing any more, and tell of it; again is no error, and is not told again."""
