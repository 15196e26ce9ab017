"""What sending letters needs of the world."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from notifications.domain import Message


class Ledger(Protocol):
    """Which letters were sent."""

    def claim(self, key: str, now: datetime) -> bool:
        """Take a letter to send; False when it was sent, StillSendingError when somebody is."""

    def sent(self, key: str) -> None:
        """It was sent."""

    def release(self, key: str) -> None:
        """It was not sent, for certain: the next who claims it may try at once."""


class Post(Protocol):
    """A mail service."""

    def send(self, message: Message) -> str:
        """Hand a message over; its id there. RefusedLetterError or PostClosedError when it was
        not taken; any other error leaves open whether it was."""


class Words(Protocol):
    """What letters say."""

    def message(self, template: str, language: str, to: str, facts: dict[str, str]) -> Message:
        """A letter in that language, in English where there is none in it."""
