"""Billing's use cases."""

from __future__ import annotations

from dataclasses import dataclass

from billing.domain import HOUSE, SMALLEST, Subscription, UnknownAccountError, plan_named
from billing.ports import Subscriptions
from kernel.clock import Clock
from kernel.ids import names_one


@dataclass(frozen=True)
class Billing:
    """Plans of accounts."""

    subscriptions: Subscriptions
    clock: Clock

    def subscription(self, account_id: str) -> Subscription:
        """The account's; before billing has heard of it, the smallest plan as of now."""
        _check(account_id)
        known = self.subscriptions.of(account_id)
        return known or Subscription(account_id, SMALLEST, self.clock())

    def set_plan(self, account_id: str, plan: object, by: str) -> Subscription:
        """Give an account another plan, as `by` of staff wants; UnknownAccountError, or
        InvalidInputError for the plan."""
        _check(account_id)
        changed = Subscription(account_id, plan_named(plan), self.clock())
        self.subscriptions.change(changed, by)
        return changed

    def begin(self, account_id: str) -> None:
        """A new account has the smallest plan; hearing of it again changes nothing."""
        self.subscriptions.begin(Subscription(account_id, SMALLEST, self.clock()))

    def begin_house(self, account_id: str) -> None:
        """An account that an operator made has the plan for these, unless it has one."""
        self.subscriptions.begin(Subscription(account_id, HOUSE, self.clock()))

    def forget(self, account_id: str) -> None:
        """The account is gone for good."""
        self.subscriptions.forget(account_id, self.clock())


def _check(account_id: str) -> None:
    if not names_one(account_id, "acc"):
        raise UnknownAccountError("There is no such account.", account_id=account_id)
