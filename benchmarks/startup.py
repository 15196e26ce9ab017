"""How long until the service answers: synthesis, deployment to this machine, a warm `make run`?"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from parts.harness import ROOT, say
from parts.service import free_port

LIMIT_SECONDS = 30.0
"""A warm `make run`; the aim is 20."""

READY = re.compile(r"Ready \((?P<steps>[^)]*)\)")


@dataclass(frozen=True)
class Start:
    """One start of the service."""

    seconds: float
    cpu_seconds: float
    """Of the run and everything it started and waited for."""
    steps: dict[str, float]
    kept: bool
    """Whether the templates of the start before were taken."""


def start(data_dir: Path, port: int) -> Start:
    """Start the service, wait until it is ready, and stop it."""
    begun, before = time.monotonic(), os.times()
    command = [sys.executable, "-m", "localcloud", "run", "--no-demo"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--data-dir", str(data_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found, kept = None, False
    for line in process.stdout:
        kept |= "they are kept" in line
        found = READY.search(line)
        if found is not None:
            break
    seconds = time.monotonic() - begun
    process.send_signal(signal.SIGINT)
    process.communicate()
    after = os.times()
    if found is None:
        raise SystemExit("the service did not start")
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    pairs = (step.rpartition(" ") for step in found["steps"].split(", "))
    return Start(seconds, cpu, {name: float(took) for name, _, took in pairs}, kept)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        first, warm = start(Path(folder), port), start(Path(folder), port)
        if not warm.kept:
            # Somebody edited a source in between.
            warm = start(Path(folder), port)
    say("Starting the service without films (seconds; processor seconds)")
    for what, each in (("first start", first), ("warm start", warm)):
        steps = ", ".join(f"{name} {took:.1f}" for name, took in each.steps.items())
        print(f"  {what:<34} {each.seconds:10.1f} s   {each.cpu_seconds:6.1f} CPU s   {steps}")
    ratio = warm.seconds / LIMIT_SECONDS
    print(f"  {'warm start against its limit':<34} {ratio:10.2f}     target ≤ 1.00 (30 s)")


if __name__ == "__main__":
    main()
