"""The synthesized templates of a run, made anew only when something they are made of changed.

It knows what a synthesis may read, not what it makes of it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

NOT_READ = frozenset(
    {
        "benchmarks",
        "cdk.out",
        "commands",
        "docs",
        "jobs",
        "localcloud",
        "node_modules",
        "tests",
        "web",
        "__pycache__",
    }
)
"""Folders of the repository that no stack reads. What is not named here counts as read."""

VERSIONS = ("aws-cdk-lib", "constructs", "jsii", "cdk-nag")
"""Packages that decide what a template looks like."""

_STAMP = "fingerprint.txt"


class Synthesis:
    """The assembly in one folder."""

    def __init__(self, root: Path, folder: Path) -> None:
        """`root` is the repository, `folder` where its assembly goes."""
        self._root = root
        self._folder = folder

    def assembly(self, context: str, synthesize: Callable[[Path], object]) -> bool:
        """Bring the folder up to date with the CDK context of that JSON; whether it had to be made.

        `synthesize` writes the assembly into an empty folder. Half an assembly is never taken for
        a whole one.
        """
        stamp = self._folder / _STAMP
        wanted = fingerprint(self._root, self._folder, context)
        if stamp.is_file() and stamp.read_text() == wanted:
            return False
        shutil.rmtree(self._folder, ignore_errors=True)
        synthesize(self._folder)
        stamp.write_text(wanted)
        return True


def fingerprint(root: Path, folder: Path, context: str) -> str:
    """A digest of everything that a synthesis of this repository reads."""
    digest = hashlib.sha256(context.encode())
    digest.update(sys.version.encode())
    for name in VERSIONS:
        digest.update(f"{name} {_version(name)}\n".encode())
    for path in _read(root, folder):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    # Built layers are thousands of files; their build stamps them when it is done.
    for layers in _layers(root, context):
        stamp = layers.with_name(f"{layers.name}.ready")
        changed = stamp if stamp.exists() else layers
        digest.update(f"{layers} {changed.stat().st_mtime_ns if changed.exists() else 0}".encode())
    return digest.hexdigest()


def _read(root: Path, folder: Path) -> Iterator[Path]:
    for entry in sorted(root.iterdir()):
        if entry.name.startswith(".") or entry.name in NOT_READ or entry == folder.parent:
            continue
        if entry.is_file() and entry.suffix != ".md":
            yield entry
        # Another DATA_DIR inside the repository is recognised by the assembly it holds.
        elif entry.is_dir() and not (entry / "cdk.out").exists():
            yield from sorted(
                path
                for path in entry.rglob("*")
                if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts
            )


def _layers(root: Path, context: str) -> Iterator[Path]:
    """The folders of built layers that the context names for its environment."""
    parsed = json.loads(context)
    settings = parsed.get("environments", {}).get(parsed.get("environment"), {})
    if "layers" in settings:
        yield root / settings["layers"]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
