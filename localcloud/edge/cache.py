"""What the edge keeps: finished answers under CloudFront's keys, for CloudFront's times.

Source: "Manage how long content stays in the cache" and "How CloudFront processes HTTP 4xx and
5xx status codes" in the CloudFront developer guide.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from localcloud.edge.distribution import ErrorResponse
from localcloud.edge.policies import CachePolicy
from localcloud.wire import HttpResponse

_ALWAYS_CACHED_ERRORS = frozenset({404, 414, 500, 501, 502, 503, 504})
_CACHED_IF_TOLD = frozenset({400, 403, 405, 412, 415})

_CAPACITY_BYTES = 256 * 1024 * 1024
"""Enough for the segments that a few players at once ask again; the rest comes from the origin."""

_LARGEST_OBJECT_BYTES = 32 * 1024 * 1024
"""One object never takes the place of everything else."""

_ENTRY_OVERHEAD_BYTES = 1024


@dataclass(frozen=True)
class Entry:
    """One kept answer. Times in seconds since the epoch."""

    response: HttpResponse
    stored_at: float
    fresh_until: float

    def is_fresh(self, now: float) -> bool:
        """Whether it may be served without asking the origin."""
        return now < self.fresh_until

    def age(self, now: float) -> int:
        """Seconds since the origin gave it."""
        return max(0, int(now - self.stored_at))


class Cache:
    """A bounded store that drops what was not asked for the longest; safe from any thread."""

    def __init__(self, capacity_bytes: int = _CAPACITY_BYTES) -> None:
        self._capacity = capacity_bytes
        self._held = 0
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Entry | None:
        """The entry of a key, fresh or not."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, key: Hashable, entry: Entry) -> None:
        """Keep an answer, unless it is larger than any may be."""
        size = _size(entry)
        if size > min(self._capacity, _LARGEST_OBJECT_BYTES):
            return
        with self._lock:
            self._drop(key)
            self._entries[key] = entry
            self._held += size
            while self._held > self._capacity:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything, as an invalidation of `/*` does."""
        with self._lock:
            self._entries.clear()
            self._held = 0

    def _drop(self, key: Hashable) -> None:
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self._held -= _size(dropped)


class Collapsing:
    """Lets one of several equal requests go to the origin while the others wait for its answer."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[threading.Lock, int]] = {}
        self._guard = threading.Lock()

    @contextmanager
    def alone(self, key: Hashable, *, unless: Callable[[], bool]) -> Iterator[None]:
        """Be the only one who works on a key, unless nothing has to be done (any more).

        Who waited and finds that the first answer was not kept asks by itself, at once.
        """
        if unless():
            yield
            return
        with self._guard:
            lock, waiting = self._locks.get(key, (threading.Lock(), 0))
            self._locks[key] = lock, waiting + 1
        first = lock.acquire(blocking=False)
        try:
            if not first:
                with lock:
                    pass
            yield
        finally:
            if first:
                lock.release()
            with self._guard:
                lock, waiting = self._locks.pop(key)
                if waiting > 1:
                    self._locks[key] = lock, waiting - 1


def _size(entry: Entry) -> int:
    return len(entry.response.body) + _ENTRY_OVERHEAD_BYTES


def time_to_live(
    response: HttpResponse, policy: CachePolicy, errors: Mapping[int, ErrorResponse], now: float
) -> float:
    """How long an answer is kept, in seconds; 0 when it is not."""
    directives = _directives(response.header("cache-control"))
    told = _told(response, directives, now)
    if response.status >= 400:
        configured = response.status in errors
        if response.status in _ALWAYS_CACHED_ERRORS or configured:
            minimum = errors.get(response.status, ErrorResponse()).caching_seconds
            return max(minimum, told or 0.0)
        return told or 0.0 if response.status in _CACHED_IF_TOLD else 0.0
    if response.status not in (200, 203, 300, 301, 302, 307, 308):
        return 0.0
    if directives.keys() & {"no-store", "no-cache", "private"}:
        return policy.min_ttl
    if told is None:
        told = policy.default_ttl
    return max(policy.min_ttl, min(told, policy.max_ttl))


def _told(response: HttpResponse, directives: Mapping[str, str], now: float) -> float | None:
    for name in ("s-maxage", "max-age"):
        if directives.get(name, "").isdigit():
            return float(directives[name])
    expires = response.header("expires")
    if expires is None:
        return None
    try:
        return max(0.0, parsedate_to_datetime(expires).timestamp() - now)
    except ValueError:
        return 0.0


def _directives(value: str | None) -> dict[str, str]:
    if not value:
        return {}
    pairs = (part.strip().partition("=") for part in value.lower().split(","))
    return {name: content.strip('"') for name, _, content in pairs}
