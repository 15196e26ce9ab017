"""The one place that starts ffmpeg, ffprobe and the packager, and that can end them.

Each runs in a process group of its own, so that ending it leaves nothing behind, and on a leash,
so that none outlives this process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from localcloud.leash import leashed

from .errors import JobCancelledError

STDERR_TAIL_BYTES = 4000
"""How much of a tool's complaint is kept for the error message."""


@dataclass(frozen=True)
class Finished:
    """A process that ended by itself."""

    exit_code: int
    output: str
    complaint: str
    """The end of its standard error."""


class Processes:
    """Runs one command at a time for one job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None
        self._ended = False

    def run(self, command: Sequence[str], on_line: Callable[[str], None] | None = None) -> Finished:
        """Waits for the command, telling `on_line` each line it prints.

        Raises JobCancelledError when `end` was called before or during it.
        """
        lines: list[str] = []
        with tempfile.TemporaryFile("w+b") as complaints:
            process = self._start(command, complaints.fileno())
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    if on_line is None:
                        lines.append(line)
                    else:
                        on_line(line.rstrip("\n"))
            exit_code = process.wait()
            with self._lock:
                self._running = None
                if self._ended:
                    raise JobCancelledError
            complaints.seek(0, os.SEEK_END)
            complaints.seek(max(0, complaints.tell() - STDERR_TAIL_BYTES))
            return Finished(exit_code, "".join(lines), complaints.read().decode(errors="replace"))

    def check(self) -> None:
        """Raises JobCancelledError once `end` was called."""
        with self._lock:
            if self._ended:
                raise JobCancelledError

    def end(self) -> None:
        """Kills what runs, and lets nothing start any more."""
        with self._lock:
            self._ended = True
            if self._running is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._running.pid, signal.SIGKILL)

    def _start(self, command: Sequence[str], stderr: int) -> subprocess.Popen[str]:
        with self._lock:
            if self._ended:
                raise JobCancelledError
            self._running = subprocess.Popen(
                leashed(list(command)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            return self._running
