"""Commands that a run starts beside itself, and their end when it is told to stop.

Each leads a process group of its own: a Ctrl-C in the terminal reaches the run alone, which then
ends them and what they started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE_SECONDS = 2.0
"""What a command may take to end after it was asked to, before it is killed."""


class StoppedError(Exception):
    """The run was told to stop while this was under way."""


class CommandFailedError(Exception):
    """A command ended with an error; the message is what it said last."""

    def __init__(self, command: Sequence[str], output: str) -> None:
        self.command = list(command)
        self.output = output
        super().__init__(f"{_name(command)} failed.{_complaint(output)}")


class Children:
    """Runs commands until `end`; safe from any thread."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the working folder of every command."""
        self._folder = folder
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], *, shown: bool = False
    ) -> str:
        """What a command printed, or nothing when it was `shown`.

        CommandFailedError when it fails, StoppedError when `end` was called before or during it.
        """
        process = self._start(command, environment, shown=shown)
        try:
            output = process.communicate()[0] or ""
        finally:
            with self._lock:
                self._running.discard(process)
        self.check()
        if process.returncode != 0:
            raise CommandFailedError(command, output)
        return output

    def check(self) -> None:
        """StoppedError once `end` was called."""
        if self._ended:
            raise StoppedError

    def end(self) -> None:
        """End what runs, and let nothing start any more."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in running:
            # Also when it ended by itself: what it started may not have.
            _signal(process, signal.SIGKILL)

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str], *, shown: bool
    ) -> subprocess.Popen[str]:
        with self._lock:
            self.check()
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=None if shown else subprocess.PIPE,
                stderr=None if shown else subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
            return process


def _signal(process: subprocess.Popen[str], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _name(command: Sequence[str]) -> str:
    """`app.py` or `python -m` what, as a person would name it."""
    return next((part for part in command[1:] if not part.startswith("-")), command[0])


def _complaint(output: str) -> str:
    """What a person needs of a failed command's output: all of it, but of a traceback the end."""
    said = output.strip()
    if "Traceback (most recent call last)" in said:
        said = said.splitlines()[-1]
    return f"\n{said}" if said else ""
