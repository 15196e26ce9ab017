"""Who asks the OAuth endpoints in vain, and how often: a good token is not counted and never waits.

What they compare are 256 random bits, which nobody guesses: what is limited is how much work is
done for nothing. So counting comes after a refusal, and the good path has no round trip for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.limited import take_or_tell
from identity.accounts.limits import Limit
from identity.accounts.ports import Announcements, Limits
from identity.accounts.sign_in import NOBODY
from identity.oauth.device_grants import AuthorizationPendingError
from identity.oauth.errors import OAuthError
from kernel.clock import Clock

MOST_PLACES = 1_000
"""Places that one warm function remembers to be over the limit: some 100 KB."""

Answer = TypeVar("Answer")


@dataclass
class Refusals:
    """Counts one endpoint's refusals by the place they went to."""

    limits: Limits
    announcements: Announcements
    limit: Limit
    clock: Clock
    _free_at: dict[str, datetime] = field(default_factory=dict)
    """When a place that is over the limit may be refused in words again: until then the function
    that knows of it counts nothing, so that being asked in vain costs no write."""

    def counting(
        self,
        place: str,
        work: Callable[[], Answer],
        tell: Callable[[OAuthError], None] = lambda _error: None,
    ) -> Answer:
        """What the work answers. TooManyAttemptsError in place of its refusal, to a place that
        was refused too often; nothing else becomes of a place's good requests.

        A refusal can be told of: after it was counted, so that a place makes no flood of that.
        """
        try:
            return work()
        except AuthorizationPendingError:
            # What a device is to ask for again and again; asking too soon is a SlowDownError.
            raise
        except OAuthError as error:
            try:
                self.count(place)
            except TooManyAttemptsError as too_many:
                raise too_many from error
            tell(error)
            raise

    def count(self, place: str) -> None:
        """Count something done for nothing; TooManyAttemptsError."""
        now = self.clock()
        free_at = self._free_at.get(place)
        if free_at is not None and now < free_at:
            raise TooManyAttemptsError(-((now - free_at) // timedelta(seconds=1)))
        try:
            # What is refused here is nobody's: a place is all that is known of who asks.
            take_or_tell(self.limits, self.announcements, self.limit, place, lambda: NOBODY, now)
        except TooManyAttemptsError as error:
            if len(self._free_at) >= MOST_PLACES:
                self._free_at.clear()
            self._free_at[place] = now + timedelta(seconds=error.retry_after_seconds)
            raise
