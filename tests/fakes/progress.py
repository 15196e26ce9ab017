"""The progress tracker's port in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from progress.domain import ResumePoint


@dataclass
class FakeResumePoints:
    points: dict[tuple[str, str], ResumePoint] = field(default_factory=dict)

    def keep(self, point: ResumePoint) -> bool:
        known = self.get(point.profile_id, point.title_id)
        if known and known.recorded_at >= point.recorded_at:
            return False
        self.points[point.profile_id, point.title_id] = point
        return True

    def get(self, profile_id: str, title_id: str) -> ResumePoint | None:
        return self.points.get((profile_id, title_id))

    def of_profile(self, profile_id: str) -> Sequence[ResumePoint]:
        own = [point for point in self.points.values() if point.profile_id == profile_id]
        return sorted(own, key=lambda point: point.recorded_at, reverse=True)

    def forget(self, profile_id: str) -> int:
        own = [key for key in self.points if key[0] == profile_id]
        for key in own:
            del self.points[key]
        return len(own)
