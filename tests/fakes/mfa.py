"""Second factors in memory, over the same accounts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from identity.domain import Account
from identity.mfa.domain import (
    TOTP,
    AuthenticatorApp,
    Pending,
    StaleSignInError,
    TwoStepIsOffError,
    TwoStepIsOnError,
)
from kernel.events import Event
from tests.fakes.identity import FakeAccounts


@dataclass
class FakePendingSteps:
    steps: dict[str, Pending] = field(default_factory=dict)

    def keep(self, pending: Pending) -> None:
        self.steps[pending.digest] = pending

    def find(self, digest: str) -> Pending | None:
        return self.steps.get(digest)


@dataclass
class FakeFactors:
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    told: list[Event] = field(default_factory=list)
    recovery: dict[str, set[str]] = field(default_factory=dict)

    @property
    def apps(self) -> dict[str, AuthenticatorApp]:
        return self.accounts.apps

    def app(self, account_id: str) -> AuthenticatorApp | None:
        return self.apps.get(account_id)

    def take_step(self, account_id: str, step: int) -> bool:
        app = self.apps.get(account_id)
        if app is None or step <= app.last_step:
            return False
        self.apps[account_id] = replace(app, last_step=step)
        return True

    def take_recovery_code(self, account_id: str, digest: str, told: Event, now: datetime) -> bool:
        left = self.recovery.get(account_id, set())
        if digest not in left:
            return False
        left.remove(digest)
        self.told.append(told)
        return True

    def turn_on(
        self,
        account: Account,
        app: AuthenticatorApp,
        recovery_digests: Collection[str],
        told: Event,
        now: datetime,
    ) -> None:
        if account.account_id in self.apps:
            raise TwoStepIsOnError("on")
        known = self.accounts.by_id(account.account_id)
        if known is not None and known.sessions_from != account.sessions_from:
            raise StaleSignInError("changed")
        self.apps[account.account_id] = app
        self.recovery[account.account_id] = set(recovery_digests)
        self._set_factors(account.account_id, frozenset([TOTP]))
        self.told.append(told)

    def turn_off(self, account: Account, told: Event, now: datetime) -> None:
        if account.account_id not in self.apps:
            raise TwoStepIsOffError("off")
        del self.apps[account.account_id]
        self.recovery.pop(account.account_id, None)
        self._set_factors(account.account_id, frozenset())
        self.told.append(told)

    def replace_recovery_codes(
        self, account: Account, digests: Collection[str], told: Event, now: datetime
    ) -> None:
        if account.account_id not in self.apps:
            raise TwoStepIsOffError("off")
        self.recovery[account.account_id] = set(digests)
        self.told.append(told)

    def _set_factors(self, account_id: str, factors: frozenset[str]) -> None:
        current = self.accounts.accounts[account_id]
        self.accounts.accounts[account_id] = replace(current, factors=factors)
