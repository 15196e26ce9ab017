"""What the workers of one run of the suite share, and what each makes only if no other did."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def worker() -> str:
    """Which of several workers this is; empty where there is one process."""
    return os.environ.get("PYTEST_XDIST_WORKER", "")


def suite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run's, the same for all of its workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if worker() else own


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder as the first worker to come made it; the others wait for it."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder.with_suffix(".made")
        if not made.exists():
            make(folder)
            made.touch()
    return folder


def synthesize(environment: str, folder: Path, *, root: Path = ROOT, **settings: Any) -> Path:
    """The cloud assembly of an environment, made as `cdk synth` makes it; the local one is for
    this machine's interpreter."""
    if environment == "local":
        settings["lambda_runtime"] = f"python3.{sys.version_info.minor}"
    context = json.loads((root / "cdk.json").read_text())["context"]
    context |= {"environment": environment, "settings": json.dumps(settings)}
    made = subprocess.run(
        [sys.executable, "app.py"],
        cwd=root,
        env={**os.environ, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder
