"""Signing in with a passkey, and what owners do with theirs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from identity.accounts.device_cookies import known_device
from identity.accounts.domain import ClosingAccountError
from identity.accounts.letters import Letters
from identity.accounts.limited import take_or_tell
from identity.accounts.limits import (
    PASSKEYS_BY_ACCOUNT,
    PASSKEYS_BY_DEVICE,
    PASSKEYS_BY_PLACE,
    Limit,
)
from identity.accounts.ports import Announcements, Limits
from identity.accounts.sign_in import CLOSING, NOBODY, check_not_blocked
from identity.domain import Account, Admitted
from identity.mfa.check import Owner, OwnerCheck
from identity.oauth.clients import AuthorizationRequest
from identity.oauth.grants import SECRET_BYTES
from identity.passkeys.domain import (
    CEREMONY_LIFE,
    METHODS,
    REFUSED,
    STALE,
    UNKNOWN,
    Ceremony,
    Passkey,
    Purpose,
    RefusedPasskeyError,
    StaleCeremonyError,
    UnknownPasskeyError,
    ceremony_digest,
    checked_name,
    creation_options,
    passkey_id,
    read_response,
    request_options,
)
from identity.passkeys.ports import Admission, Ceremonies, Passkeys, Verifier
from identity.ports import Accounts
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import PasskeyAdded, PasskeyRemoved, SignInFailed


@dataclass(frozen=True)
class Challenges:
    """Begins ceremonies and ends them."""

    ceremonies: Ceremonies
    clock: Clock

    def new(self, purpose: Purpose, account_id: str = "") -> str:
        """A secret, or challenge, for one purpose and account."""
        now = self.clock()
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self.ceremonies.begin(
            Ceremony(ceremony_digest(secret, purpose), account_id, now, now + CEREMONY_LIFE)
        )
        return secret

    def found(self, secret: str, purpose: Purpose) -> Ceremony:
        """What was begun and goes on; StaleCeremonyError."""
        return self._current(self.ceremonies.find(ceremony_digest(secret, purpose)))

    def taken(self, secret: str, purpose: Purpose) -> Ceremony:
        """What was begun and ends now; StaleCeremonyError the second time."""
        return self._current(self.ceremonies.take(ceremony_digest(secret, purpose)))

    def owner(self, secret: str, purpose: Purpose, accounts: Accounts) -> Account:
        """Whose page it is; StaleCeremonyError, also once the account has ended its sign-ins."""
        ceremony = self.found(secret, purpose)
        account = accounts.by_id(ceremony.account_id)
        if account is None or not account.keeps(ceremony.began):
            raise StaleCeremonyError(STALE)
        return account

    def _current(self, ceremony: Ceremony | None) -> Ceremony:
        if ceremony is None or ceremony.expires_at <= self.clock():
            raise StaleCeremonyError(STALE)
        return ceremony


@dataclass(frozen=True)
class PasskeySignIn:
    """Lets in whoever holds a passkey and is known to its device: there is nothing to type."""

    accounts: Accounts
    passkeys: Passkeys
    challenges: Challenges
    verifier: Verifier
    admission: Admission
    announcements: Announcements
    limits: Limits
    rp_id: str
    clock: Clock

    def options(self, place: str) -> dict[str, object]:
        """What a browser asks its authenticators; TooManyAttemptsError."""
        self._count(PASSKEYS_BY_PLACE, place, NOBODY)
        return request_options(self.rp_id, self.challenges.new("sign_in"))

    def sign_in(self, request: AuthorizationRequest, sent: str, cookie: str = "") -> Admitted:
        """A code for the client.

        StaleCeremonyError, RefusedPasskeyError, TooManyAttemptsError before anything is verified,
        ClosingAccountError, BlockedAccountError.
        """
        response = read_response(sent)
        ceremony = self.challenges.taken(response.challenge, "sign_in")
        passkey = self.passkeys.find(response.account_id, response.passkey_id)
        account = None if passkey is None else self.accounts.by_id(passkey.account_id)
        if passkey is None or account is None:
            raise RefusedPasskeyError(REFUSED)
        device = known_device(account, cookie, self.clock())
        limit, subject = (
            (PASSKEYS_BY_DEVICE, f"{account.account_id} {device}")
            if device
            else (PASSKEYS_BY_ACCOUNT, account.account_id)
        )
        self._count(limit, subject, account.account_id)
        try:
            assertion = self.verifier.assertion(
                response.sent, response.challenge, passkey.credential
            )
            # Section 6.1.1: a counter that stands still or goes back tells of a copy.
            if not self.passkeys.use(passkey, assertion, self.clock()):
                raise RefusedPasskeyError(REFUSED)
        except RefusedPasskeyError:
            self._failed(account)
            raise
        self.limits.give_back(limit, subject)
        if account.deletion_due is not None:
            raise ClosingAccountError(CLOSING)
        check_not_blocked(account)
        if not account.keeps(ceremony.began):
            raise StaleCeremonyError(STALE)
        return self.admission.admit(request, account, METHODS)

    def _count(self, limit: Limit, subject: str, account_id: str) -> None:
        now = self.clock()
        take_or_tell(self.limits, self.announcements, limit, subject, lambda: account_id, now)

    def _failed(self, account: Account) -> None:
        now = self.clock()
        self.announcements.tell(
            SignInFailed(sequence=epoch_milliseconds(now), account_id=account.account_id), now
        )


@dataclass(frozen=True)
class Shown:
    """What the page of an account's passkeys is made of."""

    passkeys: tuple[Passkey, ...]
    options: dict[str, object]
    """What a browser asks its authenticators to make another one."""


@dataclass(frozen=True)
class OwnPasskeys:
    """What an owner does with their passkeys, after proving once who they are.

    What they prove is good for a page of some minutes: its secret travels in its forms, in no
    cookie, and no other site can send it.
    """

    owners: OwnerCheck
    accounts: Accounts
    passkeys: Passkeys
    challenges: Challenges
    verifier: Verifier
    letters: Letters
    rp_id: str
    clock: Clock

    def enter(self, owner: Owner) -> str:
        """The page's secret; what `OwnerCheck` refuses."""
        account = self.owners.account(owner)
        return self.challenges.new("manage", account.account_id)

    def shown(self, secret: str) -> Shown:
        """The account's passkeys; StaleCeremonyError."""
        account = self._owner(secret)
        passkeys = tuple(
            sorted(self.passkeys.of(account.account_id), key=lambda each: each.created_at)
        )
        challenge = self.challenges.new("add", account.account_id)
        return Shown(passkeys, creation_options(self.rp_id, account, passkeys, challenge))

    def add(self, secret: str, name: str, sent: str) -> None:
        """Another passkey; also KnownPasskeyError, TooManyPasskeysError."""
        account = self._owner(secret)
        called = checked_name(name)
        response = read_response(sent)
        if self.challenges.taken(response.challenge, "add").account_id != account.account_id:
            raise StaleCeremonyError(STALE)
        made = self.verifier.new_credential(response.sent, response.challenge)
        now = self.clock()
        passkey = Passkey(
            passkey_id=passkey_id(made.credential_id),
            account_id=account.account_id,
            name=called,
            credential=made.credential,
            credential_id=made.credential_id,
            sign_count=made.sign_count,
            is_backed_up=made.is_backed_up,
            created_at=now.replace(microsecond=0),
        )
        facts = {"to": account.email, "name": called}
        told = self.letters.write(PasskeyAdded, account.account_id, account.language, facts, now)
        self.passkeys.add(account, passkey, told, now)

    def rename(self, secret: str, wanted: str, name: str) -> None:
        """Call a passkey something else; also UnknownPasskeyError."""
        passkey = self._own(self._owner(secret), wanted)
        self.passkeys.rename(passkey.account_id, passkey.passkey_id, checked_name(name))

    def remove(self, secret: str, wanted: str) -> None:
        """Nobody signs in with that passkey any more; also UnknownPasskeyError."""
        account = self._owner(secret)
        passkey = self._own(account, wanted)
        now = self.clock()
        facts = {"to": account.email, "name": passkey.name}
        told = self.letters.write(PasskeyRemoved, account.account_id, account.language, facts, now)
        self.passkeys.remove(account.account_id, passkey.passkey_id, told, now)

    def _own(self, account: Account, wanted: str) -> Passkey:
        for passkey in self.passkeys.of(account.account_id):
            if passkey.passkey_id == wanted:
                return passkey
        raise UnknownPasskeyError(UNKNOWN)

    def _owner(self, secret: str) -> Account:
        return self.challenges.owner(secret, "manage", self.accounts)
