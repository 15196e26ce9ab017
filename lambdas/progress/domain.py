"""Resume points. Pure: time comes in as an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.errors import InvalidInputError, NotFoundError
from kernel.ids import names_one

FINISHED_AT = 0.9
"""Past this share of a film only credits are left: nobody resumes there."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead a device's clock may be; more would let one device silence all others."""

LONGEST_SECONDS = 24 * 3600
"""No title is longer."""

DECIMALS = 3
"""Milliseconds. Players report more, and DynamoDB takes no number below 1e-130."""


class NeverWatchedError(NotFoundError):
    """This profile has no resume point in that title."""

    code = "never_watched"


@dataclass(frozen=True)
class ResumePoint:
    """Where a profile stopped watching a title."""

    profile_id: str
    title_id: str
    position_seconds: float
    duration_seconds: float
    recorded_at: datetime
    """By the device's clock: the later of two wins, in whichever order they arrive."""

    @property
    def finished(self) -> bool:
        """Whether the rest is only credits."""
        return self.position_seconds >= FINISHED_AT * self.duration_seconds


def resume_point(
    *,
    profile_id: str,
    title_id: str,
    position_seconds: float,
    duration_seconds: float,
    recorded_at: datetime,
    now: datetime,
) -> ResumePoint:
    """A resume point that can be true; InvalidInputError names the field that cannot."""
    if not names_one(title_id, "ttl"):
        raise InvalidInputError("There can be no such title.", field="title_id")
    position_seconds = round(position_seconds, DECIMALS)
    duration_seconds = round(duration_seconds, DECIMALS)
    if not 0 < duration_seconds <= LONGEST_SECONDS:
        raise InvalidInputError(
            "A duration is between 0 seconds and 24 hours.", field="duration_seconds"
        )
    if not 0 <= position_seconds <= duration_seconds:
        raise InvalidInputError(
            "A position lies between 0 and the duration.", field="position_seconds"
        )
    if recorded_at.tzinfo is None:
        raise InvalidInputError("The moment needs its time zone.", field="recorded_at")
    if recorded_at > now + CLOCK_TOLERANCE:
        raise InvalidInputError("The moment lies in the future.", field="recorded_at")
    return ResumePoint(profile_id, title_id, position_seconds, duration_seconds, recorded_at)
