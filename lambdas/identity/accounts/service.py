"""Getting an account, keeping it, leaving it: one public method for each form.

No answer, and no amount of work, tells whether an address has an account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

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
    PasswordChanged,
    PasswordResetRequested,
)
from kernel.ids import new_id


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
        new_password(password)
        proven = self.codes.answer(secret, code, "reset", place, cookie)
        account = self.members.by_id(proven.account_id)
        if account is None or account.email != proven.email:
            raise WrongCodeError(WRONG_CODE)
        now = self.clock()
        told: list[Event] = [_password_changed(self.letters, account, now)]
        if account.deletion_due is not None:
            told.append(
                AccountRestored(sequence=epoch_milliseconds(now), account_id=account.account_id)
            )
        chosen = self.passwords.hash(password)
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
        account = self.check.account(owner, "password")
        new_password(chosen, account.email)
        now = self.clock()
        told = [_password_changed(self.letters, account, now)]
        password_hash = self.passwords.hash(chosen)
        self.members.change_password(account, password_hash, told, now)
        return Proven(replace(account, password_hash=password_hash), now)

    def request_email(self, owner: Owner, chosen: str) -> str:
        """Send a code to the new address and word of it to the old; the page's secret."""
        address = deliverable_email(chosen)
        account = self.check.account(owner, "email")
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
        )
        return new.secret

    def confirm_email(self, secret: str, code: str, place: str, cookie: str = "") -> str:
        """The new address, from now on; EmailTakenError to whoever reads its mail."""
        proven = self.codes.answer(secret, code, "change_email", place, cookie)
        account = self.members.by_id(proven.account_id)
        if account is None or account.deletion_due is not None:
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
        account = self.check.known(owner, "delete")
        now = self.clock()
        due = now + DELETION_GRACE
        told = self.letters.write(
            AccountDeletionRequested,
            account.account_id,
            account.language,
            {"to": account.email, "due": due.date().isoformat()},
            now,
        )
        self.members.request_deletion(account, due, told, now)
        return due


def _password_changed(letters: Letters, account: Account, now: datetime) -> PasswordChanged:
    facts = {"to": account.email}
    return letters.write(PasswordChanged, account.account_id, account.language, facts, now)
