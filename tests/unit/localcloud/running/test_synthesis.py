"""When templates are made anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from localcloud.synthesis import Synthesis

CONTEXT = json.dumps({"environment": "local", "environments": {"local": {"layers": "built/local"}}})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for name in ("stacks/media.py", "lambdas/media/domain.py", "app.py", "tests/test_it.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("1")
    (root / "built" / "local").mkdir(parents=True)
    (root / "built" / "local.ready").touch()
    return root


def synthesized(root: Path, data_dir: Path, context: str = CONTEXT) -> bool:
    """Whether the templates had to be made."""
    return Synthesis(root, data_dir / "cdk.out").assembly(
        context, lambda folder: folder.mkdir(parents=True)
    )


def test_unchanged_sources_keep_the_templates(root: Path, tmp_path: Path) -> None:
    assert synthesized(root, tmp_path / "data")

    assert not synthesized(root, tmp_path / "data")


@pytest.mark.parametrize(
    "name",
    ["stacks/media.py", "lambdas/media/domain.py", "app.py", "stacks/new.py", "dashboards/a.json"],
)
def test_a_changed_or_new_source_makes_them_anew(root: Path, tmp_path: Path, name: str) -> None:
    synthesized(root, tmp_path / "data")

    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("2")

    assert synthesized(root, tmp_path / "data")


def test_a_removed_source_makes_them_anew(root: Path, tmp_path: Path) -> None:
    synthesized(root, tmp_path / "data")

    (root / "stacks" / "media.py").unlink()

    assert synthesized(root, tmp_path / "data")


def test_tests_and_byte_code_do_not_matter(root: Path, tmp_path: Path) -> None:
    synthesized(root, tmp_path / "data")

    (root / "tests" / "test_it.py").write_text("2")
    (root / "stacks" / "__pycache__").mkdir()
    (root / "stacks" / "__pycache__" / "media.pyc").write_text("2")

    assert not synthesized(root, tmp_path / "data")


def test_other_settings_make_them_anew(root: Path, tmp_path: Path) -> None:
    synthesized(root, tmp_path / "data")

    assert synthesized(root, tmp_path / "data", CONTEXT.replace("local", "dev"))


def test_layers_built_again_make_them_anew(root: Path, tmp_path: Path) -> None:
    synthesized(root, tmp_path / "data")

    os.utime(root / "built" / "local.ready", (1, 1))

    assert synthesized(root, tmp_path / "data")


def test_a_data_dir_inside_the_repository_is_no_source(root: Path) -> None:
    data_dir = root / "data"
    synthesized(root, data_dir)

    (data_dir / "film.mp4").write_text("2")

    assert not synthesized(root, data_dir)


def test_a_synthesis_that_failed_is_never_taken_for_a_whole_one(root: Path, tmp_path: Path) -> None:
    def half(folder: Path) -> None:
        folder.mkdir(parents=True)
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        Synthesis(root, tmp_path / "data" / "cdk.out").assembly(CONTEXT, half)

    assert synthesized(root, tmp_path / "data")
