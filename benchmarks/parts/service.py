"""A service of a benchmark's own: started on free ports with an empty DATA_DIR, and stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parts.harness import ROOT

READY_SECONDS = 300.0
"""A first start takes 30 s on two cores of its own; others may be at work on them."""

STOP_SECONDS = 120.0
"""A stop saves every object and item a last time."""


@dataclass(frozen=True)
class RunningService:
    """One that is ready."""

    pid: int
    ready: dict[str, Any]
    """What its `ready.json` says."""

    def cpu_seconds(self) -> float:
        """Processor time of it and everything it ever started, until now."""
        return cpu_seconds_of_tree(self.pid)


@contextlib.contextmanager
def running_service() -> Iterator[RunningService]:
    """A service without films; SystemExit with its output when it does not start."""
    with tempfile.TemporaryDirectory(prefix="marquee-benchmark-") as folder:
        data_dir, output = Path(folder) / "data", Path(folder) / "output"
        command = [sys.executable, "-m", "localcloud", "run", "--no-demo"]
        with output.open("wb") as written:
            process = subprocess.Popen(
                [*command, "--port", str(free_port()), "--data-dir", str(data_dir)],
                cwd=ROOT,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        try:
            yield RunningService(process.pid, _await_ready(process, data_dir, output))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _await_ready(process: subprocess.Popen[bytes], data_dir: Path, output: Path) -> dict[str, Any]:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            ready: dict[str, Any] = json.loads((data_dir / "ready.json").read_text())
            return ready
        time.sleep(0.2)
    raise SystemExit(f"the service did not start:\n{output.read_text(errors='replace')}")


def free_port() -> int:
    """A PORT whose four addresses are free."""
    for port in range(14_000, 20_000, 10):
        try:
            for offset in (0, 1000, 2000, 3000):
                with socket.create_server(("127.0.0.1", port + offset)):
                    pass
        except OSError:
            continue
        return port
    raise SystemExit("no free port")


def cpu_seconds_of_tree(root: int) -> float:
    """What a process, its descendants that live and all that they waited for have used."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end while it is looked at: its parent has its time then.
        with contextlib.suppress(OSError):
            # proc(5): the fields after the name, which may itself hold spaces and parentheses.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            pid = int(folder.name)
            parents[pid] = int(fields[1])
            ticks[pid] = sum(map(int, fields[11:15]))
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(ticks.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")
