"""Challenges, pages and confirmations: begun for one purpose, good for some minutes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from identity.domain import Account, Proven
from identity.oauth.grants import SECRET_BYTES
from identity.passkeys.domain import (
    CEREMONY_LIFE,
    STALE,
    Ceremony,
    StaleCeremonyError,
    ceremony_digest,
)
from identity.passkeys.ports import Ceremonies
from identity.ports import Accounts
from kernel.clock import Clock


@dataclass(frozen=True)
class Challenges:
    """Begins ceremonies and ends them."""

    ceremonies: Ceremonies
    clock: Clock

    def new(self, purpose: str, account_id: str = "") -> str:
        """A challenge for one purpose and account."""
        now = self.clock()
        return self._begun(purpose, account_id, now, now + CEREMONY_LIFE)

    def page(self, purpose: str, proven: Proven, life: timedelta = CEREMONY_LIFE) -> str:
        """A secret for one purpose of an account's owner: begun when they were known."""
        return self._begun(purpose, proven.account.account_id, proven.at, self.clock() + life)

    def found(self, secret: str, purpose: str) -> Ceremony:
        """What was begun and goes on; StaleCeremonyError."""
        return self._current(self.ceremonies.find(ceremony_digest(secret, purpose)))

    def taken(self, secret: str, purpose: str) -> Ceremony:
        """What was begun and ends now; StaleCeremonyError the second time."""
        return self._current(self.ceremonies.take(ceremony_digest(secret, purpose)))

    def owner(self, secret: str, purpose: str, accounts: Accounts) -> Account:
        """Whose page it is; StaleCeremonyError, also once the account has ended its sign-ins."""
        ceremony = self.found(secret, purpose)
        account = accounts.by_id(ceremony.account_id)
        if account is None or not account.keeps(ceremony.began):
            raise StaleCeremonyError(STALE)
        return account

    def _begun(self, purpose: str, account_id: str, began: datetime, until: datetime) -> str:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self.ceremonies.begin(Ceremony(ceremony_digest(secret, purpose), account_id, began, until))
        return secret

    def _current(self, ceremony: Ceremony | None) -> Ceremony:
        if ceremony is None or ceremony.expires_at <= self.clock():
            raise StaleCeremonyError(STALE)
        return ceremony
