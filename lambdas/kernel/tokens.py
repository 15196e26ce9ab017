"""Tokens of our own: JSON claims under an HMAC-SHA256, for one purpose each.

`v1.<key id>.<claims>.<mac>`, base64url without padding. The MAC covers the purpose, so that a
session ticket is no licence token, and everything before it. The key id (a digest of the secret)
lets two secrets live side by side while one is rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

Read = TypeVar("Read")

VERSION = "v1"

LONGEST_TOKEN = 4096
"""Characters; a licence token with six key ids has about 700. Longer is not ours: do not hash."""

SHORTEST_SECRET = 32
"""Bytes, the output of the hash (RFC 2104, section 3)."""


class TokenError(Exception):
    """The token was not made by us for this purpose, or was altered since."""


class UnknownKeyError(TokenError):
    """The token names a secret that is not among ours: perhaps one newer than we have read."""


class ExpiredTokenError(TokenError):
    """The token is ours and has run out."""


@dataclass(frozen=True)
class MacKey:
    """A secret that makes and checks tokens."""

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) < SHORTEST_SECRET:
            raise ValueError(f"A token secret has at least {SHORTEST_SECRET} bytes.")

    def __repr__(self) -> str:
        return f"MacKey(key_id={self.key_id!r})"

    @property
    def key_id(self) -> str:
        """Names the secret without telling it."""
        return hashlib.sha256(b"marquee token key id\0" + self.secret).hexdigest()[:8]

    def mac(self, purpose: str, signed: str) -> bytes:
        """The MAC of a token's text for one purpose."""
        return self.digest(f"{purpose}\0{signed}".encode())

    def digest(self, message: bytes) -> bytes:
        """HMAC-SHA256 of a message as it is: for formats that say by themselves what it is for."""
        return hmac.digest(self.secret, message, "sha256")


class MacKeys(Protocol):
    """The secrets behind our tokens."""

    def current(self) -> MacKey:
        """The one that makes tokens."""

    def accepted(self) -> Mapping[str, MacKey]:
        """Those that tokens may be made with, by key id."""

    def refresh(self) -> None:
        """Read them again, at most every few seconds."""


def believed(read: Callable[[Mapping[str, MacKey]], Read], keys: MacKeys) -> Read:
    """What is read of a token with our secrets; where it names one that is new to us, they are
    fetched and it is read once more. UnknownKeyError when there is no such secret."""
    try:
        return read(keys.accepted())
    except UnknownKeyError:
        keys.refresh()
    return read(keys.accepted())


def make(purpose: str, claims: Mapping[str, object], expires_at: datetime, key: MacKey) -> str:
    """A token that carries the claims until then."""
    body = {**claims, "exp": int(expires_at.timestamp())}
    text = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    signed = f"{VERSION}.{key.key_id}.{_encode(text)}"
    return f"{signed}.{_encode(key.mac(purpose, signed))}"


def read(purpose: str, token: str, now: datetime, keys: Mapping[str, MacKey]) -> dict[str, object]:
    """The claims of a token of ours; `keys` by key id.

    TokenError, UnknownKeyError or ExpiredTokenError otherwise. A token without `exp` is refused.
    """
    signed, _, mac = token.rpartition(".")
    parts = signed.split(".")
    if not token.isascii() or len(token) > LONGEST_TOKEN:
        raise TokenError("The token is not one of ours.")
    if len(parts) != 3 or parts[0] != VERSION:
        raise TokenError("The token is not one of ours.")
    key = keys.get(parts[1])
    if key is None:
        raise UnknownKeyError("The token names a secret that is not among ours.")
    if not hmac.compare_digest(_encode(key.mac(purpose, signed)).encode(), mac.encode()):
        raise TokenError("The token was altered.")
    claims = _claims(parts[2])
    expires_at = claims.get("exp")
    if type(expires_at) is not int:
        raise TokenError("The token has no expiry.")
    if now.timestamp() >= expires_at:
        raise ExpiredTokenError("The token has expired.")
    return claims


def _claims(encoded: str) -> dict[str, object]:
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        claims = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise TokenError("The token cannot be read.") from error
    if not isinstance(claims, dict):
        raise TokenError("The token has no claims.")
    return claims


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
