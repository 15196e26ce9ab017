"""Telling whoever watches over accounts that guessing is held back, not once for each guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.limits import Limit
from identity.accounts.ports import Announcements, Limits
from kernel.clock import epoch_milliseconds
from kernel.events.identity import AttemptsLimited

TOLD = Limit("limited-told", timedelta(minutes=10), 1)
"""One event for each limit and subject: a guesser who goes on makes no flood on the bus."""


def take_or_tell(
    limits: Limits,
    announcements: Announcements,
    limit: Limit,
    subject: str,
    account_id: Callable[[], str],
    now: datetime,
) -> None:
    """Count an attempt; TooManyAttemptsError, of which `AttemptsLimited` tells now and then.

    The account is asked for only then.
    """
    try:
        limits.take(limit, subject, now)
    except TooManyAttemptsError:
        if _is_new(limits, limit, subject, now):
            told = AttemptsLimited(
                sequence=epoch_milliseconds(now), account_id=account_id(), limit=limit.name
            )
            announcements.tell(told, now)
        raise


def _is_new(limits: Limits, limit: Limit, subject: str, now: datetime) -> bool:
    try:
        limits.take(TOLD, f"{limit.name} {subject}", now)
    except TooManyAttemptsError:
        return False
    return True
