"""Starting and ending operating-system processes so that none outlives this one.

A process asks the kernel to end it when *the thread* that started it ends (prctl(2)), so one
thread, which lives as long as this process, starts all of them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MB = 1024 * 1024


@dataclass(frozen=True)
class Start:
    """How to start a process: it leads its own group and inherits no variable."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    output_fd: int
    """Where standard output and error go."""


class Process:
    """A process and what it starts. Its id is not given back to the system before `kill`, so
    that no other process can ever be meant by it."""

    def __init__(self, start: Start) -> None:
        self._process = subprocess.Popen(
            list(start.command),
            env=dict(start.environment),
            cwd=start.folder,
            stdin=subprocess.DEVNULL,
            stdout=start.output_fd,
            stderr=start.output_fd,
            start_new_session=True,
        )
        self._ending = threading.Lock()

    @property
    def pid(self) -> int:
        """The process's id, and its group's."""
        return self._process.pid

    def exited(self) -> bool:
        """Whether it has ended, by itself or not."""
        with self._ending:
            if self._process.returncode is not None:
                return True
            if not hasattr(os, "waitid"):
                return self._process.poll() is not None
            look = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._process.pid, look) is not None

    def kill(self) -> None:
        """End it and what it started, and wait for its end."""
        with self._ending:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def exit_reason(self) -> str:
        """How it ended, in Lambda's words; after `kill`, which changes nothing if it had ended."""
        code = self._process.returncode
        if code is None or code == 0:
            return "Runtime exited without providing a reason"
        if code < 0:
            name = "killed" if -code == signal.SIGKILL else signal.strsignal(-code) or str(-code)
            return f"Runtime exited with error: signal: {name.lower()}"
        return f"Runtime exited with error: exit status {code}"


class Spawner:
    """The thread that starts processes."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Start, Future[Process]]]
        self._requests = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="spawner", daemon=True).start()

    def start(self, start: Start) -> Process:
        """Start a process; OSError when the system cannot."""
        started: Future[Process] = Future()
        self._requests.put((start, started))
        return started.result()

    def _serve(self) -> None:
        while True:
            start, started = self._requests.get()
            try:
                started.set_result(Process(start))
            except OSError as error:
                started.set_exception(error)


def resident_mb(pid: int) -> int:
    """The process's resident memory now; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * PAGE_BYTES // MB
