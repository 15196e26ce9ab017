"""Work that a cloud service does after it has answered: now or later, on a few daemon threads.

It knows when a task is due, not what the task does or whether it is repeated.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta

NOW = timedelta()


class Deliveries:
    """Runs tasks when they are due. Threads start when needed and die with the process."""

    def __init__(self, name: str, *, threads: int = 16) -> None:
        self._name = name
        self._limit = threads
        self._threads = 0
        self._waiting = 0
        self._running = 0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False

    def submit(self, task: Callable[[], None], *, after: timedelta = NOW) -> None:
        """Run the task once, `after` that long. What is not due when all stops is dropped."""
        with self._changed:
            if self._stopped:
                return
            due = time.monotonic() + after.total_seconds()
            heapq.heappush(self._due, (due, next(self._order), task))
            if self._waiting < len(self._due) and self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            self._changed.notify_all()

    def wait_idle(self, timeout: timedelta) -> bool:
        """Wait until nothing is queued, due later, or running; False when it took too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._due and not self._running, timeout.total_seconds()
            )

    def stop(self) -> None:
        """Start nothing more. Tasks that run are left to end."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except Exception:  # noqa: BLE001 - the thread's edge: one failed task must not end it
                traceback.print_exc(file=sys.stderr)
            finally:
                del task
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._running += 1
                    return heapq.heappop(self._due)[2]
                self._waiting += 1
                try:
                    self._changed.wait(wait)
                finally:
                    self._waiting -= 1
            return None
