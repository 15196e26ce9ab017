"""Tools that a job starts: their end, whatever ends first."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from localcloud.mediaconvert.errors import JobCancelledError
from localcloud.mediaconvert.processes import Processes

PATIENCE_SECONDS = 20


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        # Not the command line: it is empty in the middle of an exec, too.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_tool_says_how_it_ended_and_what_it_said() -> None:
    finished = Processes().run(["sh", "-c", "echo out; echo why >&2; exit 3"])

    assert (finished.exit_code, finished.output, finished.complaint) == (3, "out\n", "why\n")


def test_a_tool_that_does_not_exist_is_named() -> None:
    finished = Processes().run(["there-is-no-such-tool"])

    assert finished.exit_code != 0
    assert "there-is-no-such-tool" in finished.complaint


def test_a_job_that_is_cancelled_ends_its_tool() -> None:
    processes = Processes()
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        threading.Thread(target=processes.end).start()

    with pytest.raises(JobCancelledError):
        processes.run(["sh", "-c", "echo $$; exec sleep 60"], on_line)

    assert not runs(int(lines[0]))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's leash is Linux's")
def test_no_tool_outlives_a_service_that_is_killed() -> None:
    service = (
        "from localcloud.mediaconvert.processes import Processes\n"
        "Processes().run(['sh', '-c', 'echo $$; exec sleep 60'], lambda line: print(line))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", service], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        tool = int(process.stdout.readline())
        assert runs(tool)

        process.kill()

    deadline = time.monotonic() + PATIENCE_SECONDS
    while runs(tool) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not runs(tool)
