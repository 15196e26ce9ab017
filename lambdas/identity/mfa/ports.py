"""What second factors need of the world."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from identity.domain import Account
from identity.mfa.domain import AuthenticatorApp, Pending
from kernel.events import Event
from kernel.sealed import Seal, SealOpener


class SecretSeal(Seal, SealOpener, Protocol):
    """Closes and opens an app's secret."""


class PendingSteps(Protocol):
    """Pages that wait for a code."""

    def keep(self, pending: Pending) -> None:
        """Record a page."""

    def find(self, digest: str) -> Pending | None:
        """The page, whether or not its time is over."""


class Factors(Protocol):
    """The second factors of accounts, changed together with what is told of the change."""

    def app(self, account_id: str) -> AuthenticatorApp | None:
        """The account's authenticator app."""

    def take_step(self, account_id: str, step: int) -> bool:
        """Take the code of that step, exactly once; False when it or a later one was taken."""

    def take_recovery_code(self, account_id: str, digest: str, told: Event, now: datetime) -> bool:
        """Take a recovery code, exactly once; False when it is none, or was taken."""

    def turn_on(
        self,
        account: Account,
        app: AuthenticatorApp,
        recovery_digests: Collection[str],
        told: Event,
        now: datetime,
    ) -> None:
        """Ask for a second step from now on, with recovery codes or none; TwoStepIsOnError, or
        StaleSignInError when the account's sign-ins have ended since it was read."""

    def turn_off(self, account: Account, told: Event, now: datetime) -> None:
        """Forget the app and the recovery codes; TwoStepIsOffError."""

    def replace_recovery_codes(
        self, account: Account, digests: Collection[str], told: Event, now: datetime
    ) -> None:
        """Only these codes are good from now on; TwoStepIsOffError."""
