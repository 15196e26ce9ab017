"""Films for tests, made by ffmpeg from sources of its own, and the command that ingests them."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from tests.cloud import ROOT

INGEST_SECONDS = 240
"""A few seconds of 360p on two busy cores, its functions starting cold."""


@dataclass(frozen=True)
class Ingested:
    """What ingesting a film said."""

    name: str
    result: subprocess.CompletedProcess[str]

    @property
    def lines(self) -> list[str]:
        """Its standard output."""
        return self.result.stdout.splitlines()

    @property
    def title_id(self) -> str:
        """Of the title that came of it."""
        assert self.result.returncode == 0, self.result.stdout + self.result.stderr
        return self.lines[-1].rpartition("(")[2].partition(")")[0]


def unseen_film(path: Path, seconds: int = 7, *, index_first: bool = True) -> Path:
    """A film in colour with sound, 640x360, whose content nobody has uploaded before."""
    pitch = 200 + uuid.uuid4().int % 400
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"),
        *("-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency={pitch}:duration={seconds}:sample_rate=48000"),
        *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-ac", "2", "-metadata", f"comment={uuid.uuid4()}"),
        *(("-movflags", "+faststart") if index_first else ()),
        str(path),
    ]
    subprocess.run(command, check=True)
    return path


def cut(film: Path, path: Path, share: float) -> Path:
    """The first part of a film's bytes, as a broken copy leaves it."""
    content = film.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def run_ingest(
    environment: Mapping[str, str], film: Path, title: str
) -> subprocess.CompletedProcess[str]:
    """What `make ingest FILE=… TITLE=…` runs."""
    return subprocess.run(
        [sys.executable, "-m", "commands.ingest", str(film), title],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=INGEST_SECONDS,
        check=False,
    )
