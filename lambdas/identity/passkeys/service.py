"""Signing in with a passkey, and what owners do with theirs."""

from __future__ import annotations

from dataclasses import dataclass

from identity.accounts.domain import ClosingAccountError
from identity.accounts.letters import Letters
from identity.accounts.sign_in import CLOSING, check_not_blocked
from identity.domain import Account, Admitted
from identity.mfa.check import Owner, OwnerCheck
from identity.oauth.clients import AuthorizationRequest
from identity.passkeys.challenges import Challenges
from identity.passkeys.check import PasskeyCheck
from identity.passkeys.domain import (
    METHODS,
    STALE,
    UNKNOWN,
    Passkey,
    StaleCeremonyError,
    UnknownPasskeyError,
    checked_name,
    creation_options,
    passkey_id,
    read_response,
)
from identity.passkeys.ports import Admission, Passkeys, Verifier
from identity.ports import Accounts
from kernel.clock import Clock
from kernel.events.identity import PasskeyAdded, PasskeyRemoved, SignInFailed

SIGN_IN = "sign_in"
"""What a challenge is for."""


@dataclass(frozen=True)
class PasskeySignIn:
    """Lets in whoever holds a passkey and is known to its device: there is nothing to type."""

    check: PasskeyCheck
    admission: Admission

    def options(self, place: str) -> dict[str, object]:
        """What a browser asks its authenticators; TooManyAttemptsError."""
        return self.check.options(SIGN_IN, place)

    def sign_in(self, request: AuthorizationRequest, sent: str, cookie: str = "") -> Admitted:
        """A code for the client.

        ClosingAccountError, BlockedAccountError, and what `PasskeyCheck.proven` refuses.
        """
        proven = self.check.proven(sent, SIGN_IN, SignInFailed, cookie)
        account = proven.account
        if account.deletion_due is not None:
            raise ClosingAccountError(CLOSING)
        check_not_blocked(account)
        if not account.keeps(proven.since):
            raise StaleCeremonyError(STALE)
        return self.admission.admit(request, proven, METHODS)


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
        return self.challenges.page("manage", self.owners.account(owner, "passkeys"))

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
