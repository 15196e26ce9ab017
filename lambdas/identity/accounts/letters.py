"""Events that become letters: what only their reader may see is sealed into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from kernel.clock import epoch_milliseconds
from kernel.events.identity import LetterEvent
from kernel.sealed import Seal, encryption_context

Kind = TypeVar("Kind", bound=LetterEvent)


@dataclass(frozen=True)
class Letters:
    """Makes them."""

    seal: Seal

    def write(
        self,
        kind: type[Kind],
        account_id: str,
        language: str,
        facts: Mapping[str, str],
        now: datetime,
    ) -> Kind:
        """An event with the facts sealed for that account; `to` among them is the address."""
        return kind(
            sequence=epoch_milliseconds(now),
            account_id=account_id,
            language=language,
            sealed=self.seal.close(facts, encryption_context(kind.detail_type, account_id)),
        )
