"""Pages of what a profile has watched, the latest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.clock import epoch_milliseconds
from kernel.errors import InvalidInputError
from progress.domain import ResumePoint

PAGE = 50
"""Entries: a few screens of a phone."""

_CURSOR = re.compile(r"([0-9]{1,15})-(ttl_[0-9a-z]{1,26})")


@dataclass(frozen=True)
class Page:
    """Part of a history."""

    points: Sequence[ResumePoint]
    next: str | None
    """What to ask for the next part with; None for the last."""


def page_of(points: Sequence[ResumePoint], before: str | None) -> Page:
    """The entries after the one that a cursor names, or the first; `points` has the latest first.

    What is watched between two pages stands on neither twice. InvalidInputError for what is no
    cursor of ours.
    """
    if before is not None:
        last = _read(before)
        points = [point for point in points if _key(point) < last]
    page = points[:PAGE]
    more = len(points) > PAGE
    return Page(page, f"{_key(page[-1])[0]}-{page[-1].title_id}" if more else None)


def _key(point: ResumePoint) -> tuple[int, str]:
    return epoch_milliseconds(point.recorded_at), point.title_id


def _read(cursor: str) -> tuple[int, str]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInputError("There is no such part of a history.", field="before")
    return int(found[1]), found[2]
