"""Billing's port in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from billing.domain import Subscription, UnknownAccountError
from kernel.clock import epoch_milliseconds
from kernel.errors import ConflictError


@dataclass
class FakeSubscriptions:
    kept: dict[str, Subscription] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    set_by: list[str] = field(default_factory=list)
    told_again: dict[str, int] = field(default_factory=dict)
    """Sequences, of the recorded subscription alone."""

    def of(self, account_id: str) -> Subscription | None:
        return self.kept.get(account_id)

    def begin(self, first: Subscription) -> None:
        if first.account_id not in self.gone:
            self.kept.setdefault(first.account_id, first)

    def change(self, changed: Subscription, by: str) -> None:
        if changed.account_id in self.gone:
            raise UnknownAccountError("There is no such account.", account_id=changed.account_id)
        if self._last_told(changed.account_id) >= changed.sequence:
            raise ConflictError("The plan was changed in this moment, too; look again.")
        self.kept[changed.account_id] = changed
        self.told_again.pop(changed.account_id, None)
        self.set_by.append(by)

    def forget(self, account_id: str, now: datetime) -> None:
        self.gone.add(account_id)
        self.kept.pop(account_id, None)

    def tell_again(self, subscription: Subscription, now: datetime) -> bool:
        account_id, sequence = subscription.account_id, epoch_milliseconds(now)
        if self.of(account_id) != subscription or self._last_told(account_id) >= sequence:
            return False
        self.told_again[account_id] = sequence
        return True

    def _last_told(self, account_id: str) -> int:
        known = self.of(account_id)
        return self.told_again.get(account_id, 0 if known is None else known.sequence)
