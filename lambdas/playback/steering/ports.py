"""What steering needs of the world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from playback.steering.domain import Standing
from playback.steering.samples import Samples


class Standings(Protocol):
    """Keeps what is known of the CDNs."""

    def read(self) -> Standing:
        """As it was last judged; UnavailableError."""

    def judge(self, standing: Standing) -> None:
        """Keep another judgement, and leave what operators drain; UnavailableError."""

    def drain(self, cdn_id: str, *, is_drained: bool) -> None:
        """Whether nobody is to begin with a CDN; UnavailableError."""


class Windows(Protocol):
    """Keeps what viewers met, a window of time after the other."""

    def add(self, window: datetime, shard: str, met: Mapping[str, Samples]) -> None:
        """What one shard's accounts met, by CDN, beside what it told before; saying it again
        changes nothing. UnavailableError."""

    def since(self, window: datetime) -> Mapping[datetime, Mapping[str, Samples]]:
        """By window and CDN, over all shards, from that window on; UnavailableError."""


class Manifests(Protocol):
    """The manifests that the pipeline wrote."""

    def read(self, path: str) -> str:
        """One of them; NotFoundError, UnavailableError."""


class Probe(Protocol):
    """Asks CDNs whether they are there."""

    def answers(self, origin: str) -> bool:
        """Whether it said anything that is not its own trouble; never raises."""
