"""Accounts as their owners make, keep and leave them: codes by mail, passwords, deletion.

Pure: time and randomness come in as arguments.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from identity.domain import canonical_email
from identity.oauth.grants import digest
from kernel.errors import (
    InvalidInputError,
    RefusedError,
    TooManyRequestsError,
    UnauthenticatedError,
)

Purpose = Literal["sign_up", "reset", "change_email"]

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter or digit that a person takes for another; U is left out against chance words."""

CODE_CHARACTERS = 8
"""30^8 is 39 bits: with five tries a code is guessed once in 10^11 challenges."""

CODE_TRIES = 5
"""A person mistypes twice; whoever needs more has another letter before them."""

CODE_LIFE: dict[Purpose, timedelta] = {
    "sign_up": timedelta(minutes=15),
    "change_email": timedelta(minutes=15),
    "reset": timedelta(minutes=30),
}
"""The mail may take minutes. A new password is what people look for longest."""

DELETION_GRACE = timedelta(days=14)
"""Long enough to notice that somebody else deleted the account; everything is gone within 30."""

MOST_EMAIL_CHARACTERS = 254
"""RFC 5321 section 4.5.3.1.3, less the angle brackets."""

_ASCII_EMAIL = re.compile(r"[\x21-\x7e]+")
_LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:-[a-zA-Z0-9-]+)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?")
_MOST_LANGUAGES = 20
"""Entries of Accept-Language that are looked at."""


class WrongPasswordError(UnauthenticatedError):
    """Address and password do not belong together; which of them is wrong is not told."""

    code = "wrong_password"


class WrongCodeError(UnauthenticatedError):
    """A code is wrong, used or too old; which of them is not told."""

    code = "wrong_code"

    def __init__(self, message: str, *, account_id: str = "") -> None:
        super().__init__(message)
        self.account_id = account_id
        """Whose page waits for it, where one does. No fact: those are told to whoever asks."""


class ClosingAccountError(RefusedError):
    """The password is right, but the owner deleted the account."""

    code = "account_closing"


class BlockedAccountError(RefusedError):
    """The password is right, but staff blocked the account."""

    code = "account_blocked"


class TooManyAttemptsError(TooManyRequestsError):
    """Somebody, or somebody from here, tried too often."""

    code: ClassVar[str] = "too_many_attempts"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"That was tried too often. Try again in {waiting(retry_after_seconds)}.",
            retry_after_seconds=retry_after_seconds,
        )
        self.retry_after_seconds = retry_after_seconds


WRONG_CODE = "That code is not right, or it is too old. Look at the newest message, or start again."


@dataclass(frozen=True)
class Challenge:
    """A code that was sent by mail, until it is entered. What it decides waits in it."""

    secret_digest: str
    """Of what the page that asks for the code carries: the code alone, elsewhere, is nothing."""
    purpose: Purpose
    account_id: str
    email: str
    """The address that the code proves."""
    password_hash: str
    """Of the account to be, for a sign-up; empty otherwise."""
    language: str
    code_digest: str
    tries_left: int
    expires_at: datetime

    @property
    def began(self) -> datetime:
        """When it was asked for."""
        return self.expires_at - CODE_LIFE[self.purpose]


def waiting(seconds: int) -> str:
    """A time to wait, as a person says it."""
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"


def shown_code(randomness: int) -> str:
    """A code as it is written in a letter: two groups of four."""
    letters = []
    for _ in range(CODE_CHARACTERS):
        randomness, index = divmod(randomness, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[index])
    code = "".join(letters)
    return f"{code[:4]}-{code[4:]}"


def code_digest(secret: str, code: str) -> str:
    """How a code is stored: bound to its page, and however it was typed."""
    typed = "".join(character for character in code.upper() if character in CODE_ALPHABET)
    return digest(f"{secret}:{typed}")


def deliverable_email(email: str) -> str:
    """The address as it identifies an account, when a letter can be sent there."""
    folded = canonical_email(email)
    if len(folded) > MOST_EMAIL_CHARACTERS or not _ASCII_EMAIL.fullmatch(folded):
        raise InvalidInputError(
            "We can only send mail to addresses of plain letters, digits and signs.", field="email"
        )
    return folded


def preferred_language(accept_language: str) -> str:
    """The primary subtag that a browser asks for first (RFC 9110 section 12.5.4), else English."""
    best, best_weight = "en", 0.0
    for entry in accept_language.split(",")[:_MOST_LANGUAGES]:
        found = _LANGUAGE.fullmatch(entry.strip())
        weight = float(found[2] or 1) if found else 0.0
        if found is not None and weight > best_weight:
            best, best_weight = found[1].lower(), weight
    return best


def place_of(source_ip: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
