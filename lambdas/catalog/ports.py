"""What the catalogue needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from catalog.domain import Title


class Titles(Protocol):
    """The catalogue's records."""

    def get(self, title_id: str) -> Title | None:
        """The title; to who changes it, as it is at this moment."""

    def all(self) -> Sequence[Title]:
        """Every published title."""

    def put(self, title: Title, now: datetime) -> bool:
        """Record a title and tell of it in one transaction.

        False, and nothing is changed or told, when the record has the same or a newer sequence,
        or is of another edition.
        """

    def edit(self, title: Title, by: str, now: datetime) -> bool:
        """Record what `by` of staff has changed and tell of it in one transaction.

        False, and nothing is changed or told, unless the record is the edition before.
        """

    def withdraw(self, title_id: str, asset_id: str, sequence: int, now: datetime) -> bool:
        """Take a title off the catalogue and tell it in one transaction; False as with `put`.

        An older publication that arrives later changes nothing.
        """
