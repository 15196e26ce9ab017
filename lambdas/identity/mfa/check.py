"""The one place where a second step's code is compared."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from identity.accounts.device_cookies import known_device
from identity.accounts.letters import Letters
from identity.accounts.limited import (
    Counted,
    give_all_back,
    take_all_or_tell,
    take_or_tell,
)
from identity.accounts.limits import (
    CONFIRMATIONS_BY_PLACE,
    SECOND_STEP_BY_ACCOUNT,
    SECOND_STEP_BY_DEVICE,
    SECOND_STEP_BY_KNOWN_DEVICES,
    SECOND_STEP_BY_PLACE,
)
from identity.accounts.ports import Announcements, Limits
from identity.accounts.sign_in import NOBODY, PasswordCheck, check_not_blocked
from identity.confirmation.domain import (
    PASSKEY_NEEDED,
    STALE_CONFIRMATION,
    Change,
    PasskeyNeededError,
    StaleConfirmationError,
    confirmation_of,
)
from identity.domain import Account, Proven
from identity.mfa.domain import (
    PASSWORD_AND_CODE,
    PASSWORD_AND_RECOVERY_CODE,
    UsedCodeError,
    WrongSecondCodeError,
    matching_step,
    recovery_digest,
    seal_context,
    typed_digits,
)
from identity.mfa.ports import Factors
from identity.passkeys.challenges import Challenges
from identity.passkeys.domain import StaleCeremonyError
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import ConfirmationFailed, RecoveryCodeUsed, SecondStepFailed
from kernel.sealed import SealOpener

WRONG_SECOND_CODE = (
    "That code is not right. Enter the newest one of your app, or a recovery code that you have "
    "not used."
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
    confirmation: str = ""
    """The secret of a passkey's confirmation, which stands for all of the above."""


@dataclass(frozen=True)
class OwnerCheck:
    """Asks for all that the account's owner must know and have: what changes need (ADR 413).

    A passkey that was shown for the change is enough. Where there is one and no app, nothing less
    is: a stolen password would get its thief a passkey, and let them in for good (ADR 470).
    """

    passwords: PasswordCheck
    codes: CodeCheck
    challenges: Challenges

    def account(self, owner: Owner, change: Change) -> Proven:
        """Whose they are; BlockedAccountError, and what `known` refuses."""
        proven = self.known(owner, change)
        check_not_blocked(proven.account)
        return proven

    def known(self, owner: Owner, change: Change) -> Proven:
        """Whose they are, blocked or not.

        PasskeyNeededError; StaleConfirmationError and TooManyAttemptsError to who brings a
        confirmation; what `PasswordCheck.known` and `CodeCheck` refuse to who does not.
        """
        if owner.confirmation:
            return self._confirmed(owner, change)
        proven = self.passwords.known(owner.email, owner.password, owner.place, cookie=owner.cookie)
        if proven.account.factors:
            self.codes.methods(proven.account, owner.code, owner.place, owner.cookie)
        elif proven.account.passkeys:
            raise PasskeyNeededError(PASSKEY_NEEDED)
        return proven

    def _confirmed(self, owner: Owner, change: Change) -> Proven:
        """Whose passkey confirmed the change: once, and counted unless it did."""
        codes, now = self.codes, self.codes.clock()
        limit, place = CONFIRMATIONS_BY_PLACE, owner.place
        take_or_tell(codes.limits, codes.announcements, limit, place, lambda: NOBODY, now)
        account = self._confirmed_by(owner, change)
        if account is None:
            told = ConfirmationFailed(sequence=epoch_milliseconds(now), account_id=NOBODY)
            codes.announcements.tell(told, now)
            raise StaleConfirmationError(STALE_CONFIRMATION)
        codes.limits.give_back(limit, place)
        return Proven(account, now)

    def _confirmed_by(self, owner: Owner, change: Change) -> Account | None:
        if owner.email or owner.password or owner.code:
            # No form of ours says who it is in two ways, and they may not be the same.
            return None
        try:
            taken = self.challenges.taken(owner.confirmation, confirmation_of(change))
        except StaleCeremonyError:
            return None
        account = self.passwords.members.by_id(taken.account_id)
        return account if account is not None and account.stands_since(taken.began) else None
