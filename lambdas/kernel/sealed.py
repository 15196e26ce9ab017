"""What a mail needs and nobody else may read: an address, a code, sealed by KMS inside an event.

Events lie in tables, streams, queues and the bus's archive. Whoever may read those sees a
ciphertext there; only who may ask the key to decrypt, for this event of this account, sees more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Seal(Protocol):
    """Closes what an event carries."""

    def close(self, facts: Mapping[str, str], context: Mapping[str, str]) -> str:
        """The facts as text that only the same context opens."""


class SealOpener(Protocol):
    """Opens what an event carries."""

    def open(self, sealed: str, context: Mapping[str, str]) -> dict[str, str]:
        """The facts; an error when they were sealed for another context, or altered."""


def encryption_context(detail_type: str, account_id: str) -> dict[str, str]:
    """What KMS binds the facts to: moved into another event, they do not open."""
    return {"purpose": "mail", "event": detail_type, "account": account_id}
