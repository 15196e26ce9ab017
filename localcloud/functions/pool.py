"""The processes of one function: how many there are, and which of them serves an invocation.

Lambda would start as many as are needed; here a small number do, and callers wait their turn.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from localcloud.functions.errors import ThrottledError
from localcloud.functions.worker import Worker, WorkerFactory

RESERVED_EXCEEDED = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_EXCEEDED = "ConcurrentInvocationLimitExceeded"
IDLE_LIMIT = timedelta(minutes=5)
"""A process that nobody needed for so long is ended when another is used."""


class Pool:
    """Idle and busy processes of one function; safe from any thread."""

    def __init__(
        self,
        start: WorkerFactory,
        *,
        reserved: int | None,
        process_limit: int,
        queue_limit: timedelta,
    ) -> None:
        """`reserved` is the function's reserved concurrency: beyond it, callers are throttled at
        once, as on AWS. Beyond `process_limit`, which AWS has not, they wait up to `queue_limit`.
        """
        self._start = start
        self._reserved = reserved
        self._process_limit = process_limit
        self._queue_limit = queue_limit
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._starting = 0
        self._callers = 0
        self._changed = threading.Condition()
        self._stopped = False

    def take(self, version: str) -> Worker:
        """An idle process, or a new one; ThrottledError when there may be no more."""
        with self._changed:
            if self._reserved is not None and self._callers >= self._reserved:
                raise ThrottledError(reason=RESERVED_EXCEEDED)
            self._callers += 1
        try:
            return self._take(version)
        except BaseException:
            self._leave()
            raise

    def give_back(self, worker: Worker, *, reusable: bool) -> None:
        """End of an invocation."""
        with self._changed:
            self._busy.discard(worker)
            keep = reusable and not self._stopped
            if keep:
                self._idle.append(worker)
        if not keep:
            _end(worker)
        self._leave()

    def pids(self) -> list[int]:
        """The processes that run."""
        with self._changed:
            return [worker.pid for worker in [*self._idle, *self._busy] if worker.alive()]

    def stop(self) -> None:
        """End every process; invocations in progress end as if their process had exited."""
        with self._changed:
            self._stopped = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
            self._changed.notify_all()
        for worker in busy:
            worker.close()
        for worker in idle:
            _end(worker)

    def _take(self, version: str) -> Worker:
        worker, spare = self._claim(version)
        for old in spare:
            _end(old)
        if worker is not None:
            return worker
        try:
            worker = self._start(version)
        except BaseException:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()
            raise
        with self._changed:
            # In one step: a process counted nowhere for a moment would let one too many start.
            self._starting -= 1
            self._busy.add(worker)
            stopped = self._stopped
            self._changed.notify_all()
        if stopped:
            worker.close()
        return worker

    def _claim(self, version: str) -> tuple[Worker | None, list[Worker]]:
        """An idle process, or None for the right to start one; and the processes to end."""
        deadline = time.monotonic() + self._queue_limit.total_seconds()
        spare: list[Worker] = []
        with self._changed:
            while not self._stopped:
                spare += self._remove_spare(version)
                if (worker := self._idle_of(version)) is not None:
                    self._busy.add(worker)
                    return worker, spare
                if len(self._idle) + len(self._busy) + self._starting < self._process_limit:
                    self._starting += 1
                    return None, spare
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            raise ThrottledError(reason=ACCOUNT_EXCEEDED)

    def _idle_of(self, version: str) -> Worker | None:
        """The most recently used: the others grow old together."""
        for worker in reversed(self._idle):
            if worker.version == version:
                self._idle.remove(worker)
                return worker
        return None

    def _remove_spare(self, version: str) -> list[Worker]:
        now, used_since = datetime.now(UTC), time.monotonic() - IDLE_LIMIT.total_seconds()
        spare = [
            worker
            for worker in self._idle
            if worker.retire_at <= now or worker.last_used < used_since or not worker.alive()
        ]
        full = len(self._idle) + len(self._busy) + self._starting >= self._process_limit
        others = [worker for worker in self._idle if worker.version != version]
        if full and not spare and len(others) == len(self._idle):
            spare = others[:1]
        for worker in spare:
            self._idle.remove(worker)
        return spare

    def _leave(self) -> None:
        with self._changed:
            self._callers -= 1
            self._changed.notify_all()


def _end(worker: Worker) -> None:
    worker.close()
    worker.release()
