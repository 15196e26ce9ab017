"""Telling whoever watches over accounts that guessing is held back, not once for each guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        tell_of_limit(limits, announcements, limit, subject, account_id, now)
        raise


def tell_of_limit(
    limits: Limits,
    announcements: Announcements,
    limit: Limit,
    subject: str,
    account_id: Callable[[], str],
    now: datetime,
) -> None:
    """Tell now and then that a limit was met, which need not be kept here."""
    if _is_new(limits, limit, subject, now):
        told = AttemptsLimited(
            sequence=epoch_milliseconds(now), account_id=account_id(), limit=limit.name
        )
        announcements.tell(told, now)


Counted = Iterable[tuple[Limit, str]]
"""What an attempt counts for: limits, and whose they are."""


def take_all_or_tell(
    limits: Limits,
    announcements: Announcements,
    counted: Counted,
    account_id: Callable[[], str],
    now: datetime,
) -> None:
    """Count an attempt for each; what `take_or_tell` refuses."""
    for limit, subject in counted:
        take_or_tell(limits, announcements, limit, subject, account_id, now)


def give_all_back(limits: Limits, counted: Counted) -> None:
    """The attempt does not count after all."""
    for limit, subject in counted:
        limits.give_back(limit, subject)


def _is_new(limits: Limits, limit: Limit, subject: str, now: datetime) -> bool:
    try:
        limits.take(TOLD, f"{limit.name} {subject}", now)
    except TooManyAttemptsError:
        return False
    return True
