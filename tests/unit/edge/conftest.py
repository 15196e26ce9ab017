"""Edge functions as CloudFront would run them, with a KeyValueStore beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from localcloud.edge.distribution import EdgeFunction
from localcloud.edge.functions import NodeWorker
from localcloud.edge.kvs import Snapshot

REPOSITORY = Path(__file__).parents[3]
STORE = "arn:aws:cloudfront::123456789012:key-value-store/edge"


@dataclass
class EdgeWorker:
    """The one worker, and what the functions find in their store."""

    entries: dict[str, str] | None = field(default_factory=dict)
    """None: the store cannot be read."""
    _version: int = 0

    def __post_init__(self) -> None:
        self.node = NodeWorker(REPOSITORY / ".venv" / "bin" / "node", self._read)

    def _read(self, arn: str) -> Snapshot:
        assert arn == STORE
        self._version += 1
        return Snapshot(arn, str(self._version), self.entries or {}, {})

    def answer(
        self,
        name: str,
        uri: str,
        *,
        country: str | None = None,
        method: str = "GET",
        **headers: str,
    ) -> dict[str, Any]:
        """What a viewer request function of `edge/` answers."""
        code = (REPOSITORY / "edge" / f"{name}.js").read_text()
        told = {} if country is None else {"cloudfront-viewer-country": {"value": country}}
        request = {
            "method": method,
            "uri": uri,
            "querystring": {},
            "headers": {**told, **{key: {"value": value} for key, value in headers.items()}},
            "cookies": {},
        }
        stores = (STORE,) if self.entries is not None else ()
        function = EdgeFunction(f"{name}{len(stores)}", name, code, stores)
        return self.node.call(function, {"request": request})


@pytest.fixture(scope="session")
def running_worker() -> Iterator[EdgeWorker]:
    worker = EdgeWorker()
    yield worker
    worker.node.stop()


@pytest.fixture
def edge(running_worker: EdgeWorker) -> EdgeWorker:
    """Nobody is denied, and no key is known."""
    running_worker.entries = {"ready": "1"}
    return running_worker
