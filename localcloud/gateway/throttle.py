"""Throttling by token bucket, as API Gateway does it for each route of a stage."""

from __future__ import annotations

import threading
from collections.abc import Callable

from localcloud.gateway.model import Limit


class Throttle:
    """Token buckets by name; safe from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def admits(self, name: str, limit: Limit) -> bool:
        """Whether one more request fits, which takes a token when it does."""
        now = self._clock()
        with self._lock:
            tokens, since = self._buckets.get(name, (float(limit.burst), now))
            tokens = min(float(limit.burst), tokens + max(0.0, now - since) * limit.rate)
            admitted = tokens >= 1.0
            self._buckets[name] = (tokens - 1.0 if admitted else tokens, now)
        return admitted
