"""Series, as their published episodes make them up. Pure: there is no record of a series yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from catalog.domain import EpisodeOf, Title, UnknownTitleError

SERIES_PREFIX = "srs"
"""What tells a series' id from a title's."""


@dataclass(frozen=True)
class Season:
    """The episodes of one season that may be watched."""

    number: int
    episodes: tuple[Title, ...]
    """In order."""


@dataclass(frozen=True)
class Series:
    """A series with at least one episode."""

    series_id: str
    name: str
    """As its newest episode has it."""
    seasons: tuple[Season, ...]
    """In order."""
    poster: str
    """Object key; its first episode's."""
    published_at: datetime
    """When its newest episode came."""

    @property
    def episodes(self) -> tuple[Title, ...]:
        """Of all seasons."""
        return tuple(title for season in self.seasons for title in season.episodes)

    @property
    def episode_count(self) -> int:
        """Over all seasons."""
        return len(self.episodes)


def series_among(titles: Iterable[Title]) -> list[Series]:
    """The series that the episodes among some titles belong to."""
    episodes: dict[str, list[tuple[EpisodeOf, Title]]] = {}
    for title in titles:
        if title.episode_of is not None:
            known = episodes.setdefault(title.episode_of.series_id, [])
            known.append((title.episode_of, title))
    return [_series(series_id, known) for series_id, known in episodes.items()]


def series_of(titles: Iterable[Title], series_id: str) -> Series:
    """One series; UnknownTitleError when none of its episodes is among the titles."""
    for series in series_among(titles):
        if series.series_id == series_id:
            return series
    raise UnknownTitleError("There is no such series.", title_id=series_id)


def shelf_order(shown: Sequence[Title | Series]) -> list[Title | Series]:
    """Newest first; a series is as new as its newest episode."""

    def age(one: Title | Series) -> tuple[datetime, str]:
        return one.published_at, one.series_id if isinstance(one, Series) else one.title_id

    return sorted(shown, key=age, reverse=True)


def _series(series_id: str, episodes: Sequence[tuple[EpisodeOf, Title]]) -> Series:
    ordered = sorted(episodes, key=lambda one: (one[0].season, one[0].episode, one[1].title_id))
    newest = max(ordered, key=lambda one: (one[1].published_at, one[1].title_id))
    return Series(
        series_id=series_id,
        name=newest[0].series,
        seasons=tuple(
            Season(number, tuple(title for _, title in season))
            for number, season in groupby(ordered, key=lambda one: one[0].season)
        ),
        poster=ordered[0][1].poster,
        published_at=newest[1].published_at,
    )
