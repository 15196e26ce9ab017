"""The progress tracker's use cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.clock import Clock
from kernel.ids import names_one
from progress.domain import NeverWatchedError, ResumePoint, resume_point
from progress.ports import ResumePoints


@dataclass(frozen=True)
class ProgressTracker:
    """Keeps and answers resume points."""

    points: ResumePoints
    clock: Clock

    def record(
        self,
        profile_id: str,
        title_id: str,
        *,
        position_seconds: float,
        duration_seconds: float,
        recorded_at: datetime,
    ) -> None:
        """Keep where a profile stopped; one that arrives late changes nothing."""
        self.points.keep(
            resume_point(
                profile_id=profile_id,
                title_id=title_id,
                position_seconds=position_seconds,
                duration_seconds=duration_seconds,
                recorded_at=recorded_at,
                now=self.clock(),
            )
        )

    def resume(self, profile_id: str, title_id: str) -> ResumePoint:
        """Where the profile goes on; NeverWatchedError."""
        known = names_one(title_id, "ttl")
        point = self.points.get(profile_id, title_id) if known else None
        if point is None:
            raise NeverWatchedError("This title was not watched yet.", title_id=title_id)
        return point

    def watched(self, profile_id: str) -> Sequence[ResumePoint]:
        """What the profile has watched, the latest first."""
        return self.points.of_profile(profile_id)

    def forget(self, profile_ids: Sequence[str]) -> int:
        """Delete what deleted profiles have watched; how many points that were."""
        return sum(self.points.forget(profile_id) for profile_id in profile_ids)
