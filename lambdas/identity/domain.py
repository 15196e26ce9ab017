"""Accounts: whose they are, what they may do, and which addresses and passwords are taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from identity.profiles.domain import Household, Profile
from kernel.errors import ConflictError, InvalidInputError

PASSWORD_MIN_CHARACTERS = 8
"""NIST SP 800-63B section 5.1.1.1."""

PASSWORD_MAX_CHARACTERS = 128
"""Enough for any passphrase; a bound on what argon2 is made to hash."""

EMAIL_MAX_CHARACTERS = 320
"""RFC 3696 section 3; also far below the 2 KB that a key of DynamoDB may have."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}\.[^@\s.]{2,63}")
SCOPES = ("member", "staff")


class EmailTakenError(ConflictError):
    """An account with that address exists."""

    code: ClassVar[str] = "email_taken"


@dataclass(frozen=True)
class Block:
    """That staff stopped an account."""

    reason: str
    """One of `staff.domain.REASONS`."""
    note: str
    """What staff wrote of it, for each other."""
    by: str
    """The account of whoever did it."""
    at: datetime


@dataclass(frozen=True)
class Account:
    """Someone who may sign in."""

    account_id: str
    email: str
    password_hash: str
    """Argon2id in PHC string form."""
    scopes: tuple[str, ...]
    profile_id: str
    """The profile that was made with the account."""
    created_at: datetime
    language: str = "en"
    """What its owner reads: a primary subtag of BCP 47."""
    sessions_from: datetime | None = None
    """When every sign-in before was ended; None while none was."""
    deletion_due: datetime | None = None
    """When it will be gone, for an account that its owner deleted."""
    block: Block | None = None
    """While there is one, nobody is let in and no sign-in goes on."""
    factors: frozenset[str] = frozenset()
    """The names of its second factors: with any, the password alone lets nobody in."""
    passkeys: int = 0
    """How many there are; each signs in by itself."""
    profiles: tuple[Profile, ...] = ()
    """Empty until the first change of one."""
    profiles_version: int = 0
    """Counts their changes."""

    @property
    def household(self) -> Household:
        """Its profiles; at first, the one that was made with it."""
        return Household(
            self.profiles or (Profile(self.profile_id, "Profile 1", language=self.language),)
        )

    def keeps(self, began: datetime) -> bool:
        """Whether a sign-in that began then is still good."""
        return self.stands_since(began) and self.block is None

    def stands_since(self, began: datetime) -> bool:
        """Whether nobody has ended its sign-ins since then, or deleted it; blocked or not."""
        ended = self.sessions_from is not None and began <= self.sessions_from
        return not ended and self.deletion_due is None


@dataclass(frozen=True)
class Proven:
    """Somebody who has just shown to be an account's owner."""

    account: Account
    at: datetime
    """Before the account was read: whatever ended its sign-ins while a password was compared, or a
    code, has ended what comes of this, too."""


@dataclass(frozen=True)
class Admitted(Proven):
    """Somebody who is let into a client."""

    code: str
    """For the client (RFC 6749 section 4.1.2)."""


def canonical_email(email: str) -> str:
    """The address as it identifies an account; InvalidInputError when it is none."""
    folded = email.strip().lower()
    if not _EMAIL.fullmatch(folded):
        raise InvalidInputError("That is not an e-mail address.", field="email")
    return folded


def checked_password(password: str) -> str:
    """The password, when its length is acceptable; there are no composition rules."""
    if not PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS:
        raise InvalidInputError(
            f"A password has {PASSWORD_MIN_CHARACTERS} to {PASSWORD_MAX_CHARACTERS} characters.",
            field="password",
        )
    return password


def checked_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes, when all are known and `member` is among them."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or "member" not in scopes:
        raise InvalidInputError(
            f"Scopes are some of {', '.join(SCOPES)}, and always member.", field="scopes"
        )
    return tuple(scope for scope in SCOPES if scope in scopes)
