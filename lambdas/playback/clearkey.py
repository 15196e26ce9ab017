"""ClearKey's licence messages: W3C Encrypted Media Extensions, section 9.1, "Clear Key"."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from typing import Any

from kernel.errors import InvalidInputError

SESSION_TYPE = "temporary"
"""The one kind of session that this service licenses: nothing is kept on the device."""

MOST_KEY_IDS = 64
"""A player asks for the tracks of one title; more is not a player."""

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
"""16 bytes in base64url without padding, which is how Clear Key writes them: the last character
holds two bits."""


def read_request(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The key ids asked for, as UUIDs in lower case; InvalidInputError names the culprit."""
    if body.get("type", SESSION_TYPE) != SESSION_TYPE:
        raise InvalidInputError("Only temporary licences exist.", field="type")
    kids = body.get("kids")
    if not isinstance(kids, list) or not 0 < len(kids) <= MOST_KEY_IDS:
        raise InvalidInputError("Name the key ids.", field="kids")
    return tuple(_uuid(kid) for kid in kids)


def answer(keys: Mapping[str, bytes]) -> dict[str, object]:
    """The licence: a JSON Web Key Set of symmetric keys by key id."""
    return {
        "keys": [
            {"kty": "oct", "kid": _base64url(uuid.UUID(kid).bytes), "k": _base64url(key)}
            for kid, key in keys.items()
        ],
        "type": SESSION_TYPE,
    }


def _uuid(kid: object) -> str:
    if not isinstance(kid, str) or _KEY_ID.fullmatch(kid) is None:
        raise InvalidInputError("A key id must be 16 bytes in base64url.", field="kids")
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(f"{kid}==")))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
