"""What the edge knows of plays: which are revoked, and which keys their tokens are made with.

One store holds both, because an edge function reads one. It does not know how CloudFront keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.clock import Clock
from kernel.ids import names_one
from kernel.tokens import MacKey
from playback.cwt import edge_key

READY = "ready"
"""Stands in a store that is in order. Without it nobody is let in: an empty deny list looks like
one that was lost."""

KEY_PREFIX = "key:"

MOST_CHANGES = 50
"""Keys in one call (CloudFront's quota for UpdateKeys)."""


class EdgeStore(Protocol):
    """Short texts by name, which every edge holds a copy of."""

    def entries(self) -> Iterable[tuple[str, str]]:
        """All of it, in any order."""

    def change(self, puts: Mapping[str, str], forgets: Collection[str]) -> int:
        """At most `MOST_CHANGES`, all at once; how many bytes the store holds afterwards.

        UnavailableError when it cannot be written to.
        """


class EdgeSecrets(Protocol):
    """The secrets that tokens are made with."""

    def accepted(self) -> Iterable[MacKey]:
        """Those that edges have to know: the one before, the current, and one about to be."""


def forgettable(entries: Iterable[tuple[str, str]], now: datetime) -> list[str]:
    """The plays whose signatures have ended by themselves; a time that nobody can read stays."""
    return [
        name
        for name, value in entries
        if names_one(name, "ses") and value.isdigit() and int(value) <= now.timestamp()
    ]


class Revoker:
    """The one that puts plays on the deny list."""

    def __init__(self, store: EdgeStore) -> None:
        self._store = store

    def revoke(self, session_id: str, expires_at: datetime) -> int:
        """From now on edges refuse the play, until its signatures end by themselves; the store's
        bytes. Again is the same."""
        return self._store.change({session_id: str(int(expires_at.timestamp()))}, ())


@dataclass(frozen=True)
class Kept:
    """What was done to keep the store in order."""

    denied: int
    """Plays that stay on the deny list."""
    forgotten: int
    keys: int
    size_bytes: int


class Keeper:
    """Keeps the store in order: edges know our keys and no others, and no play for longer than
    its signatures live."""

    def __init__(self, store: EdgeStore, secrets: EdgeSecrets, clock: Clock) -> None:
        self._store = store
        self._secrets = secrets
        self._clock = clock

    def keep(self) -> Kept:
        """Put in the keys of now, take out old ones and plays that are over."""
        keys = {
            f"{KEY_PREFIX}{key.key_id}": key.secret.decode()
            for key in map(edge_key, self._secrets.accepted())
        }
        # First the keys: a store that is being swept for the first time must not refuse anybody.
        size = self._store.change({**keys, READY: "1"}, ())
        entries = list(self._store.entries())
        over = forgettable(entries, self._clock())
        old = [name for name, _ in entries if name.startswith(KEY_PREFIX) and name not in keys]
        for begin in range(0, len(over) + len(old), MOST_CHANGES):
            size = self._store.change({}, [*old, *over][begin : begin + MOST_CHANGES])
        denied = sum(names_one(name, "ses") for name, _ in entries) - len(over)
        return Kept(denied, len(over), len(keys), size)
