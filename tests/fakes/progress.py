"""The progress tracker's ports in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kernel.clock import epoch_milliseconds
from progress.domain import BEFORE_ALL, ResumePoint, latest_first
from progress.titles import Title, in_order


@dataclass
class FakePlayEnds:
    ends: dict[str, datetime] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def keep(self, session_id: str, at: datetime) -> None:
        self.ends[session_id] = min(at, self.ends.get(session_id, at))

    def keep_gone(self, profile_id: str, now: datetime) -> None:
        self.gone.add(profile_id)

    def of(self, session_id: str, profile_id: str) -> datetime | None:
        return BEFORE_ALL if profile_id in self.gone else self.ends.get(session_id)


@dataclass
class FakeResumePoints:
    points: dict[tuple[str, str], ResumePoint] = field(default_factory=dict)
    removed: dict[tuple[str, str], int] = field(default_factory=dict)
    cleared: dict[str, int] = field(default_factory=dict)

    def keep(self, point: ResumePoint) -> bool:
        key = (point.profile_id, point.title_id)
        known = self.points.get(key)
        if known and known.order >= point.order:
            return False
        if self.removed.get(key, -1) >= point.order[0]:
            return False
        self.points[key] = point
        return True

    def get(self, profile_id: str, title_id: str) -> ResumePoint | None:
        point = self.points.get((profile_id, title_id))
        if point is None or point.order[0] <= self.cleared.get(profile_id, -1):
            return None
        return point

    def of_profile(self, profile_id: str) -> Sequence[ResumePoint]:
        own = [self.get(*key) for key in self.points if key[0] == profile_id]
        return latest_first(point for point in own if point)

    def remove(self, point: ResumePoint, at: datetime) -> bool:
        key = (point.profile_id, point.title_id)
        if self.points.get(key) != point:
            return False
        del self.points[key]
        self.removed[key] = max(point.order[0], epoch_milliseconds(at))
        return True

    def clear(self, profile_id: str, at: datetime) -> None:
        moment = max(epoch_milliseconds(at), self.cleared.get(profile_id, -1))
        self.cleared[profile_id] = moment

    def forget(self, profile_id: str) -> int:
        own = [key for key in (*self.points, *self.removed) if key[0] == profile_id]
        for key in own:
            self.points.pop(key, None)
            self.removed.pop(key, None)
        return len(own) + (self.cleared.pop(profile_id, None) is not None)


@dataclass
class FakeTitles:
    titles: dict[str, tuple[int, Title]] = field(default_factory=dict)

    def keep(self, title: Title, sequence: int) -> bool:
        before, _ = self.titles.get(title.title_id, (-1, title))
        if before >= sequence:
            return False
        self.titles[title.title_id] = (sequence, title)
        return True

    def withdraw(self, title_id: str, sequence: int) -> bool:
        _, title = self.titles.get(title_id, (-1, Title(title_id, 0.0)))
        return self.keep(replace(title, withdrawn=True), sequence)

    def known(self, title_ids: Iterable[str]) -> Mapping[str, Title]:
        return {name: self.titles[name][1] for name in title_ids if name in self.titles}

    def episodes(self, series_id: str) -> Sequence[Title]:
        return in_order(
            [
                title
                for _, title in self.titles.values()
                if title.episode_of
                and title.episode_of.series_id == series_id
                and not title.withdrawn
            ]
        )
