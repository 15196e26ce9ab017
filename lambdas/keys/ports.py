"""What issuing keys needs from outside: a vault that two writers can share, and a master key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from keys.domain import StoredKeys


class VaultChangedError(Exception):
    """Somebody else wrote this content's keys since they were read."""


class Vault(Protocol):
    """Where content keys rest, wrapped."""

    def find(self, content_id: str) -> StoredKeys | None:
        """The content's keys as last written, None when it has none."""

    def save(self, keys: StoredKeys, *, replaces: int | None) -> None:
        """Write a content's keys and tell of them, both or neither.

        `replaces` is the sequence that was read, None for a content without keys;
        VaultChangedError when that is no longer what the vault holds.
        """


@dataclass(frozen=True)
class DataKey:
    """A data key in both its forms."""

    plain: bytes = field(repr=False)
    wrapped: bytes


class DataKeys(Protocol):
    """Data keys under the vault's master key, each bound to one content."""

    def new(self, content_id: str) -> DataKey:
        """A data key that only opens for this content."""

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        """The data key in the clear."""
