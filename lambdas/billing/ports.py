"""What billing needs of the world."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from billing.domain import Subscription


class Subscriptions(Protocol):
    """One subscription per account; each change is told in the transaction that makes it."""

    def of(self, account_id: str) -> Subscription | None:
        """The account's subscription; None before the first and after the account is gone."""

    def begin(self, first: Subscription) -> None:
        """Record an account's first subscription, unless it has one or is gone."""

    def change(self, changed: Subscription, by: str) -> None:
        """Record another one that `by` set; UnknownAccountError when the account is gone,
        ConflictError when the recorded one is as new, or was told again as late: a moment later
        it succeeds."""

    def forget(self, account_id: str, now: datetime) -> None:
        """Keep nothing of an account but that it is gone, for `REMEMBERED_GONE`."""

    def tell_again(self, subscription: Subscription, now: datetime) -> bool:
        """Publish a subscription as it is, newer than all that was told of it; False when it has
        changed since it was read, or was told as late: then there is nothing to add."""
