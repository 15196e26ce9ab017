"""Billing's use cases."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from billing.domain import HOUSE, SMALLEST, Plan, Subscription, UnknownAccountError, plan_named
from billing.ports import Subscriptions
from kernel.clock import Clock
from kernel.errors import ConflictError
from kernel.ids import names_one

TRIES = 3
"""How often a change reads its clock: what was told in the same moment is older the next time."""


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
        """Give an account another plan, as `by` of staff wants; UnknownAccountError,
        InvalidInputError for the plan, or ConflictError while others change it, too."""
        _check(account_id)
        wanted = plan_named(plan)
        for _ in range(TRIES - 1):
            with suppress(ConflictError):
                return self._change(account_id, wanted, by)
        return self._change(account_id, wanted, by)

    def begin(self, account_id: str) -> None:
        """A new account has the smallest plan; hearing of it again changes nothing."""
        self.subscriptions.begin(Subscription(account_id, SMALLEST, self.clock()))

    def begin_house(self, account_id: str) -> None:
        """An account that an operator made has the plan for these, unless it has one."""
        self.subscriptions.begin(Subscription(account_id, HOUSE, self.clock()))

    def forget(self, account_id: str) -> None:
        """The account is gone for good."""
        self.subscriptions.forget(account_id, self.clock())

    def _change(self, account_id: str, plan: Plan, by: str) -> Subscription:
        changed = Subscription(account_id, plan, self.clock())
        self.subscriptions.change(changed, by)
        return changed


def _check(account_id: str) -> None:
    if not names_one(account_id, "acc"):
        raise UnknownAccountError("There is no such account.", account_id=account_id)
