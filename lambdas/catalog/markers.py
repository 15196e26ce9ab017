"""What of a title may be skipped: its intro, and its credits. Pure."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass

from kernel.errors import InvalidInputError
from kernel.events.catalog import EARLIEST_CREDITS
from kernel.events.catalog import Span as SpanOnTheBus

DECIMALS = 3
"""Milliseconds: finer than a picture."""

SHORTEST_INTRO_SECONDS = 1.0
"""Who is asked whether to skip less has missed it by then."""


@dataclass(frozen=True)
class Span:
    """A part of a title."""

    starts_at_seconds: float
    ends_at_seconds: float

    def on_the_bus(self) -> SpanOnTheBus:
        """The part as other domains read it."""
        return {
            "starts_at_seconds": self.starts_at_seconds,
            "ends_at_seconds": self.ends_at_seconds,
        }


@dataclass(frozen=True)
class Markers:
    """Where a title's intro and credits are, as far as somebody has marked them."""

    intro: Span | None = None
    credits_at_seconds: float | None = None
    """Where the credits begin; they run to the end."""

    def within(self, duration_seconds: float) -> Markers:
        """Those that can be true of a title of this length: another cut of it may be shorter."""
        kept = NOTHING_MARKED
        for tried in (Markers(self.intro), Markers(self.intro, self.credits_at_seconds)):
            try:
                tried.check(duration_seconds)
            except InvalidInputError:
                continue
            kept = tried
        return kept

    def check(self, duration_seconds: float) -> None:
        """InvalidInputError names the field that cannot be true, or contradicts another."""
        if self.intro is not None:
            _check_intro(self.intro, duration_seconds)
        if self.credits_at_seconds is None:
            return
        _check_moment("credits_at_seconds", self.credits_at_seconds, duration_seconds)
        if self.credits_at_seconds < EARLIEST_CREDITS * duration_seconds:
            raise InvalidInputError(
                "Credits begin in the second half of a title.", field="credits_at_seconds"
            )
        if self.intro is not None and self.intro.ends_at_seconds > self.credits_at_seconds:
            raise InvalidInputError(
                "The intro ends before the credits begin.", field="intro.ends_at_seconds"
            )


NOTHING_MARKED = Markers()


def _check_intro(intro: Span, duration_seconds: float) -> None:
    _check_moment("intro.starts_at_seconds", intro.starts_at_seconds, duration_seconds)
    _check_moment("intro.ends_at_seconds", intro.ends_at_seconds, duration_seconds)
    if intro.ends_at_seconds - intro.starts_at_seconds < SHORTEST_INTRO_SECONDS:
        raise InvalidInputError(
            "An intro ends a second or more after it starts.", field="intro.ends_at_seconds"
        )


def _check_moment(field: str, seconds: float, duration_seconds: float) -> None:
    """The very end is none: there is nothing left to skip to, or to skip."""
    if not 0 <= seconds < duration_seconds:
        raise InvalidInputError(
            f"A moment lies between 0 and the {duration_seconds:g} seconds of the title.",
            field=field,
        )


def seconds(field: str, told: object) -> float:
    """A moment as somebody wrote it; InvalidInputError for what is none."""
    moment = math.nan
    if isinstance(told, int | float) and not isinstance(told, bool):
        # JSON has whole numbers that no float reaches.
        with contextlib.suppress(OverflowError):
            moment = float(told)
    if not math.isfinite(moment):
        raise InvalidInputError("A moment is a number of seconds.", field=field)
    return round(moment, DECIMALS)
