"""What sending letters needs of the world."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from notifications.domain import LetterKey, Message


class Ledger(Protocol):
    """Which letters were sent."""

    def claim(self, key: LetterKey, now: datetime) -> bool:
        """Take a letter to send; False when it was sent, StillSendingError when somebody is."""

    def sent(self, key: LetterKey) -> None:
        """It was sent."""

    def release(self, key: LetterKey) -> None:
        """It was not sent, for certain: the next who claims it may try at once."""

    def forget(self, account_id: str) -> int:
        """Delete all that is kept of a deleted account; how many items."""


class Addresses(Protocol):
    """Which addresses take no letters."""

    def undeliverable(self, address: str, now: datetime) -> str | None:
        """Why an address takes none: `BOUNCE` or `COMPLAINT`; None when nothing is known."""

    def mark(self, address: str, kind: str, account_id: str | None, now: datetime) -> None:
        """Send nothing there for `UNDELIVERABLE_FOR`; the account is whom the letter was for."""


class Post(Protocol):
    """A mail service."""

    def send(self, message: Message, account_id: str) -> str:
        """Hand a message over that is for an account; its id there.

        RefusedLetterError or PostClosedError when it was not taken; any other error leaves open
        whether it was.
        """


class Words(Protocol):
    """What letters say."""

    def message(self, template: str, language: str, to: str, facts: dict[str, str]) -> Message:
        """A letter in that language, in English where there is none in it."""
