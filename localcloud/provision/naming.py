"""Physical names and ids where a template gives none: the same in every run, in AWS's shapes."""

from __future__ import annotations

import hashlib
import string
import uuid

_UPPER = string.digits + string.ascii_uppercase
_LOWER = string.digits + string.ascii_lowercase
_SUFFIX_LENGTH = 12
_NAMESPACE = uuid.UUID("5b0f3f6e-6f0c-4a52-9d43-3c1a2a5a7f10")
"""Any constant: the same inputs always give the same UUID."""


def token(seed: str, length: int, alphabet: str = _UPPER) -> str:
    """`length` characters of an alphabet, derived from the seed by SHA-256."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    characters = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        characters.append(alphabet[index])
    return "".join(characters)


def lower_token(seed: str, length: int) -> str:
    """Lower-case letters and digits, as in API Gateway's ids."""
    return token(seed, length, _LOWER)


def derived_uuid(seed: str) -> str:
    """A UUID that is the same for the same seed."""
    return str(uuid.uuid5(_NAMESPACE, seed))


def physical_name(
    stack: str, logical_id: str, seed: str, limit: int, *, lower: bool = False
) -> str:
    """`<stack>-<logical id>-<12 characters>`, both parts shortened alike to fit the limit."""
    room = limit - _SUFFIX_LENGTH - 2
    if len(stack) + len(logical_id) > room:
        stack_room = max(room - len(logical_id), room // 2)
        stack = stack[:stack_room].rstrip("-")
        logical_id = logical_id[: room - len(stack)]
    name = f"{stack}-{logical_id}-{token(seed, _SUFFIX_LENGTH)}"
    return name.lower() if lower else name
