"""Identifiers that sort by creation time and cannot be guessed."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letter that a person confuses with a digit."""

_TIME_CHARACTERS = 10
"""48 bits of milliseconds: good until the year 10889."""

_RANDOM_BITS = 80


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


def new_id(prefix: str, now: datetime, entropy: int | None = None) -> str:
    """An identifier that says what it names, such as `ast_01j…` for an asset."""
    return f"{prefix}_{new_ulid(now, entropy)}"
