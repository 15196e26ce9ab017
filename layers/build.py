"""Builds the dependency sets of the functions: one folder per layer, for one target machine.

    python layers/build.py local     this machine's own interpreter, for the local cloud
    python layers/build.py aws       Python 3.13 on arm64, what the deployed functions run

Needs no Docker: wheels only, hashes checked against each layer's requirements.txt. A layer whose
lock and builder have not changed is left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BUILD = ROOT.parent / ".build" / "layers"

AWS_SERVICES = frozenset(
    ["dynamodb", "events", "kms", "mediaconvert", "s3", "sesv2", "stepfunctions", "sts"]
)
"""The service models that functions use; all of botocore's are 120 MB of a layer's 250."""

AWS_SUPPORT_FILES = frozenset(
    ["_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"]
)
"""What botocore reads whatever the service."""

MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
"""Lambda's limit for a function with all its layers."""


@dataclass(frozen=True)
class Target:
    """A machine that functions run on."""

    name: str
    uv_options: tuple[str, ...]
    identity: str
    """What tells one build of this target from another."""


def target_named(name: str) -> Target:
    """The two targets there are."""
    if name == "aws":
        options = ("--python-version", "3.13", "--python-platform", "aarch64-manylinux_2_28")
        return Target("aws", options, " ".join(options))
    here = f"{platform.python_version()} {platform.machine()}"
    return Target("local", ("--python", sys.executable), here)


def install_command(target: Target, lock: Path, folder: Path) -> list[str]:
    """The command that fills a layer's `python` folder from its lock."""
    return [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet"),
        *("--require-hashes", "--only-binary", ":all:", "--no-compile-bytecode"),
        # Hard links would tie the layer to uv's cache, and their times to this machine's history.
        *("--link-mode", "copy"),
        *target.uv_options,
        *("--target", str(folder / "python"), "--requirement", str(lock)),
    ]


def fingerprint(target: Target, lock: Path) -> str:
    """Changes when the built layer would."""
    parts = [target.identity.encode(), lock.read_bytes(), Path(__file__).read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def trim(site: Path) -> None:
    """Remove what no function reads: other services' models, scripts, records of the installer."""
    data = site / "botocore" / "data"
    if data.is_dir():
        for entry in data.iterdir():
            if entry.is_dir() and entry.name not in AWS_SERVICES:
                shutil.rmtree(entry)
            elif entry.is_file() and entry.name not in AWS_SUPPORT_FILES:
                entry.unlink()
    for name in ("bin", ".lock"):
        leftover = site / name
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)
    for installer_file in ("RECORD", "INSTALLER", "REQUESTED", "uv_cache.json", "direct_url.json"):
        for found in site.glob(f"*.dist-info/{installer_file}"):
            found.unlink()


def build(target: Target, layer: Path) -> None:
    """Build one layer if its lock, target or this builder changed since the last time."""
    lock = layer / "requirements.txt"
    folder = BUILD / target.name / layer.name
    stamp = BUILD / target.name / f"{layer.name}.stamp"
    wanted = fingerprint(target, lock)
    if stamp.is_file() and stamp.read_text() == wanted and folder.is_dir():
        return
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(install_command(target, lock, folder), check=True)
    trim(folder / "python")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    if size > MAX_UNZIPPED_BYTES:
        raise SystemExit(f"Layer {layer.name} is {size} bytes unzipped; Lambda takes 250 MB.")
    stamp.write_text(wanted)
    print(f"layer {target.name}/{layer.name}: {size / 1e6:.1f} MB")  # noqa: T201 - a build step


def main() -> None:
    """Build every layer for the target named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=["local", "aws"])
    target = target_named(parser.parse_args().target)
    for lock in sorted(ROOT.glob("*/requirements.txt")):
        build(target, lock.parent)


if __name__ == "__main__":
    main()
