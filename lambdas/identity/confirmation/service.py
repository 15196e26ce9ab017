"""Confirming a change of an account by a passkey."""

from __future__ import annotations

from dataclasses import dataclass

from identity.accounts.domain import ClosingAccountError
from identity.accounts.sign_in import CLOSING
from identity.confirmation.domain import (
    CONFIRMATION_LIFE,
    Change,
    asking_for,
    confirmation_of,
)
from identity.passkeys.check import PasskeyCheck
from identity.passkeys.domain import STALE, StaleCeremonyError
from kernel.events.identity import ConfirmationFailed


@dataclass(frozen=True)
class Confirmation:
    """What the form of a change carries, and whose passkey it was."""

    secret: str
    email: str


@dataclass(frozen=True)
class Confirming:
    """Gives a confirmation, for one change of one account, to whoever holds its passkey."""

    check: PasskeyCheck

    def options(self, change: Change, place: str) -> dict[str, object]:
        """What a browser asks its authenticators; TooManyAttemptsError."""
        return self.check.options(asking_for(change), place)

    def confirm(self, change: Change, sent: str, cookie: str = "") -> Confirmation:
        """What `OwnerCheck` takes in place of a password.

        ClosingAccountError, and what `PasskeyCheck.proven` refuses. A blocked account is not
        refused here: its owner still takes their data and deletes it (ADR 465).
        """
        proven = self.check.proven(sent, asking_for(change), ConfirmationFailed, cookie)
        account = proven.account
        if account.deletion_due is not None:
            raise ClosingAccountError(CLOSING)
        if not account.stands_since(proven.since):
            raise StaleCeremonyError(STALE)
        secret = self.check.challenges.page(confirmation_of(change), proven, CONFIRMATION_LIFE)
        return Confirmation(secret, account.email)
