"""Identifiers that sort by creation time and cannot be guessed, or that follow from a text."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import TypeGuard

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letter that a person confuses with a digit."""

_TIME_CHARACTERS = 10
"""48 bits of milliseconds: good until the year 10889."""

_RANDOM_BITS = 80


_AFTER_PREFIX = re.compile(r"[0-9a-z]{1,26}")


def names_one(text: object, prefix: str) -> TypeGuard[str]:
    """Whether a text can be an identifier with that prefix.

    What cannot is never looked up: DynamoDB fails on a key of more than 2 KB or of no characters.
    """
    return (
        isinstance(text, str)
        and text.startswith(f"{prefix}_")
        and _AFTER_PREFIX.fullmatch(text, len(prefix) + 1) is not None
    )


def _encode(number: int, characters: int) -> str:
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def new_ulid(now: datetime, entropy: int | None = None) -> str:
    """26 characters: creation time, then 80 random bits (github.com/ulid/spec, in lower case)."""
    random = secrets.randbits(_RANDOM_BITS) if entropy is None else entropy
    return _encode(int(now.timestamp() * 1000), _TIME_CHARACTERS) + _encode(random, 16)


def derived_id(prefix: str, text: str) -> str:
    """The identifier that always belongs to a text; it does not tell which text that was."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"{prefix}_{_encode(int.from_bytes(digest), 26)}"


def time_of(identifier: str) -> datetime:
    """When an identifier of `new_id` was made, to the millisecond."""
    milliseconds = 0
    for character in identifier.rpartition("_")[2][:_TIME_CHARACTERS]:
        milliseconds = milliseconds * 32 + _ALPHABET.index(character)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def new_id(prefix: str, now: datetime, entropy: int | None = None) -> str:
    """An identifier that says what it names, such as `ast_01j…` for an asset."""
    return f"{prefix}_{new_ulid(now, entropy)}"
