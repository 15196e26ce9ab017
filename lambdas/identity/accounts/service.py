"""Getting an account, keeping it, leaving it: one public method for each form.

No answer, and no amount of work, tells whether an address has an account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from identity.accounts.codes import Codes
from identity.accounts.device_cookies import known_device
from identity.accounts.domain import (
    DELETION_GRACE,
    WRONG_CODE,
    WrongCodeError,
    deliverable_email,
)
from identity.accounts.letters import Letters
from identity.accounts.passwords import new_password
from identity.accounts.ports import Members
from identity.domain import Account, EmailTakenError, Proven
from identity.mfa.check import Owner, OwnerCheck
from identity.ports import Passwords
from kernel.clock import Clock, epoch_milliseconds
from kernel.events import Event
from kernel.events.identity import (
    AccountCreated,
    AccountDeletionRequested,
    AccountRestored,
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    KnownAddressSignedUp,
    LetterEvent,
    PasswordChanged,
    PasswordResetRequested,
)
from kernel.ids import new_id

Kind = TypeVar("Kind", bound=LetterEvent)


@dataclass(frozen=True)
class SignUp:
    """A new account, once its address is proven: until then there is none."""

    members: Members
    passwords: Passwords
    codes: Codes
    letters: Letters
    clock: Clock

    def request(self, email: str, password: str, language: str, place: str) -> str:
        """Send a code, or to an address with an account word of that; the page's secret."""
        address = deliverable_email(email)
        new_password(password, address)
        new = self.codes.new(address, place)
        known = self.members.by_email(address)
        now = self.clock()
        account_id = new_id("acc", now) if known is None else known.account_id
        told = self.letters.write(
            EmailVerificationRequested if known is None else KnownAddressSignedUp,
            account_id,
            language if known is None else known.language,
            {"to": address, "code": new.code},
            now,
        )
        self.codes.open(
            new,
            "sign_up",
            account_id=account_id,
            email=address,
            password_hash=self.passwords.hash(password),
            language=language,
            told=told,
            answerable=known is None,
        )
        return new.secret

    def confirm(self, secret: str, code: str, place: str) -> Account:
        """The new account; WrongCodeError."""
        proven = self.codes.answer(secret, code, "sign_up", place)
        now = self.clock()
        account = Account(
            account_id=proven.account_id,
            email=proven.email,
            password_hash=proven.password_hash,
            scopes=("member",),
            profile_id=new_id("prf", now),
            created_at=now.replace(microsecond=0),
            language=proven.language,
        )
        told = AccountCreated(
            sequence=epoch_milliseconds(now),
            account_id=account.account_id,
            profile_id=account.profile_id,
        )
        try:
            self.members.create(account, told, now)
        except EmailTakenError as error:
            # Two codes were sent before either was entered.
            raise WrongCodeError(WRONG_CODE) from error
        return account


@dataclass(frozen=True)
class Recovery:
    """A new password for whoever reads the account's mail."""

    members: Members
    passwords: Passwords
    codes: Codes
    letters: Letters
    clock: Clock

    def request(self, email: str, language: str, place: str, cookie: str = "") -> str:
        """Send a code if the address has an account; the page's secret in any case."""
        address = deliverable_email(email)
        now = self.clock()
        # Who is to be let off the strangers' limits is looked at first; who sent no cookie is not.
        account = self.members.by_email(address) if cookie else None
        new = self.codes.new(address, place, known_device(account, cookie, now))
        account = account if cookie else self.members.by_email(address)
        account_id = new_id("acc", now) if account is None else account.account_id
        language = language if account is None else account.language
        facts = {"to": address, "code": new.code}
        # Sealed for nobody, too: the work is the same.
        told = self.letters.write(PasswordResetRequested, account_id, language, facts, now)
        self.codes.open(
            new,
            "reset",
            account_id=account_id,
            email=address,
            language=language,
            told=None if account is None else told,
            answerable=account is not None,
        )
        return new.secret

    def reset(
        self, secret: str, code: str, password: str, place: str, cookie: str = ""
    ) -> Proven | None:
        """Choose a new password: every device is signed out, and a deletion is called off.

        The account's passkeys are gone: one of them may be a thief's (ADR 469). An app that codes
        come from stays, for mail is no second step: who has one is not proven to be its owner yet.
        """
        new_password(password, self.codes.address(secret))
        proven = self.codes.answer(secret, code, "reset", place, cookie)
        account = self.members.by_id(proven.account_id)
        if account is None or account.email != proven.email:
            raise WrongCodeError(WRONG_CODE)
        chosen = self.passwords.hash(password)
        letter = _password_changed(self.letters, account, self.clock())
        # The last thing before the write: what began while this hashed and sealed ends with it.
        now = self.clock()
        told: list[Event] = [_as_of(now, letter)]
        if account.deletion_due is not None:
            told.append(
                AccountRestored(sequence=epoch_milliseconds(now), account_id=account.account_id)
            )
        self.members.recover(account, chosen, told, now)
        return None if account.factors else Proven(replace(account, password_hash=chosen), now)


@dataclass(frozen=True)
class Upkeep:
    """What an owner changes. Each step asks for all they sign in with: no session can be stolen.

    What they chose is looked at first: a code, or a passkey's confirmation, is good once.
    """

    members: Members
    passwords: Passwords
    check: OwnerCheck
    codes: Codes
    letters: Letters
    clock: Clock

    def change_password(self, owner: Owner, chosen: str) -> Proven:
        """Another password: every device is signed out."""
        new_password(chosen)
        account = self.check.account(owner, "password").account
        new_password(chosen, account.email)
        password_hash = self.passwords.hash(chosen)
        letter = _password_changed(self.letters, account, self.clock())
        now = self.clock()
        self.members.change_password(account, password_hash, [_as_of(now, letter)], now)
        return Proven(replace(account, password_hash=password_hash), now)

    def request_email(self, owner: Owner, chosen: str) -> str:
        """Send a code to the new address and word of it to the old; the page's secret."""
        address = deliverable_email(chosen)
        proven = self.check.account(owner, "email")
        account = proven.account
        new = self.codes.new(address, owner.place)
        told = self.letters.write(
            EmailChangeRequested,
            account.account_id,
            account.language,
            {"to": address, "previous": account.email, "code": new.code},
            self.clock(),
        )
        self.codes.open(
            new,
            "change_email",
            account_id=account.account_id,
            email=address,
            language=account.language,
            told=told,
            began=proven.at,
        )
        return new.secret

    def confirm_email(self, secret: str, code: str, place: str, cookie: str = "") -> str:
        """The new address, from now on; EmailTakenError to whoever reads its mail.

        WrongCodeError also to who asked before the account's sign-ins were ended, by a password
        chosen by mail, say: they may be why. ConflictError when that happens just now.
        """
        proven = self.codes.answer(secret, code, "change_email", place, cookie)
        account = self.members.by_id(proven.account_id)
        if account is None or not account.keeps(proven.began):
            raise WrongCodeError(WRONG_CODE)
        now = self.clock()
        told = self.letters.write(
            EmailChanged,
            account.account_id,
            account.language,
            {"to": proven.email, "previous": account.email},
            now,
        )
        self.members.change_email(account, proven.email, told, now)
        return proven.email

    def delete(self, owner: Owner) -> datetime:
        """Have the account deleted, blocked or not; when it will be gone."""
        account = self.check.known(owner, "delete").account
        asked = self.clock()
        due = asked + DELETION_GRACE
        letter = self.letters.write(
            AccountDeletionRequested,
            account.account_id,
            account.language,
            {"to": account.email, "due": due.date().isoformat()},
            asked,
        )
        now = self.clock()
        self.members.request_deletion(account, due, _as_of(now, letter), now)
        return due


def _password_changed(letters: Letters, account: Account, now: datetime) -> PasswordChanged:
    facts = {"to": account.email}
    return letters.write(PasswordChanged, account.account_id, account.language, facts, now)


def _as_of(now: datetime, letter: Kind) -> Kind:
    """A letter of what is written now: who ends what began before goes by its moment."""
    return replace(letter, sequence=epoch_milliseconds(now))
