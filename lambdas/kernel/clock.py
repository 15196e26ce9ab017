"""Where the time comes from: handlers pass `utc_now` in, tests pass their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the present moment, with its zone."""


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def epoch_milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, the unit of every event's `sequence`."""
    return round(moment.timestamp() * 1000)


def moment_of(milliseconds: int) -> datetime:
    """The moment behind `epoch_milliseconds`, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
