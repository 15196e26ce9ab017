"""What a PIN opens: one title above the age limit, to one profile on one device, for two minutes.

Identity checks the PIN and makes the grant; playback believes it. They share a secret for nothing
else, so neither can make the other's tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel import tokens
from kernel.tokens import MacKey, TokenError

LIFE = timedelta(seconds=120)
"""From the last digit to the start, with a slow television and one retry between."""

PURPOSE = "pin grant"


@dataclass(frozen=True)
class PinGrant:
    """Who may start what."""

    account_id: str
    profile_id: str
    device_id: str
    title_id: str


def make(grant: PinGrant, now: datetime, key: MacKey) -> str:
    """The grant as a token."""
    claims = {
        "account": grant.account_id,
        "profile": grant.profile_id,
        "device": grant.device_id,
        "title": grant.title_id,
    }
    return tokens.make(PURPOSE, claims, now + LIFE, key)


def read(token: str, now: datetime, keys: Mapping[str, MacKey]) -> PinGrant:
    """What a token grants; the refusals of `tokens.read`."""
    claims = tokens.read(PURPOSE, token, now, keys)
    account, profile, device, title = (
        claims.get(name) for name in ("account", "profile", "device", "title")
    )
    if not (
        isinstance(account, str)
        and isinstance(profile, str)
        and isinstance(device, str)
        and isinstance(title, str)
    ):
        raise TokenError("The grant does not say whom it is for.")
    return PinGrant(account, profile, device, title)
