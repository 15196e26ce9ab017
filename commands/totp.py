"""The codes of an authenticator app (RFC 6238), as a command shows them to the sign-in page."""

from __future__ import annotations

import base64
import hmac
import secrets
import time

PERIOD_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20


def new_secret() -> str:
    """A secret as apps take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def current_step() -> int:
    """The step of the code that an app shows now."""
    return int(time.time()) // PERIOD_SECONDS


def code_at(secret: str, step: int) -> str:
    """RFC 4226 section 5.3, of a secret as apps take it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"
