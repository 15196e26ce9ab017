"""What the progress tracker needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from progress.domain import ResumePoint


class ResumePoints(Protocol):
    """One resume point per profile and title."""

    def keep(self, point: ResumePoint) -> bool:
        """Record it, unless a later one is recorded: then False, and nothing changes."""

    def get(self, profile_id: str, title_id: str) -> ResumePoint | None:
        """The profile's resume point in the title."""

    def of_profile(self, profile_id: str) -> Sequence[ResumePoint]:
        """All of a profile's resume points, the latest first, at most 100."""

    def forget(self, profile_id: str) -> int:
        """Delete all of a profile's resume points; how many there were."""
