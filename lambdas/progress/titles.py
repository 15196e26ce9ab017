"""What progress knows of titles: where their credits begin, and which episode follows which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from progress.domain import ResumePoint

MOST_SHOWN = 20
"""Entries of "continue watching": more than a row shows and anybody goes through."""


@dataclass(frozen=True)
class EpisodeOf:
    """A place in a series."""

    series_id: str
    season: int
    episode: int


@dataclass(frozen=True)
class Title:
    """A film or an episode, as the catalogue told of it."""

    title_id: str
    duration_seconds: float
    credits_at_seconds: float | None = None
    """None while nobody marked it."""
    episode_of: EpisodeOf | None = None
    """None for a film."""
    withdrawn: bool = False


@dataclass(frozen=True)
class Entry:
    """Something to go on with."""

    title_id: str
    position_seconds: float
    duration_seconds: float
    since: datetime
    """When the profile watched it, or the episode before it."""
    is_next: bool
    """Whether it is not under way itself, but follows what is finished."""


def in_order(episodes: Sequence[Title]) -> list[Title]:
    """Episodes of one series, the first one first."""

    def place(title: Title) -> tuple[int, int, str]:
        assert title.episode_of is not None
        return title.episode_of.season, title.episode_of.episode, title.title_id

    return sorted(episodes, key=place)


def episode_after(episodes: Sequence[Title], title: Title) -> Title | None:
    """The one that follows in the series, where there is one; `episodes` as `in_order` has them."""
    if title.episode_of is None:
        return None
    place = (title.episode_of.season, title.episode_of.episode)
    for other in episodes:
        assert other.episode_of is not None
        if (other.episode_of.season, other.episode_of.episode) > place:
            return other
    return None


def candidates(points: Sequence[ResumePoint]) -> list[ResumePoint]:
    """Of what a profile watched, the latest first, what an entry can come from."""
    worth_it = [point for point in points if not point.is_glance]
    # A season seen in one go is many points and one entry.
    return worth_it[: 5 * MOST_SHOWN]


def series_to_ask_for(points: Sequence[ResumePoint], titles: Mapping[str, Title]) -> set[str]:
    """The series whose episodes `continue_watching` needs for these candidates."""
    return {
        title.episode_of.series_id
        for point in points
        if (title := titles.get(point.title_id)) is not None
        and title.episode_of is not None
        and point.finished(title.credits_at_seconds)
    }


def continue_watching(
    points: Sequence[ResumePoint],
    titles: Mapping[str, Title],
    episodes: Mapping[str, Sequence[Title]],
) -> list[Entry]:
    """What a profile goes on with, what it watched last first.

    A film that is under way is an entry until it is finished. A series is one entry: the episode
    watched last or, when that one is finished, the one after it; after the last one, none.
    `points` has the latest first; `episodes` the series of finished episodes, in order.
    """
    places = {point.title_id: point for point in points}
    entries: list[Entry] = []
    seen: set[str] = set()
    for point in points:
        title = titles.get(point.title_id) or Title(point.title_id, point.duration_seconds)
        key = title.episode_of.series_id if title.episode_of else title.title_id
        if key in seen:
            continue
        seen.add(key)
        entry = _entry(point, title, places, episodes.get(key, ()))
        if entry is not None:
            entries.append(entry)
    return entries[:MOST_SHOWN]


def _entry(
    point: ResumePoint,
    title: Title,
    places: Mapping[str, ResumePoint],
    episodes: Sequence[Title],
) -> Entry | None:
    if not point.finished(title.credits_at_seconds):
        if title.withdrawn:
            return None
        reached, of, since = point.position_seconds, point.duration_seconds, point.recorded_at
        return Entry(title.title_id, reached, of, since, is_next=False)
    following = episode_after(episodes, title)
    if following is None:
        return None
    begun = places.get(following.title_id)
    if begun is not None and not begun.finished(following.credits_at_seconds):
        reached, of = begun.position_seconds, begun.duration_seconds
        return Entry(following.title_id, reached, of, point.recorded_at, is_next=False)
    return Entry(following.title_id, 0.0, following.duration_seconds, point.recorded_at, True)
