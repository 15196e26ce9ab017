"""Signing a TV in from a phone (RFC 8628): what the codes look like and what a poll is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from identity.oauth.errors import InvalidGrantError, InvalidRequestError, OAuthError
from kernel.errors import NotFoundError

USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""RFC 8628 section 6.1: no digits, no vowels, so that nothing looks alike or spells a word."""

USER_CODE_LENGTH = 8
"""34.5 bits: with ten minutes of life and limited guessing, nobody hits one by chance."""

DEVICE_CODE_LIFE = timedelta(minutes=10)
"""Finding a phone, signing in there, and typing eight letters."""

POLL_INTERVAL = timedelta(seconds=5)
"""RFC 8628 section 3.2's own default."""

SLOWER_BY = timedelta(seconds=5)
"""RFC 8628 section 3.5: for this and all later requests."""

EARLY = timedelta(seconds=1)
"""A poll this much too early was the network's doing."""

DEVICE_NAME_MAX_CHARACTERS = 64

Status = Literal["pending", "approved", "denied"]


class AuthorizationPendingError(OAuthError):
    """Nobody has decided yet."""

    code: ClassVar[str] = "authorization_pending"


class SlowDownError(OAuthError):
    """Asked before the interval was over."""

    code: ClassVar[str] = "slow_down"


class ExpiredTokenError(OAuthError):
    """Nobody decided in time."""

    code: ClassVar[str] = "expired_token"


class AccessDeniedError(OAuthError):
    """The person said no."""

    code: ClassVar[str] = "access_denied"


class UnknownUserCodeError(NotFoundError):
    """No device waits under that code."""

    code = "unknown_user_code"


@dataclass(frozen=True)
class DeviceGrant:
    """A device that waits for somebody to let it in."""

    code_digest: str
    user_code: str
    client_id: str
    scope: str
    """What the device asks for; what it gets, once approved."""
    device_name: str
    """What it calls itself: nobody has checked that."""
    asked_from: str
    """Its address."""
    asked_at: datetime
    expires_at: datetime
    interval: timedelta = POLL_INTERVAL
    polled_at: datetime | None = None
    status: Status = "pending"
    account_id: str = ""

    def refusal(self, now: datetime) -> OAuthError | None:
        """Why a poll gets no token; None when it gets one."""
        if self.expires_at <= now:
            return ExpiredTokenError("The code has expired. Ask for a new one.")
        if self.status == "approved":
            return None
        if self.status == "denied":
            return AccessDeniedError("The sign-in was refused on the other device.")
        if self.polled_at is not None and now - self.polled_at < self.interval - EARLY:
            seconds = int((self.interval + SLOWER_BY).total_seconds())
            return SlowDownError(f"Ask every {seconds} seconds from now on.")
        return AuthorizationPendingError("Nobody has approved this device yet.")

    def polled(self, now: datetime) -> DeviceGrant:
        """What is remembered of a poll that got no token."""
        too_soon = isinstance(self.refusal(now), SlowDownError)
        interval = self.interval + SLOWER_BY if too_soon else self.interval
        return replace(self, polled_at=now, interval=interval)


def shown(user_code: str) -> str:
    """A user code as people read it: two groups of four."""
    half = USER_CODE_LENGTH // 2
    return f"{user_code[:half]}-{user_code[half:]}"


def typed(text: str) -> str:
    """The user code in what somebody typed; UnknownUserCodeError when it is none."""
    folded = re.sub(r"[\W_]", "", text).upper()
    if len(folded) != USER_CODE_LENGTH or not set(folded) <= set(USER_CODE_ALPHABET):
        raise UnknownUserCodeError(
            f"A code has {USER_CODE_LENGTH} letters, such as {shown('WDJBMJHT')}."
        )
    return folded


def checked_device_name(text: str) -> str:
    """The name a device gives itself; InvalidRequestError when nobody could read it."""
    name = " ".join(text.split())
    if len(name) > DEVICE_NAME_MAX_CHARACTERS or not name.isprintable():
        raise InvalidRequestError(
            f"device_name has more than {DEVICE_NAME_MAX_CHARACTERS} printable characters."
        )
    return name


def polling_client(grant: DeviceGrant | None, client_id: str) -> DeviceGrant:
    """The grant, when it is that client's."""
    if grant is None or grant.client_id != client_id:
        raise InvalidGrantError("The device_code is unknown or was used.")
    return grant
