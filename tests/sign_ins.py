"""Sign-ins and their refresh tokens, as tests of what keeps them begin them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from identity.oauth.grants import Family, RefreshToken, digest

FAMILY_SECRET = "f" * 42 + "A"
"""256 bits in base64url: the last of 43 characters ends with two that say nothing."""


def secret(number: int) -> str:
    """One of as many secrets as a test needs."""
    return f"{number:042}A"


def a_sign_in(family_id: str, now: datetime, **other: Any) -> Family:
    """One that began now, and that `token_of` renews."""
    told = {
        "account_id": "acc_1",
        "client_id": "web",
        "device_id": "dev_1",
        "scope": "member",
        "expires_at": now + timedelta(days=30),
        "family_digest": digest(FAMILY_SECRET),
        "token_digest": digest(secret(1)),
    }
    return Family(family_id=family_id, started_at=now, **{**told, **other})


def token_of(family: Family, number: int = 1) -> RefreshToken:
    """The sign-in's first refresh token, or a later one."""
    return RefreshToken(family.account_id, family.family_id, FAMILY_SECRET, secret(number))
