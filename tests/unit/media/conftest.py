"""What the media tests share: one run, one film, and a packager's real output."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from media.domain import Run
from media.job_document import Destination
from media.source import Source
from tests.fakes.media import FakePackagedFiles

ASSET_ID = "ast_01kz0000000000000000000000"

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def asset_id() -> str:
    return ASSET_ID


@pytest.fixture
def run() -> Run:
    return Run(
        asset_id=ASSET_ID,
        version="01kzversion000000000000000",
        bucket="mezzanine",
        key=f"uploads/{ASSET_ID}/source",
    )


@pytest.fixture
def source() -> Source:
    return Source(
        width=640,
        height=360,
        frame_rate=Fraction(24),
        duration_seconds=10.0,
        has_audio=True,
        interlaced=False,
    )


@pytest.fixture
def destination() -> Destination:
    return Destination(
        bucket="packaged",
        speke_url="https://abc123.execute-api.eu-west-1.amazonaws.com/speke/v2.0/copyProtection",
        environment="local",
    )


@pytest.fixture
def packager_output() -> dict[str, str]:
    """Manifests that Shaka Packager 3.8 wrote for ten seconds in two renditions, cbcs."""
    return {path.name: path.read_text() for path in FIXTURES.iterdir()}


@pytest.fixture
def packaged(run: Run, packager_output: dict[str, str]) -> FakePackagedFiles:
    """The origin bucket as a finished job left it."""
    files = {name: text.encode() for name, text in packager_output.items()}
    for track, suffix in (("360p", "v"), ("240p", "v"), ("audio", "a")):
        files[f"main_{track}init.cmf{suffix}"] = b"init"
        for number in (1, 2, 3):
            files[f"main_{track}_{number:09}.cmf{suffix}"] = b"segment"
    objects = {f"{run.package_path}/{name}": body for name, body in files.items()}
    frames = {0: b"black", 1: b"a face, rain and a street", 2: b"credits"}
    for number, picture in frames.items():
        objects[f"{run.work_path}/frame.{number:07}.jpg"] = picture
    return FakePackagedFiles(objects)
