"""Films for tests, made by ffmpeg from sources of its own, and the command that ingests them."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from tests.cloud import ROOT, WEB_PLAYER, Person, eventually

INGEST_SECONDS = 240
"""A few seconds of 360p on two busy cores, its functions starting cold."""

PLAYABLE_SECONDS = 60
"""Playback hears of a title from the bus, by a function that starts cold, after the catalogue or
before it."""


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


def unseen_film(
    path: Path, seconds: int = 7, *, index_first: bool = True, size: str = "640x360"
) -> Path:
    """A film in colour with sound whose content nobody has uploaded before."""
    pitch = 200 + uuid.uuid4().int % 400
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"),
        *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency={pitch}:duration={seconds}:sample_rate=48000"),
        *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-ac", "2", "-metadata", f"comment={uuid.uuid4()}"),
        *(("-movflags", "+faststart") if index_first else ()),
        str(path),
    ]
    subprocess.run(command, check=True)
    return path


def captions(path: Path, words: str) -> Path:
    """A WebVTT file that shows these words for the whole of a short film."""
    path.write_text(f"WEBVTT\n\n00:00:00.000 --> 00:01:00.000\n{words}\n", encoding="utf-8")
    return path


def cut(film: Path, path: Path, share: float) -> Path:
    """The first part of a film's bytes, as a broken copy leaves it."""
    content = film.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def run_ingest(
    environment: Mapping[str, str], film: Path, title: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """What `make ingest FILE=… TITLE=…` runs."""
    return subprocess.run(
        [sys.executable, "-m", "commands.ingest", str(film), title, *options],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=INGEST_SECONDS,
        check=False,
    )


def asset(staff: Person, asset_id: str) -> dict[str, Any]:
    """An asset as staff see it."""
    return staff.get(f"/v1/assets/{asset_id}")


def until(staff: Person, asset_id: str, status: str) -> dict[str, Any]:
    """The asset once it has a status; AssertionError when it ends in another."""

    def there() -> dict[str, Any] | None:
        found = asset(staff, asset_id)
        assert found["status"] in (status, "processing"), found
        return found if found["status"] == status else None

    found = eventually(there, INGEST_SECONDS, status)
    assert found is not None
    return found


def until_playable(person: Person, title_id: str) -> None:
    """Until the title can be started, which is not when the catalogue lists it."""
    asked = {"title_id": title_id, "device": WEB_PLAYER}

    def started() -> str:
        answer = person.ask("POST", "/v1/playback/start", asked)
        return str(answer.json()["session_id"]) if answer.status_code == 200 else ""

    person.leave(eventually(started, PLAYABLE_SECONDS, f"a play of {title_id}", every=0.5))
