"""Resume points, and which of two is believed. Pure: time comes in as an argument.

For a profile and a title there is one place: that of the latest moment. Moments are the devices'
own, so the order in which they arrive, and how often, changes nothing; of two places at the same
millisecond the one further on counts. Taking a title out of the history is such a moment, too:
what was watched before it stays out, whenever it arrives, and what is watched after it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kernel.clock import epoch_milliseconds
from kernel.errors import InvalidInputError, NotFoundError
from kernel.events.catalog import EARLIEST_CREDITS
from kernel.ids import names_one

FINISHED_AT = 0.9
"""Past this share of a title only credits are left, where nobody marked their beginning."""

GLANCE = timedelta(seconds=5)
"""Who left sooner only had a look, and starts over."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead a device's clock may be; more would let one device silence all others."""

AFTER_ITS_END = timedelta(minutes=1)
"""How long after its end a play's moments are believed: players' clocks are off by as
much (`kernel.beacons` sets right what is further off), and the last word of one that has just been
ended is true."""

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
    def order(self) -> tuple[int, float]:
        """The greater of two is believed: milliseconds since 1970, then seconds of the title."""
        return epoch_milliseconds(self.recorded_at), self.position_seconds

    @property
    def is_glance(self) -> bool:
        """Whether so little was seen that it is not worth going on."""
        return self.position_seconds < GLANCE.total_seconds()

    def finished(self, credits_at_seconds: float | None = None) -> bool:
        """Whether only credits are left: they begin where somebody marked it, else at 90 %."""
        begin = FINISHED_AT * self.duration_seconds
        if credits_at_seconds is not None and (
            EARLIEST_CREDITS * self.duration_seconds <= credits_at_seconds <= self.duration_seconds
        ):
            begin = credits_at_seconds
        return self.position_seconds >= begin


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


BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
"""When the plays of a profile ended that is no more: nothing of them is kept."""


def is_of_play(at: datetime, ended_at: datetime | None) -> bool:
    """Whether a play tells of that moment by right; `ended_at` is None while it goes on.

    What was watched before the end is true afterwards, whenever it arrives.
    """
    return ended_at is None or at <= ended_at + AFTER_ITS_END


def removal_moment(now: datetime, *watched: ResumePoint) -> datetime:
    """When something is taken out of the history: after all that is seen in it.

    A device whose clock is ahead has told of moments that are yet to come.
    """
    return max([now, *(point.recorded_at for point in watched)])


def latest_first(points: Iterable[ResumePoint]) -> list[ResumePoint]:
    """As every list of them stands: by moment, then by title, so that the order is always one."""

    def key(point: ResumePoint) -> tuple[int, str]:
        return epoch_milliseconds(point.recorded_at), point.title_id

    return sorted(points, key=key, reverse=True)
