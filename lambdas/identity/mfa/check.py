"""The one place where a second step's code is compared."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from identity.accounts.device_cookies import known_device
from identity.accounts.letters import Letters
from identity.accounts.limited import Counted, give_all_back, take_all_or_tell
from identity.accounts.limits import (
    SECOND_STEP_BY_ACCOUNT,
    SECOND_STEP_BY_DEVICE,
    SECOND_STEP_BY_KNOWN_DEVICES,
    SECOND_STEP_BY_PLACE,
)
from identity.accounts.ports import Announcements, Limits
from identity.accounts.sign_in import PasswordCheck, check_not_blocked
from identity.domain import Account
from identity.mfa.domain import (
    PASSWORD_AND_CODE,
    PASSWORD_AND_RECOVERY_CODE,
    PasskeyOnlyError,
    UsedCodeError,
    WrongSecondCodeError,
    matching_step,
    recovery_digest,
    seal_context,
    typed_digits,
)
from identity.mfa.ports import Factors
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import RecoveryCodeUsed, SecondStepFailed
from kernel.sealed import SealOpener

WRONG_SECOND_CODE = (
    "That code is not right. Enter the newest one of your app, or a recovery code that you have "
    "not used."
)

PASSKEY_ONLY = (
    "This staff account has a passkey, and a password is not enough to change it. Ask an operator "
    "for an authenticator app. Or choose a new password by mail (“Forgot your password?”): that "
    "removes the passkeys. Then turn on two steps first."
)


@dataclass(frozen=True)
class CodeCheck:
    """Compares codes with what an account's app would show, and with its recovery codes."""

    factors: Factors
    seal: SealOpener
    limits: Limits
    announcements: Announcements
    letters: Letters
    clock: Clock

    def methods(self, account: Account, code: str, place: str, cookie: str = "") -> str:
        """How somebody who also gave the password has proven to be the owner (RFC 8176).

        TooManyAttemptsError before anything is compared, WrongSecondCodeError, UsedCodeError.
        """
        now = self.clock()
        counted = self.count(account, place, cookie)
        digits = typed_digits(code)
        try:
            methods = (
                self._by_recovery_code(account, code)
                if digits is None
                else self._by_app(account, digits)
            )
        except UsedCodeError:
            # No guess: whoever has it saw it.
            give_all_back(self.limits, counted)
            raise
        if methods is None:
            failed = SecondStepFailed(
                sequence=epoch_milliseconds(now), account_id=account.account_id
            )
            self.announcements.tell(failed, now)
            raise WrongSecondCodeError(WRONG_SECOND_CODE, field="code")
        give_all_back(self.limits, counted)
        return methods

    def count(self, account: Account, place: str, cookie: str) -> Counted:
        """Count an attempt, and say what for; TooManyAttemptsError."""
        now = self.clock()
        device = known_device(account, cookie, now)
        counted = (
            (
                (SECOND_STEP_BY_DEVICE, f"{account.account_id} {device}"),
                (SECOND_STEP_BY_KNOWN_DEVICES, account.account_id),
            )
            if device
            else ((SECOND_STEP_BY_ACCOUNT, account.account_id), (SECOND_STEP_BY_PLACE, place))
        )
        take_all_or_tell(self.limits, self.announcements, counted, lambda: account.account_id, now)
        return counted

    def step_of(self, account_id: str, sealed_secret: str, digits: str) -> int | None:
        """The step at which an app with that secret shows these digits."""
        opened = self.seal.open(sealed_secret, seal_context(account_id))
        return matching_step(base64.b32decode(opened["secret"]), digits, self.clock())

    def _by_app(self, account: Account, digits: str) -> str | None:
        app = self.factors.app(account.account_id)
        if app is None:
            return None
        step = self.step_of(account.account_id, app.sealed_secret, digits)
        if step is None:
            return None
        if not self.factors.take_step(account.account_id, step):
            raise UsedCodeError(
                "That code was used already. Wait until your app shows the next one.", field="code"
            )
        return PASSWORD_AND_CODE

    def _by_recovery_code(self, account: Account, code: str) -> str | None:
        now = self.clock()
        facts = {"to": account.email, "when": f"{now:%Y-%m-%d %H:%M} UTC"}
        used = self.letters.write(
            RecoveryCodeUsed, account.account_id, account.language, facts, now
        )
        digest = recovery_digest(account.account_id, code)
        taken = self.factors.take_recovery_code(account.account_id, digest, used, now)
        return PASSWORD_AND_RECOVERY_CODE if taken else None


@dataclass(frozen=True)
class Owner:
    """What somebody says to prove that an account is theirs."""

    email: str
    password: str
    place: str
    code: str = ""
    """Of the second step; empty from who has none."""
    cookie: str = ""
    """By which the account may know the browser (`accounts.device_cookies`)."""


@dataclass(frozen=True)
class OwnerCheck:
    """Asks for all that the account's owner must know and have: what changes need (ADR 413).

    Of a staff account that has a passkey that is never the password alone, which would get its
    thief a passkey, and by that staff access (ADR 468).
    """

    passwords: PasswordCheck
    codes: CodeCheck

    def account(self, owner: Owner) -> Account:
        """Whose they are; BlockedAccountError, and what `known` refuses."""
        account = self.known(owner)
        check_not_blocked(account)
        return account

    def known(self, owner: Owner) -> Account:
        """Whose they are, blocked or not.

        PasskeyOnlyError, and what `PasswordCheck.known` and `CodeCheck` refuse.
        """
        account = self.passwords.known(
            owner.email, owner.password, owner.place, cookie=owner.cookie
        )
        if account.factors:
            self.codes.methods(account, owner.code, owner.place, owner.cookie)
        elif account.passkeys and "staff" in account.scopes:
            raise PasskeyOnlyError(PASSKEY_ONLY)
        return account
