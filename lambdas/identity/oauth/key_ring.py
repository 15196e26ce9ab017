"""Token keys that live a day, wrapped by KMS: which is published, which signs, which is forgotten.

Pure: time comes in as an argument, and no private key is ever here in the clear.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from identity.oauth.claims import ACCESS_TOKEN_LIFE

GATEWAY_MEMORY = timedelta(hours=2)
"""API Gateway caches an issuer's keys for up to two hours (JWT authorizers of HTTP APIs)."""

RING_MEMORY = timedelta(minutes=5)
"""How long a warm function goes on with the ring that it read."""

PUBLISHED_BEFORE = timedelta(hours=3)
"""Nobody may meet a token whose key they cannot know: what the gateway remembers, a function that
still published the ring before, and the hour for which other clients may keep the key set."""

SIGNS_FOR = timedelta(hours=24)
"""One key a day costs nothing; more often would only make the key set longer, since each key is
published hours before and after. What is stolen from a function's memory is over with its key."""

TURNED_EVERY = timedelta(hours=1)
"""How often somebody looks whether the next key is due."""

SPARE = timedelta(hours=6)
"""Turning may fail for this long before KMS itself has to sign."""


@dataclass(frozen=True)
class WrappedKey:
    """One key of the ring."""

    jwk: Mapping[str, str]
    """The public half."""
    sealed: str
    """The private half, as KMS's ciphertext."""
    published_at: datetime

    @property
    def key_id(self) -> str:
        """Its thumbprint."""
        return self.jwk["kid"]

    @property
    def signs_from(self) -> datetime:
        """From when everybody can know it."""
        return self.published_at + PUBLISHED_BEFORE

    @property
    def signs_until(self) -> datetime:
        """When it signs nothing new any more."""
        return self.signs_from + SIGNS_FOR + SPARE

    @property
    def forgotten_at(self) -> datetime:
        """When its last token is over, wherever an old key set or ring was still in use."""
        return self.signs_until + RING_MEMORY + ACCESS_TOKEN_LIFE + GATEWAY_MEMORY


@dataclass(frozen=True)
class KeyRing:
    """All wrapped keys that somebody may have to know, in the order of their making."""

    keys: tuple[WrappedKey, ...] = ()
    version: int = 0
    """Counts its turns."""

    def signing(self, now: datetime) -> WrappedKey | None:
        """The newest key that may sign; None while the first is too new, or turning has failed."""
        able = [key for key in self.keys if key.signs_from <= now < key.signs_until]
        return able[-1] if able else None

    def published(self, now: datetime) -> tuple[WrappedKey, ...]:
        """Whose tokens may be about, or soon."""
        return tuple(key for key in self.keys if now < key.forgotten_at)

    def wants_another(self, now: datetime) -> bool:
        """Whether a key that is made now will be wanted by the time that it may sign."""
        due = now + PUBLISHED_BEFORE + TURNED_EVERY
        return not any(due < key.signs_from + SIGNS_FOR for key in self.keys)

    def turned(self, now: datetime, another: WrappedKey | None) -> KeyRing:
        """The ring without what is forgotten, and with another key where one was made."""
        added = () if another is None else (another,)
        return KeyRing((*self.published(now), *added), self.version + 1)


def written(ring: KeyRing) -> str:
    """The keys as they are stored."""
    return json.dumps(
        [
            {
                "jwk": dict(key.jwk),
                "sealed": key.sealed,
                "published_at": int(key.published_at.timestamp()),
            }
            for key in ring.keys
        ],
        separators=(",", ":"),
    )


def read(text: str, version: int) -> KeyRing:
    """The ring that was stored."""
    return KeyRing(
        tuple(
            WrappedKey(
                jwk=each["jwk"],
                sealed=each["sealed"],
                published_at=datetime.fromtimestamp(each["published_at"], UTC),
            )
            for each in json.loads(text)
        ),
        version,
    )
