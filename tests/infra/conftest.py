"""Every environment's assembly, synthesized once: the slow ones side by side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.suite import ROOT, once, suite_folder, synthesize

Template = dict[str, Any]

ENVIRONMENTS = ("local", "dev", "staging", "prod")

EDITED_DOMAIN = "progress"
"""The domain that the copied repository changes; only assets of its functions may differ."""


def edited_copy(folder: Path) -> Path:
    """The repository in another place, where somebody changed one domain."""
    for name in ("lambdas", "stacks", "statemachines", "edge"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("app.py", "cdk.json"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".build").symlink_to(ROOT / ".build")
    changed = folder / "lambdas" / EDITED_DOMAIN / "domain.py"
    changed.write_text(changed.read_text() + "\n# An edit.\n")
    return folder


@pytest.fixture(scope="session")
def side_by_side(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[Path]]:
    """What no other test needs, made while the first tests run."""
    suite = suite_folder(tmp_path_factory)

    def of_edited(folder: Path) -> None:
        copy = edited_copy(folder.with_name("copy"))
        synthesize("local", folder, root=copy)

    pool = ThreadPoolExecutor(2)
    futures = {
        name: pool.submit(once, suite / name, partial(synthesize, name))
        for name in ("staging", "prod")
    }
    futures["edited"] = pool.submit(once, suite / "edited", of_edited)
    pool.shutdown(wait=False)
    return futures


@pytest.fixture(scope="session")
def assembly_of(
    request: pytest.FixtureRequest, side_by_side: dict[str, Future[Path]]
) -> Callable[[str], Path]:
    """The assembly of an environment, or of the `edited` copy."""
    shared = {"local": "assembly", "dev": "dev_assembly"}

    def folder(name: str) -> Path:
        if name in shared:
            return Path(request.getfixturevalue(shared[name]))
        return side_by_side[name].result()

    return folder


@pytest.fixture(scope="session")
def templates_of(assembly_of: Callable[[str], Path]) -> Callable[[str], dict[str, Template]]:
    """An environment's templates by short stack name, read once."""
    read: dict[str, dict[str, Template]] = {}

    def templates(name: str) -> dict[str, Template]:
        if name not in read:
            read[name] = {
                path.name.removesuffix(".template.json"): json.loads(path.read_text())
                for path in sorted(assembly_of(name).glob("*.template.json"))
            }
        return read[name]

    return templates


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(environment: str, assembly_of: Callable[[str], Path]) -> Path:
    return assembly_of(environment)


@pytest.fixture
def templates(
    environment: str, templates_of: Callable[[str], dict[str, Template]]
) -> dict[str, Template]:
    return templates_of(environment)
