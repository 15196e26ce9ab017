"""Devices of an account: what they are called, how many it may have, where they are signed in.

Pure: time and randomness come in as arguments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from identity.accounts.limits import Limit
from identity.oauth.device_grants import DEVICE_NAME_MAX_CHARACTERS
from identity.oauth.errors import InvalidRequestError
from kernel.errors import InvalidInputError, NotFoundError, RefusedError, UnauthenticatedError
from kernel.ids import derived_id, new_id

Kind = Literal["tv", "phone", "tablet", "computer", "other"]

LEAST_DEVICES = 3
"""What an account may have until its plan is known: as many as the smallest plan allows."""

SWAP_COOLDOWN = timedelta(days=30)
"""How long a removal counts: about one billing period."""

REMEMBERED_GONE = timedelta(days=14)
"""How long a deleted account's id stays, so that a plan that is told late does not bring it back:
by the privacy notice nothing stays longer. Events are tried again for 24 hours."""

FREE_SWAPS = 2
"""Removals in that time that free their place at once: a phone is lost, a TV is replaced."""

NEW_DEVICE_LETTERS = Limit("new-device-letters", timedelta(hours=4), 5)
"""By account: whoever did not look at five letters is not helped by the sixth."""

STEP_UP_LIFE = timedelta(minutes=15)
"""How long a sign-in is fresh enough for what cannot be taken back: finding a device in the list
and thinking it over. An open laptop that was left for lunch is not."""

_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits in base64url, which a client makes once and keeps."""

_SYSTEMS: tuple[tuple[str, str, Kind], ...] = (
    (r"Android TV|Google ?TV|SMART-?TV|BRAVIA|\bAFT|Tizen|Web0S|Roku|AppleTV|CrKey", "TV", "tv"),
    (r"iPad", "iPad", "tablet"),
    (r"iPhone", "iPhone", "phone"),
    (r"Android.*Mobile", "Android phone", "phone"),
    (r"Android", "Android tablet", "tablet"),
    (r"Windows", "Windows", "computer"),
    (r"Macintosh", "Mac", "computer"),
    (r"CrOS", "Chromebook", "computer"),
    (r"Linux", "Linux", "computer"),
)
"""The first that a User-Agent matches; the more special one before what it also claims to be."""

_BROWSERS = (
    (r"\bEdg(?:A|iOS)?/", "Edge"),
    (r"\bOPR/", "Opera"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"\b(?:Chrome|CriOS)/", "Chrome"),
    (r"\bVersion/\S+.* Safari/", "Safari"),
)

_MOST_AGENT_CHARACTERS = 512
"""No browser says more of itself."""


class DeviceNotFoundError(NotFoundError):
    """The account has no such device."""

    code: ClassVar[str] = "device_not_found"


class SignedOutError(UnauthenticatedError):
    """The token is still good, but the sign-in that it belongs to was ended."""

    code: ClassVar[str] = "signed_out"


class StepUpRequiredError(RefusedError):
    """The sign-in is too old, or of a device that has shown nothing of its own."""

    code: ClassVar[str] = "step_up_required"


@dataclass(frozen=True)
class Introduced:
    """What a client says of the device that it runs on; nobody has checked that."""

    name: str
    kind: Kind

    def device(self, device_id: str, now: datetime) -> Device:
        """The device, seen for the first time."""
        return Device(device_id, self.name, self.kind, now, now)


@dataclass(frozen=True)
class Device:
    """Something that an account was signed in on."""

    device_id: str
    name: str
    kind: Kind
    first_seen: datetime
    last_seen: datetime
    """When somebody last signed in on it: what happened since, its sessions know."""
    is_registered: bool = False
    """Whether it has one of the account's places; without one it is signed in all the same."""

    def registered(self) -> Device:
        """The device with a place."""
        return replace(self, is_registered=True)


@dataclass(frozen=True)
class Session:
    """One sign-in on one device that is good at the moment."""

    session_id: str
    device_id: str
    client_id: str
    began: datetime
    last_used: datetime


@dataclass(frozen=True)
class Places:
    """How many devices an account may have, and how many places are taken.

    A removed device frees its place at once, but only the first `FREE_SWAPS` in `SWAP_COOLDOWN`:
    each further one holds its place until the oldest of these removals has aged. So a lost phone
    is replaced in a minute, and a plan is not handed around a neighbourhood.
    """

    limit: int = LEAST_DEVICES
    taken: int = 0
    removed_at: tuple[datetime, ...] = ()
    removals: int = 0
    """How many were ever removed: whoever decided by another count decides anew."""

    def lately(self, now: datetime) -> tuple[datetime, ...]:
        """The removals that still count, the oldest first."""
        return tuple(sorted(at for at in self.removed_at if now - at < SWAP_COOLDOWN))

    def most_taken(self, now: datetime) -> int:
        """How many devices there may be now; less than the limit after many removals."""
        return self.limit - max(0, len(self.lately(now)) - FREE_SWAPS)

    def has_room(self, now: datetime) -> bool:
        """Whether one more device may be registered. A smaller plan removes none of them."""
        return self.taken < self.most_taken(now)

    def next_at(self, now: datetime) -> datetime | None:
        """When removals give a place back, should that make room; None when it never does."""
        counted = self.lately(now)
        if self.has_room(now) or len(counted) <= FREE_SWAPS:
            return None
        needed = self.taken - self.most_taken(now)
        return counted[needed] + SWAP_COOLDOWN if needed < len(counted) - FREE_SWAPS else None


@dataclass(frozen=True)
class Household:
    """All that is kept of an account's devices."""

    places: Places
    devices: Sequence[Device]
    sessions: Sequence[Session]

    def device(self, device_id: str) -> Device:
        """The device; DeviceNotFoundError."""
        for each in self.devices:
            if each.device_id == device_id:
                return each
        raise DeviceNotFoundError("This account has no such device.")

    def on(self, device_id: str) -> list[Session]:
        """The device's sessions."""
        return [each for each in self.sessions if each.device_id == device_id]


def device_id_of(account_id: str, device_key: str, now: datetime) -> str:
    """The same device of the same account by the same key, however often it signs in.

    A client that keeps no key is another device each time. The id follows from both, so that
    neither tells the other, and one browser is not the same device to two accounts.
    """
    if not device_key:
        return new_id("dev", now)
    if not _KEY.fullmatch(device_key):
        raise InvalidRequestError("device_key must be 256 random bits in base64url.")
    return derived_id("dev", f"{account_id}:{device_key}")


def introduced(user_agent: str, client_name: str, given_name: str = "") -> Introduced:
    """What to call a device: as it calls itself, else by its browser and system."""
    agent = user_agent[:_MOST_AGENT_CHARACTERS]
    systems = ((name, kind) for pattern, name, kind in _SYSTEMS if re.search(pattern, agent))
    system, kind = next(systems, ("", "other"))
    if client_name == "TV":
        kind = "tv"
    browser = next((name for pattern, name in _BROWSERS if re.search(pattern, agent)), "")
    described = f"{browser} on {system}" if browser and system else system or client_name
    return Introduced(given_name or described, kind)


def checked_name(text: object) -> str:
    """The name that a person gives a device; InvalidInputError when nobody could read it."""
    name = " ".join(text.split()) if isinstance(text, str) else ""
    if not 0 < len(name) <= DEVICE_NAME_MAX_CHARACTERS or not name.isprintable():
        raise InvalidInputError(
            f"A name has 1 to {DEVICE_NAME_MAX_CHARACTERS} visible characters.", field="name"
        )
    return name
