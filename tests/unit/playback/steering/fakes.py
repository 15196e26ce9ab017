"""What is known of CDNs, in memory; manifests and CDNs that do as they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from kernel.errors import NotFoundError, UnavailableError
from playback.steering.domain import Standing
from playback.steering.samples import Samples


class FakeStandings:
    """The one item; `is_throttled` is DynamoDB having too much to do."""

    def __init__(self) -> None:
        self.standing = Standing()
        self.is_throttled = False
        self.reads = 0

    def read(self) -> Standing:
        self.reads += 1
        if self.is_throttled:
            raise UnavailableError("Throttled.")
        return self.standing

    def judge(self, standing: Standing) -> None:
        self.standing = replace(standing, drained=self.standing.drained)

    def drain(self, cdn_id: str, *, is_drained: bool) -> None:
        drained = self.standing.drained
        after = drained | {cdn_id} if is_drained else drained - {cdn_id}
        self.standing = replace(self.standing, drained=after)


class FakeWindows:
    """What shards told."""

    def __init__(self) -> None:
        self.kept: dict[tuple[datetime, str], dict[str, Samples]] = {}

    def add(self, window: datetime, shard: str, met: Mapping[str, Samples]) -> None:
        kept = self.kept.setdefault((window, shard), {})
        for cdn, samples in met.items():
            kept[cdn] = kept.get(cdn, Samples()).with_(samples)

    def since(self, window: datetime) -> Mapping[datetime, Mapping[str, Samples]]:
        found: dict[datetime, dict[str, Samples]] = {}
        for (begins, _), met in self.kept.items():
            if begins >= window:
                of_window = found.setdefault(begins, {})
                for cdn, samples in met.items():
                    of_window[cdn] = of_window.get(cdn, Samples()).with_(samples)
        return found


class FakeManifests:
    """The bucket, by path."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def read(self, path: str) -> str:
        if path not in self._files:
            raise NotFoundError("There is no such manifest.")
        return self._files[path]


class FakeProbe:
    """CDNs, of which those that are `gone` answer nothing."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def answers(self, origin: str) -> bool:
        return origin not in self.gone
