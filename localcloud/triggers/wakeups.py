"""When there is something to fetch: one thread looks at all sources, and wakes who waits for one.

The sources live in this process (moto's backends), where looking costs microseconds; fetching, as
the function's role, then goes through the front like any other call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import timedelta

from moto.backends import get_backend

INTERVAL = timedelta(milliseconds=50)
"""Between looks: what a record waits at most before it is fetched."""

Look = Callable[[], Hashable]
"""A cheap look at a source: a value that changes whenever there may be something new."""


class Waker:
    """The thread that looks. Sources are watched from `watch` to `stop`."""

    def __init__(self, interval: timedelta = INTERVAL) -> None:
        self._interval = interval
        self._watched: list[tuple[Look, threading.Event, list[Hashable]]] = []
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, look: Look) -> threading.Event:
        """An event that is set at once and whenever the look's value has changed."""
        changed = threading.Event()
        changed.set()
        with self._lock:
            self._watched.append((look, changed, [None]))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()
        return changed

    def stop(self) -> None:
        """Look no more, and wake everybody so that they can end."""
        self._stopping.set()
        with self._lock:
            for _, changed, _ in self._watched:
                changed.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval.total_seconds()):
            with self._lock:
                watched = list(self._watched)
            for look, changed, last in watched:
                value = look()
                if value != last[0]:
                    last[0] = value
                    changed.set()


def table_stream(account: str, region: str, table: str) -> Look:
    """Changes with every record of a table's stream."""

    def look() -> Hashable:
        found = get_backend("dynamodb")[account][region].tables.get(table)
        shard = found.stream_shard if found is not None else None
        return None if shard is None else (id(shard), len(shard.items))

    return look


def kinesis_stream(account: str, region: str, name: str) -> Look:
    """Changes with every record of a Kinesis stream."""

    def look() -> Hashable:
        stream = get_backend("kinesis")[account][region].streams.get(name)
        if stream is None:
            return None
        return tuple((key, len(shard.records)) for key, shard in list(stream.shards.items()))

    return look


def queue_messages(account: str, region: str, name: str) -> Look:
    """Changes when messages arrive, or become visible again."""
    turn = 0

    def look() -> Hashable:
        nonlocal turn
        queue = get_backend("sqs")[account][region].queues.get(name)
        if queue is None or not queue._messages or not queue.messages:
            return 0
        # As long as something is visible there is something to fetch.
        turn += 1
        return turn

    return look
