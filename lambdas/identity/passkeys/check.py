"""The one place where what a passkey signed is verified: of a sign-in, and of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from identity.accounts.device_cookies import known_device
from identity.accounts.limited import take_or_tell
from identity.accounts.limits import (
    PASSKEYS_BY_ACCOUNT,
    PASSKEYS_BY_DEVICE,
    PASSKEYS_BY_PLACE,
    Limit,
)
from identity.accounts.ports import Announcements, Limits
from identity.accounts.sign_in import NOBODY
from identity.domain import Proven
from identity.passkeys.challenges import Challenges
from identity.passkeys.domain import REFUSED, RefusedPasskeyError, read_response, request_options
from identity.passkeys.ports import Passkeys, Verifier
from identity.ports import Accounts
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import AccountEvent


@dataclass(frozen=True)
class PasskeyProof(Proven):
    """Somebody holds a passkey of the account, and its device knew them."""

    since: datetime
    """When the challenge was made that it signed."""


@dataclass(frozen=True)
class PasskeyCheck:
    """Asks for a signature, and says whose it is."""

    accounts: Accounts
    passkeys: Passkeys
    challenges: Challenges
    verifier: Verifier
    announcements: Announcements
    limits: Limits
    rp_id: str
    clock: Clock

    def options(self, purpose: str, place: str) -> dict[str, object]:
        """What a browser asks its authenticators; TooManyAttemptsError."""
        self._count(PASSKEYS_BY_PLACE, place, NOBODY)
        return request_options(self.rp_id, self.challenges.new(purpose))

    def proven(
        self, sent: str, purpose: str, failed: type[AccountEvent], cookie: str = ""
    ) -> PasskeyProof:
        """Whose passkey answered a challenge of that purpose, once.

        StaleCeremonyError, RefusedPasskeyError, of which `failed` tells where it is known whose it
        is, and TooManyAttemptsError before anything is verified.
        """
        now, response = self.clock(), read_response(sent)
        ceremony = self.challenges.taken(response.challenge, purpose)
        passkey = self.passkeys.find(response.account_id, response.passkey_id)
        account = None if passkey is None else self.accounts.by_id(passkey.account_id)
        if passkey is None or account is None:
            raise RefusedPasskeyError(REFUSED)
        account_id = account.account_id
        device = known_device(account, cookie, now)
        limit, subject = (
            (PASSKEYS_BY_DEVICE, f"{account_id} {device}")
            if device
            else (PASSKEYS_BY_ACCOUNT, account_id)
        )
        self._count(limit, subject, account_id)
        try:
            assertion = self.verifier.assertion(
                response.sent, response.challenge, passkey.credential
            )
            # Section 6.1.1: a counter that stands still or goes back tells of a copy.
            if not self.passkeys.use(passkey, assertion, now):
                raise RefusedPasskeyError(REFUSED)
        except RefusedPasskeyError:
            told = failed(sequence=epoch_milliseconds(now), account_id=account_id)
            self.announcements.tell(told, now)
            raise
        self.limits.give_back(limit, subject)
        return PasskeyProof(account, now, ceremony.began)

    def _count(self, limit: Limit, subject: str, account_id: str) -> None:
        now = self.clock()
        take_or_tell(self.limits, self.announcements, limit, subject, lambda: account_id, now)
