"""What does the pipeline cost over its encoder: upload done → ready, against bare ffmpeg?

The peer makes the same renditions with the same encoder settings, decoding once: no thumbnails,
posters, segments, encryption, manifests or copies, which the pipeline makes, too. What a film of
one segment takes longer than bare ffmpeg is fixed: every film pays it, however long.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
from parts.harness import LAMBDAS, ROOT, say, say_conditions, say_limit, say_ratio
from parts.service import RunningService, running_service

sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(LAMBDAS))

from commands.demo_films import FOOTAGE
from commands.ingest import UNDER_WAY
from commands.service_api import TIMEOUT, Api, Service
from commands.upload import Uploader
from localcloud.mediaconvert.tools import FFMPEG
from media.ladder import AUDIO_BITRATE_BPS, SEGMENT_SECONDS, Rendition, ladder_for
from media.source import Source

FILMS = ROOT / ".build" / "benchmarks"

SHORT_SECONDS = SEGMENT_SECONDS
"""One segment: what a film costs whatever its length, and little else."""

FIXED_LIMIT_SECONDS = 15.0

POLL_SECONDS = 1.0

CRF = {6: 25, 7: 23, 8: 21}
"""x264's constant rate factor by the ladder's quality level, as the local MediaConvert has it."""


@dataclass(frozen=True)
class Spent:
    """What making all renditions of a film took."""

    wall: float
    cpu: float
    steps: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each step of the pipeline."""

    def less(self, fixed: Spent) -> Spent:
        """The rest, apart from what is fixed."""
        return Spent(self.wall - fixed.wall, self.cpu - fixed.cpu)


def film(seconds: int) -> Path:
    """720p of real footage with the grain of a camera, made once.

    Without grain, x264 finds every pixel of a loop's second round at hand, scaled footage has no
    detail of its own, and both sides are measured at something no film is.
    """
    target = FILMS / f"720p-{seconds}s.mp4"
    if not target.exists():
        FILMS.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part.mp4")
        command = [
            *(FFMPEG, "-v", "error", "-nostdin", "-y"),
            *("-stream_loop", "-1", "-i", str(ROOT / FOOTAGE), "-t", str(seconds)),
            *("-vf", "scale=1280:720,noise=alls=8:allf=t"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000"),
            *("-movflags", "+faststart", str(unfinished)),
        ]
        subprocess.run(command, check=True)
        unfinished.replace(target)
    return target


def peer_command(source: Path, renditions: Sequence[Rendition], folder: Path) -> list[str]:
    """One decode, every rendition, and the sound."""
    names = [f"[s{number}]" for number in range(len(renditions))]
    graph = [f"[0:v]split={len(renditions)}{''.join(names)}"]
    outputs: list[str] = []
    for number, rendition in enumerate(renditions):
        size = f"{rendition.width}:{rendition.height}"
        graph.append(f"{names[number]}scale={size}:flags=bicubic,format=yuv420p[v{number}]")
        outputs += [
            *("-map", f"[v{number}]", "-c:v", "libx264", "-preset", "veryfast"),
            *("-profile:v", "high", "-crf", str(CRF[rendition.quality])),
            *("-maxrate", str(rendition.max_bitrate_bps)),
            *("-bufsize", str(2 * rendition.max_bitrate_bps)),
            *("-flags", "+cgop", "-sc_threshold", "0"),
            *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_SECONDS})"),
            str(folder / f"{rendition.label}.mp4"),
        ]
    sound = ["-map", "0:a", "-c:a", "aac", "-b:a", str(AUDIO_BITRATE_BPS), "-ac", "2"]
    start = [FFMPEG, "-v", "error", "-nostdin", "-y", "-i", str(source)]
    return [*start, "-filter_complex", ";".join(graph), *outputs, *sound, str(folder / "a.m4a")]


def by_peer(source: Path) -> Spent:
    """Bare ffmpeg."""
    frame_rate = Fraction(25)
    known = Source(
        width=1280, height=720, frame_rate=frame_rate, has_audio=True, interlaced=False,
        duration_seconds=60.0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="marquee-benchmark-") as folder:
        command = peer_command(source, ladder_for(known).renditions, Path(folder))
        begun, before = time.monotonic(), _children_cpu()
        subprocess.run(command, check=True)
        return Spent(time.monotonic() - begun, _children_cpu() - before)


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


class Pipeline:
    """A service, and somebody of its staff."""

    def __init__(self, running: RunningService, http: httpx.Client) -> None:
        account = running.ready["accounts"]["staff"]
        self._running = running
        self._http = http
        staff = Service(
            running.ready["web"], account["email"], account["password"], account["totp_secret"]
        )
        self._api = Api(staff, http)

    def make(self, source: Path) -> Spent:
        """Upload a film, and measure from there until it is ready."""
        with tempfile.TemporaryDirectory(prefix="marquee-benchmark-") as folder:
            unseen = _unseen(source, Path(folder))
            asset_id = Uploader(self._api, self._http).send(unseen, source.stem, lambda *_: None)
        before = self._running.cpu_seconds()
        asset = self._finished(asset_id)
        cpu = self._running.cpu_seconds() - before
        steps = {
            step["name"]: [datetime.fromisoformat(step[end]) for end in ("started_at", "ended_at")]
            for step in asset["steps"]
        }
        wall = max(ended for _, ended in steps.values()) - steps.pop("upload")[1]
        took = {name: (ended - began).total_seconds() for name, (began, ended) in steps.items()}
        return Spent(wall.total_seconds(), cpu, took)

    def _finished(self, asset_id: str) -> dict[str, Any]:
        while True:
            asset = self._api.get(f"/v1/assets/{asset_id}")
            if asset["status"] == "ready":
                return asset
            if asset["status"] not in UNDER_WAY:
                raise SystemExit(f"the film is {asset['status']}: {asset['failure']}")
            time.sleep(POLL_SECONDS)


def _unseen(source: Path, folder: Path) -> Path:
    """The same film in a file that the service has not had: it makes no film twice."""
    copy = folder / source.name
    shutil.copyfile(source, copy)
    with copy.open("ab") as written:
        # A box that every reader skips (ISO/IEC 14496-12, section 8.1.2).
        written.write(struct.pack(">I4s8s", 16, b"free", secrets.token_bytes(8)))
    return copy


def median(runs: Sequence[Spent]) -> Spent:
    """Each figure's own median."""
    return Spent(
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        {name: statistics.median(run.steps[name] for run in runs) for name in runs[0].steps},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=180, help="length of the film")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each; the median counts")
    given = parser.parse_args()
    short_film, long_film = film(SHORT_SECONDS), film(given.seconds)
    ours: dict[Path, list[Spent]] = {short_film: [], long_film: []}
    peer: dict[Path, list[Spent]] = {short_film: [], long_film: []}
    with running_service() as running, httpx.Client(timeout=TIMEOUT) as http:
        pipeline = Pipeline(running, http)
        first = pipeline.make(short_film)
        for _ in range(given.repeats):
            for source in (short_film, long_film):
                ours[source].append(pipeline.make(source))
                peer[source].append(by_peer(source))
    say(f"From an uploaded film to a ready one ({given.seconds} s of 720p, five renditions)")
    say_conditions(f"median of {given.repeats}")
    whole, bare = median(ours[long_film]), median(peer[long_film])
    say_ratio("wall", whole.wall, bare.wall, "s", "with all that is fixed")
    say_ratio("processor", whole.cpu, bare.cpu, "s", "with all that is fixed")
    fixed = median(ours[short_film]).less(median(peer[short_film]))
    rest = whole.less(fixed)
    say_ratio("wall, what is fixed apart", rest.wall, bare.wall, "s", "target ≤ 1.25")
    say_ratio("processor, what is fixed apart", rest.cpu, bare.cpu, "s", "target ≤ 1.25")
    say_limit("fixed for each film, wall", fixed.wall, FIXED_LIMIT_SECONDS, "s")
    cold = first.less(median(peer[short_film]))
    say_limit("the same, every function cold", cold.wall, FIXED_LIMIT_SECONDS, "s")
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in whole.steps.items())
    print(f"  {'steps of the whole film':<34} {steps} s")


if __name__ == "__main__":
    main()
