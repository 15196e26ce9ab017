"""The edge's store in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kernel.errors import UnavailableError
from playback.deny_list import MOST_CHANGES


@dataclass
class FakeEdgeStore:
    """Keeps texts by name, and how often it was written to."""

    kept: dict[str, str] = field(default_factory=dict)
    writes: int = 0
    is_down: bool = False

    def entries(self) -> list[tuple[str, str]]:
        """All of it, in the order of names."""
        return sorted(self.kept.items())

    def change(self, puts: Mapping[str, str], forgets: Collection[str]) -> int:
        """Put and delete at once; the bytes that are kept afterwards."""
        if self.is_down:
            raise UnavailableError("The edge's store does not take the change right now.")
        if len(puts) + len(forgets) > MOST_CHANGES:
            raise ValueError("Too many changes for one call.")
        self.writes += 1
        self.kept.update(puts)
        for name in forgets:
            self.kept.pop(name, None)
        return sum(len(name.encode()) + len(value.encode()) for name, value in self.kept.items())
