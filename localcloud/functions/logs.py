"""A function's log file, and the lines that Lambda itself writes into it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

TAIL_BYTES = 4096
"""What `X-Amz-Log-Type: Tail` answers (Invoke API reference)."""
ROTATE_BYTES = 10 * 1024 * 1024
"""A longer file is set aside as `.1` when the function is created again."""


class FunctionLog:
    """Appends to `<function>.log`; several processes of one function share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > ROTATE_BYTES:
            path.replace(path.with_suffix(".log.1"))
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def append(self, data: bytes) -> None:
        """Write at the end; after `close` it is dropped."""
        with self._lock:
            if not self._file.closed:
                self._file.write(data)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._file.close()


class InvocationLog:
    """One process's output on its way into the log, and the tail of the current invocation."""

    def __init__(self, log: FunctionLog, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self._log = log
        self._pipe = pipe
        self._tail = bytearray()

    def begin(self) -> None:
        """Forget the tail: an invocation starts."""
        self._tail.clear()

    def line(self, text: str) -> None:
        """Write a line of Lambda's own."""
        self._write(text.encode() + b"\n")

    def drain(self) -> bool:
        """Take what the process has written so far; False when it has closed its output."""
        while True:
            try:
                data = os.read(self._pipe, 1 << 16)
            except BlockingIOError:
                return True
            if not data:
                return False
            # The runtime joins the lines of one record by carriage returns.
            self._write(data.replace(b"\r", b"\n"))

    def tail(self) -> str:
        """The last 4 KB that the current invocation logged."""
        return self._tail[-TAIL_BYTES:].decode(errors="replace")

    def _write(self, data: bytes) -> None:
        self._log.append(data)
        self._tail += data
        if len(self._tail) > 16 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]


def report_line(
    request_id: str,
    *,
    duration_ms: float,
    memory_mb: int,
    used_mb: int,
    init_ms: float | None,
    failure: str | None,
) -> str:
    """Lambda's REPORT line; `failure` is its trailing part, such as `Status: timeout`."""
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {max(1, -int(-duration_ms // 1))} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {used_mb} MB",
    ]
    if init_ms is not None:
        parts.append(f"Init Duration: {init_ms:.2f} ms")
    if failure is not None:
        parts.append(failure)
    return "\t".join(parts) + "\t"
