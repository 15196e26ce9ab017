"""Kills functions of a running service at random, as a worn-out host would.

`CHAOS_SECONDS=10 python -m pytest tests/integration tests/e2e` runs the suite under it.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cloud import processes_of

FUNCTION = "functions/launcher.py"
"""What the command of every function's process holds."""


@contextmanager
def killing_functions(data_dir: Path, every_seconds: float | None) -> Iterator[list[str]]:
    """kill -9 of one function's process every so often; the commands that were killed."""
    killed: list[str] = []
    if every_seconds is None:
        yield killed
        return
    stopping = threading.Event()

    def run() -> None:
        while not stopping.wait(every_seconds):
            functions = {
                process: command
                for process, command in processes_of(data_dir).items()
                if FUNCTION in command
            }
            if functions:
                process = random.choice(list(functions))
                os.kill(process, signal.SIGKILL)
                killed.append(functions[process])

    thread = threading.Thread(target=run, name="chaos", daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        stopping.set()
        thread.join()
    assert killed, "nothing was ever killed"


def kill_functions(data_dir: Path, *handlers: str) -> int:
    """kill -9 of all that runs one of these handlers now, in the middle of whatever it does; how
    many processes those were."""
    killed = 0
    for process, command in processes_of(data_dir).items():
        if FUNCTION in command and command.split()[-1] in handlers:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
                killed += 1
    return killed


def seconds_between_kills() -> float | None:
    """What `CHAOS_SECONDS` asks for; None leaves every function alone."""
    asked = os.environ.get("CHAOS_SECONDS")
    return float(asked) if asked else None
