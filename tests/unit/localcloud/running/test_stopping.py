"""A wish to stop arrives whoever took it, whenever it comes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from localcloud.stopping import StopRequest

PROGRAM = """
import os, signal, sys, threading
from localcloud.stopping import StopRequest

stopping = StopRequest()
stopping.on_signals(signal.SIGINT)
another = threading.Thread(target=threading.Event().wait, daemon=True)
another.start()
if sys.argv[1] == "another":
    # The kernel gives what this thread does not take to the other one.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
if sys.argv[1] == "before":
    os.kill(os.getpid(), signal.SIGINT)
print("waiting", flush=True)
stopping.wait()
os._exit(0)
"""


@pytest.mark.parametrize("taken_by", ["main", "another", "before"])
def test_a_signal_ends_the_wait_whichever_thread_takes_it(taken_by: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, taken_by], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "waiting\n"
            process.send_signal(signal.SIGINT)

            assert process.wait(20) == 0
        finally:
            process.kill()


def test_a_thread_ends_the_wait() -> None:
    stopping = StopRequest()
    threading.Thread(target=stopping.set).start()

    stopping.wait()


def test_asking_over_and_over_blocks_nobody() -> None:
    stopping = StopRequest()

    for _ in range(100_000):
        stopping.set()

    stopping.wait()
