"""What keeping films on devices needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from playback.downloads.domain import Shelf
from playback.ports import StartFacts


class Facts(Protocol):
    """What playback keeps of titles and accounts."""

    def facts(self, title_id: str, account_id: str) -> StartFacts:
        """What is known of the title and of the account."""


class Shelves(Protocol):
    """What devices keep."""

    def shelf(self, account_id: str, device_id: str) -> Shelf:
        """A device's shelf as last written; an empty one where there is none."""

    def shelves(self, account_id: str) -> Sequence[Shelf]:
        """All shelves of an account."""

    def save(self, shelf: Shelf) -> bool:
        """Keep a changed shelf; False when somebody else changed it since it was read."""


class RevokedShelves(Protocol):
    """Takes back what devices keep."""

    def device_removed(self, account_id: str, device_id: str, removed_at: datetime) -> None:
        """Nothing of the device counts, and its last tokens keep nothing."""

    def device_registered(self, account_id: str, device_id: str, at: datetime) -> None:
        """The device may keep films (again); an older removal told late changes nothing."""

    def account_deleted(self, account_id: str) -> None:
        """Nothing of the account stays."""
