"""What every kind of test shares: the synthesized templates, and a moment in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

Template = dict[str, Any]


def synthesize(environment: str, folder: Path, **settings: Any) -> Path:
    """The cloud assembly of an environment, made as `cdk synth` makes it."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    context |= {"environment": environment, "settings": json.dumps(settings)}
    made = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The local environment's assembly, for this machine's interpreter."""
    runtime = f"python3.{sys.version_info.minor}"
    return synthesize("local", tmp_path_factory.mktemp("local"), lambda_runtime=runtime)


@pytest.fixture(scope="session")
def dev_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dev environment's assembly: what would be deployed."""
    return synthesize("dev", tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="session")
def template(assembly: Path) -> Callable[[str], Template]:
    """The local template of a stack, by its short name."""
    return lambda stack: json.loads((assembly / f"{stack}.template.json").read_text())


@pytest.fixture(scope="session")
def dev_template(dev_assembly: Path) -> Callable[[str], Template]:
    """The dev template of a stack, by its short name."""
    return lambda stack: json.loads((dev_assembly / f"{stack}.template.json").read_text())


@pytest.fixture
def now() -> datetime:
    """A moment; tests that need another one add to it."""
    return datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
