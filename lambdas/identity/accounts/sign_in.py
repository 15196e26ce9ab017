"""Telling whether somebody knows an account's password, without telling whether there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from identity.accounts.device_cookies import known_device
from identity.accounts.domain import (
    BlockedAccountError,
    ClosingAccountError,
    WrongPasswordError,
)
from identity.accounts.limited import give_all_back, take_all_or_tell
from identity.accounts.limits import (
    SIGN_IN_BY_ADDRESS,
    SIGN_IN_BY_DEVICE,
    SIGN_IN_BY_DEVICE_LASTING,
    SIGN_IN_BY_KNOWN_DEVICES,
    SIGN_IN_BY_PLACE,
    SIGN_IN_FROM_HERE,
    SIGN_IN_FROM_HERE_LASTING,
    Limit,
)
from identity.accounts.ports import Announcements, Limits, Members
from identity.domain import EMAIL_MAX_CHARACTERS, Account, Proven
from identity.ports import Passwords
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import SignInFailed

WRONG_PASSWORD = "That e-mail and password do not match. Try again."  # noqa: S105 - a sentence

CLOSING = (
    "You deleted this account. To keep it, choose a new password: “Forgot your password?” below."
)

BLOCKED = (
    "This account is blocked. The letter that we sent to its address says why, and what to do."
)

NOBODY = "acc_nobody"
"""Who failed to sign in with an address that has no account."""


@dataclass(frozen=True)
class PasswordCheck:
    """The one place where a password is compared: every form that asks for one ends here."""

    members: Members
    passwords: Passwords
    limits: Limits
    announcements: Announcements
    clock: Clock

    def account(
        self, email: str, password: str, place: str, *, cookie: str = "", device: str = ""
    ) -> Proven:
        """Whose they are; what `known` refuses, and BlockedAccountError."""
        proven = self.known(email, password, place, cookie=cookie, device=device)
        check_not_blocked(proven.account)
        return proven

    def known(
        self, email: str, password: str, place: str, *, cookie: str = "", device: str = ""
    ) -> Proven:
        """Whose they are, blocked or not.

        A browser's `cookie` may tell that the account knows it; who asks on behalf of a `device`
        of the account names it. TooManyAttemptsError before anything is compared,
        WrongPasswordError whichever of the two is wrong, ClosingAccountError to an owner who
        deleted the account.
        """
        address = email.strip().lower()
        if not (0 < len(address) <= EMAIL_MAX_CHARACTERS and password):
            # Nobody's: that costs nothing and tells nothing.
            raise WrongPasswordError(WRONG_PASSWORD)
        now = self.clock()
        # Who is to be let off the strangers' limits is looked at first; who sent no cookie is not.
        account = self.members.by_email(address) if cookie else None
        counted = _counted(address, place, device or known_device(account, cookie, now))
        take_all_or_tell(
            self.limits,
            self.announcements,
            counted,
            lambda: self._told_of(self.members.by_email(address)),
            now,
        )
        account = account if cookie else self.members.by_email(address)
        # Verified whether or not there is an account: neither answer nor time tells them apart.
        matches = self.passwords.matches(account.password_hash if account else None, password)
        if account is None or not matches:
            self._failed(account)
            raise WrongPasswordError(WRONG_PASSWORD)
        give_all_back(self.limits, counted)
        if account.deletion_due is not None:
            raise ClosingAccountError(CLOSING)
        if self.passwords.is_outdated(account.password_hash):
            upgraded = self.passwords.hash(password)
            self.members.upgrade_hash(account, upgraded)
            account = replace(account, password_hash=upgraded)
        return Proven(account, now)

    def _told_of(self, account: Account | None) -> str:
        return NOBODY if account is None else account.account_id

    def _failed(self, account: Account | None) -> None:
        now = self.clock()
        told = SignInFailed(sequence=epoch_milliseconds(now), account_id=self._told_of(account))
        self.announcements.tell(told, now)


def check_not_blocked(account: Account) -> None:
    """BlockedAccountError: only to who has proven to be the owner, for it tells of the account."""
    if account.block is not None:
        raise BlockedAccountError(BLOCKED)


def _counted(address: str, place: str, device: str) -> list[tuple[Limit, str]]:
    """What an attempt counts for, the narrowest first: what refuses early leaves others theirs."""
    if device:
        return [
            (SIGN_IN_BY_DEVICE, f"{address} {device}"),
            (SIGN_IN_BY_DEVICE_LASTING, f"{address} {device}"),
            (SIGN_IN_BY_KNOWN_DEVICES, address),
        ]
    return [
        (SIGN_IN_FROM_HERE, f"{address} {place}"),
        (SIGN_IN_FROM_HERE_LASTING, f"{address} {place}"),
        (SIGN_IN_BY_ADDRESS, address),
        (SIGN_IN_BY_PLACE, place),
    ]
