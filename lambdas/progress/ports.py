"""What the progress tracker needs of the world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from progress.domain import ResumePoint
from progress.titles import Title


class ResumePoints(Protocol):
    """One resume point per profile and title, or when it was taken out of the history."""

    def keep(self, point: ResumePoint) -> bool:
        """Record it, unless it is not after what is recorded: then False, and nothing changes."""

    def get(self, profile_id: str, title_id: str) -> ResumePoint | None:
        """The profile's resume point in the title."""

    def of_profile(self, profile_id: str) -> Sequence[ResumePoint]:
        """All of a profile's resume points, the latest first."""

    def remove(self, point: ResumePoint, at: datetime) -> bool:
        """Take it out of the history: no place until `at` counts from now on.

        False when it is not the place any more, and nothing changes.
        """

    def clear(self, profile_id: str, at: datetime) -> None:
        """Take everything out of the history: no place until `at` counts from now on."""

    def forget(self, profile_id: str) -> int:
        """Delete all that there is of a profile; how many records that were."""


class PlayEnds(Protocol):
    """When plays ended, for as long as one of their tickets lives."""

    def keep(self, session_id: str, at: datetime) -> None:
        """Record it, unless an earlier end is recorded."""

    def keep_gone(self, profile_id: str, now: datetime) -> None:
        """Record that a profile is no more: whatever its plays tell has no place."""

    def of(self, session_id: str, profile_id: str) -> datetime | None:
        """When the profile's play ended, None while it goes on as far as is known.

        `domain.BEFORE_ALL` when the profile is no more.
        """


class Titles(Protocol):
    """What the catalogue told of titles."""

    def keep(self, title: Title, sequence: int) -> bool:
        """Record it, unless something newer is recorded: then False, and nothing changes."""

    def withdraw(self, title_id: str, sequence: int) -> bool:
        """The same for a title that may not be watched any more."""

    def known(self, title_ids: Iterable[str]) -> Mapping[str, Title]:
        """Those of them that were ever told of, withdrawn ones too."""

    def episodes(self, series_id: str) -> Sequence[Title]:
        """The episodes that may be watched, in order."""
