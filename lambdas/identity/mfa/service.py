"""The second step of a sign-in, and turning it on and off."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from identity.accounts.domain import CODE_ALPHABET
from identity.accounts.letters import Letters
from identity.accounts.limited import give_all_back
from identity.confirmation.domain import Change
from identity.domain import Account, Admitted, Proven
from identity.mfa.check import WRONG_SECOND_CODE, CodeCheck, Owner, OwnerCheck
from identity.mfa.domain import (
    CHANGED,
    PENDING_LIFE,
    RECOVERY_CHARACTERS,
    RECOVERY_CODES,
    SECRET_BYTES,
    SET_UP_LIFE,
    TOTP,
    AuthenticatorApp,
    Pending,
    StaleSignInError,
    TwoStepIsOffError,
    TwoStepIsOnError,
    WrongSecondCodeError,
    app_address,
    pending_digest,
    recovery_code,
    recovery_digest,
    sealed_secret,
    shown_secret,
    typed_digits,
)
from identity.mfa.ports import Factors, PendingSteps, SecretSeal
from identity.oauth.clients import AuthorizationRequest
from kernel.clock import Clock
from kernel.events.identity import MfaDisabled, MfaEnabled, RecoveryCodesReplaced

PAGE_SECRET_BYTES = 32
SET_UP = "set up"


class Accounts(Protocol):
    """Who exists."""

    def by_id(self, account_id: str) -> Account | None:
        """The account."""


class Admission(Protocol):
    """What lets somebody into a client."""

    def request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """What the client asks for; UnknownClientError or an OAuthError."""

    def admit(self, request: AuthorizationRequest, proven: Proven, methods: str) -> Admitted:
        """A code for the client."""


def begin_second_step(
    steps: PendingSteps, request: AuthorizationRequest, proven: Proven, clock: Clock
) -> str:
    """Wait for the second step of a sign-in; what its page carries."""
    return _waiting(steps, proven, repr(request), clock)


@dataclass(frozen=True)
class SecondStep:
    """Ends a sign-in that began with the right password."""

    accounts: Accounts
    pending: PendingSteps
    codes: CodeCheck
    admission: Admission
    clock: Clock

    def sign_in(
        self,
        request: AuthorizationRequest,
        secret: str,
        code: str,
        place: str,
        cookie: str = "",
    ) -> Admitted:
        """A code for the client; StaleSignInError, or what `CodeCheck.methods` refuses."""
        pending = _found(self.pending, secret, repr(request), self.clock)
        at = self.clock()
        account = _kept(self.accounts, pending)
        methods = self.codes.methods(account, code, place, cookie)
        return self.admission.admit(request, Proven(account, at), methods)


@dataclass(frozen=True)
class NewApp:
    """What an app is set up with, and what the page carries that asks for its first code."""

    page_secret: str
    shown_secret: str
    address: str


@dataclass(frozen=True)
class TwoStep:
    """What an owner decides about the second step: each asks for all that `OwnerCheck` does."""

    accounts: Accounts
    pending: PendingSteps
    factors: Factors
    owners: OwnerCheck
    seal: SecretSeal
    letters: Letters
    clock: Clock

    def set_up(self, owner: Owner) -> NewApp:
        """A secret for an app, good once the app has shown a code; TwoStepIsOnError."""
        proven = self.owners.account(owner, "two-step")
        account = proven.account
        if TOTP in account.factors:
            raise TwoStepIsOnError("You sign in in two steps already.")
        secret = secrets.token_bytes(SECRET_BYTES)
        sealed = sealed_secret(self.seal, account.account_id, secret)
        page_secret = _waiting(self.pending, proven, SET_UP, self.clock, sealed)
        return NewApp(page_secret, shown_secret(secret), app_address(secret, account.email))

    def confirm(self, page_secret: str, code: str, place: str, cookie: str = "") -> tuple[str, ...]:
        """Turn the second step on; the recovery codes, which nobody can show again."""
        now = self.clock()
        pending = _found(self.pending, page_secret, SET_UP, self.clock)
        account = _kept(self.accounts, pending)
        checking = self.owners.codes
        counted = checking.count(account, place, cookie)
        digits = typed_digits(code)
        step = digits and checking.step_of(account.account_id, pending.sealed_secret, digits)
        if not step:
            raise WrongSecondCodeError(WRONG_SECOND_CODE, field="code")
        give_all_back(checking.limits, counted)
        codes = _new_recovery_codes()
        self.factors.turn_on(
            account,
            AuthenticatorApp(pending.sealed_secret, step),
            _digests(account, codes),
            self.letters.write(
                MfaEnabled, account.account_id, account.language, {"to": account.email}, now
            ),
            now,
        )
        return codes

    def turn_off(self, owner: Owner) -> None:
        """Ask for the password only from now on; TwoStepIsOffError."""
        account = self._with_app(owner, "two-step-off")
        now = self.clock()
        told = self.letters.write(
            MfaDisabled, account.account_id, account.language, {"to": account.email}, now
        )
        self.factors.turn_off(account, told, now)

    def replace_recovery_codes(self, owner: Owner) -> tuple[str, ...]:
        """Ten other recovery codes instead of those before; TwoStepIsOffError."""
        account = self._with_app(owner, "recovery-codes")
        now = self.clock()
        codes = _new_recovery_codes()
        told = self.letters.write(
            RecoveryCodesReplaced, account.account_id, account.language, {"to": account.email}, now
        )
        self.factors.replace_recovery_codes(account, _digests(account, codes), told, now)
        return codes

    def _with_app(self, owner: Owner, change: Change) -> Account:
        account = self.owners.account(owner, change).account
        if TOTP not in account.factors:
            raise TwoStepIsOffError("You do not sign in in two steps.")
        return account


def _waiting(
    steps: PendingSteps, proven: Proven, purpose: str, clock: Clock, sealed_secret: str = ""
) -> str:
    now = clock()
    secret = secrets.token_urlsafe(PAGE_SECRET_BYTES)
    steps.keep(
        Pending(
            digest=pending_digest(secret, purpose),
            account_id=proven.account.account_id,
            began=proven.at,
            expires_at=now + (SET_UP_LIFE if sealed_secret else PENDING_LIFE),
            sealed_secret=sealed_secret,
        )
    )
    return secret


def _found(steps: PendingSteps, secret: str, purpose: str, clock: Clock) -> Pending:
    pending = steps.find(pending_digest(secret, purpose))
    if pending is None or pending.expires_at <= clock():
        raise StaleSignInError("That took too long. Start again.")
    return pending


def _kept(accounts: Accounts, pending: Pending) -> Account:
    account = accounts.by_id(pending.account_id)
    if account is None or not account.keeps(pending.began):
        raise StaleSignInError(CHANGED)
    return account


def _new_recovery_codes() -> tuple[str, ...]:
    most = len(CODE_ALPHABET) ** RECOVERY_CHARACTERS
    return tuple(recovery_code(secrets.randbelow(most)) for _ in range(RECOVERY_CODES))


def _digests(account: Account, codes: tuple[str, ...]) -> set[str]:
    return {recovery_digest(account.account_id, code) for code in codes}
