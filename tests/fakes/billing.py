"""Billing's port in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from billing.domain import Subscription, UnknownAccountError
from kernel.errors import ConflictError


@dataclass
class FakeSubscriptions:
    kept: dict[str, Subscription] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    set_by: list[str] = field(default_factory=list)

    def of(self, account_id: str) -> Subscription | None:
        return self.kept.get(account_id)

    def begin(self, first: Subscription) -> None:
        if first.account_id not in self.gone:
            self.kept.setdefault(first.account_id, first)

    def change(self, changed: Subscription, by: str) -> None:
        if changed.account_id in self.gone:
            raise UnknownAccountError("There is no such account.", account_id=changed.account_id)
        known = self.of(changed.account_id)
        if known is not None and known.sequence >= changed.sequence:
            raise ConflictError("The plan was changed in this moment, too; look again.")
        self.kept[changed.account_id] = changed
        self.set_by.append(by)

    def forget(self, account_id: str, now: datetime) -> None:
        self.gone.add(account_id)
        self.kept.pop(account_id, None)
