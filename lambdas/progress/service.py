"""The progress tracker's use cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.clock import Clock
from kernel.ids import names_one
from progress.domain import (
    NeverWatchedError,
    ResumePoint,
    removal_moment,
    resume_point,
)
from progress.history import page_of
from progress.ports import ResumePoints, Titles
from progress.titles import Entry, Title, candidates, continue_watching, series_to_ask_for

MOST_LISTED = 100
"""Places that a device is told of at once: the titles of a few screens."""


@dataclass(frozen=True)
class Place:
    """A resume point, and whether only credits are left."""

    point: ResumePoint
    finished: bool


@dataclass(frozen=True)
class Watched:
    """What a profile has watched."""

    places: Sequence[Place]
    """The latest first, at most `MOST_LISTED`."""
    goes_on_with: Sequence[Entry]


@dataclass(frozen=True)
class HistoryPage:
    """Part of a history."""

    places: Sequence[Place]
    next: str | None
    """What to ask for the next part with; None for the last."""


@dataclass(frozen=True)
class PlaceKeeper:
    """Keeps the places that players tell."""

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

    def forget(self, profile_ids: Sequence[str]) -> int:
        """Delete what deleted profiles have watched; how many records that were."""
        return sum(self.points.forget(profile_id) for profile_id in profile_ids)


@dataclass(frozen=True)
class ProgressTracker:
    """Answers where a profile goes on, and what it has watched."""

    points: ResumePoints
    titles: Titles
    clock: Clock

    def resume(self, profile_id: str, title_id: str) -> Place:
        """Where the profile goes on; NeverWatchedError."""
        point = self.points.get(profile_id, _possible(title_id))
        if point is None:
            raise _never_watched(title_id)
        return self._places([point])[0]

    def watched(self, profile_id: str) -> Watched:
        """What the profile has watched, and what it goes on with."""
        points = self.points.of_profile(profile_id)
        listed, begun = points[:MOST_LISTED], candidates(points)
        titles = self.titles.known({point.title_id for point in (*listed, *begun)})
        episodes = {
            series_id: self.titles.episodes(series_id)
            for series_id in series_to_ask_for(begun, titles)
        }
        return Watched(_judged(listed, titles), continue_watching(begun, titles, episodes))

    def history(self, profile_id: str, before: str | None) -> HistoryPage:
        """Part of what the profile has watched, the latest first; InvalidInputError."""
        page = page_of(self.points.of_profile(profile_id), before)
        return HistoryPage(self._places(page.points), page.next)

    def remove(self, profile_id: str, title_id: str) -> None:
        """Take a title out of the history; one that is not in it stays out.

        NeverWatchedError for what cannot be a title.
        """
        title_id = _possible(title_id)
        # A place that is told at this moment is what has to go, so the look is taken again.
        while (point := self.points.get(profile_id, title_id)) is not None:
            if self.points.remove(point, removal_moment(self.clock(), point)):
                return

    def clear(self, profile_id: str) -> None:
        """Take everything out of the history."""
        watched = self.points.of_profile(profile_id)
        self.points.clear(profile_id, removal_moment(self.clock(), *watched))

    def _places(self, points: Sequence[ResumePoint]) -> list[Place]:
        return _judged(points, self.titles.known({point.title_id for point in points}))


def _possible(title_id: str) -> str:
    if not names_one(title_id, "ttl"):
        raise _never_watched(title_id)
    return title_id


def _never_watched(title_id: str) -> NeverWatchedError:
    return NeverWatchedError("This title was not watched yet.", title_id=title_id)


def _judged(points: Sequence[ResumePoint], titles: Mapping[str, Title]) -> list[Place]:
    def credits_of(title_id: str) -> float | None:
        title = titles.get(title_id)
        return title.credits_at_seconds if title else None

    return [Place(point, point.finished(credits_of(point.title_id))) for point in points]
