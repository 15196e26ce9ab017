"""Gives a running service its demo films: made here, then ingested like anybody's.

    python -m commands.demo --films .data/demo

One is real footage from a package, one is generated, three are the episodes of a series. A film
whose title the catalogue has is not made again, and one that an earlier run of the service began
is taken up where it stands. Needs what `commands.ingest` needs: where the service is, and a staff
sign-in.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg

from commands.demo_films import FILMS, DemoFilm, make_command
from commands.ingest import Follower, ingest
from commands.service_api import TIMEOUT, Api, CommandError, Service, find_service
from commands.upload import CaptionFile

_locate_ffmpeg: Callable[[], str] = vars(imageio_ffmpeg)["get_ffmpeg_exe"]
"""Looked up by name: the package carries no types and does not export it explicitly."""


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


def write_captions(film: DemoFilm, folder: Path) -> list[CaptionFile]:
    """The film's caption files, beside it."""
    files = []
    for language, text in film.captions.items():
        path = (folder / film.file_name).with_suffix(f".{language}.vtt")
        path.write_text(text, encoding="utf-8")
        files.append(CaptionFile(language, path))
    return files


@dataclass(frozen=True)
class Bringer:
    """Brings films to a service, as its staff would."""

    service: Service
    http: httpx.Client
    api: Api
    folder: Path

    def bring(self, film: DemoFilm) -> bool:
        """Ingest a film, or go on with the ingest under way; whether it is published."""

        def say(line: str) -> None:
            print(f"{film.label}: {line}", flush=True)

        try:
            asset_id = self._taken_up(film)
            if asset_id is None:
                self._ingest(film, say)
            else:
                follower = Follower(self.api, say)
                follower.until_ready(asset_id)
                follower.until_published(asset_id)
                say("published")
        except CommandError as error:
            print(f"{film.label}: {error}", file=sys.stderr, flush=True)
            return False
        return True

    def _ingest(self, film: DemoFilm, say: Callable[[str], None]) -> None:
        path = make(film, self.folder)
        captions = write_captions(film, self.folder)
        ingest(
            path,
            film.title,
            self.service,
            self.http,
            say,
            captions=captions,
            episode=film.episode,
            # Each sign-in of staff waits for a code that was not used.
            api=self.api.for_another_task(),
            rating=film.rating,
        )

    def _taken_up(self, film: DemoFilm) -> str | None:
        """The asset of an ingest that an earlier run of the service did not see end."""
        for asset in self.api.get("/v1/assets")["assets"]:
            if (asset["name"], asset["file_name"]) != (film.title, film.file_name):
                continue
            asset_id, status = str(asset["asset_id"]), asset["status"]
            if status in ("processing", "ready"):
                return asset_id
            if status == "failed":
                # Its file is there: no second upload.
                self.api.post(f"/v1/assets/{asset_id}/retry", {})
                return asset_id
            if status == "uploading":
                # Whoever was sending it has ended, and an episode's place is not to wait for it.
                self.api.post(f"/v1/assets/{asset_id}/cancel", {})
        return None


def titles(api: Api) -> list[dict[str, Any]]:
    """What a member can play."""
    listed: list[dict[str, Any]] = api.get("/v1/titles")["titles"]
    return [title for title in listed if title["kind"] != "series"]


def missing_from(there: Sequence[dict[str, Any]]) -> list[DemoFilm]:
    """The films that are not among these titles."""
    have = {title["name"] for title in there}
    return [film for film in FILMS if film.title not in have]


def write_list(path: Path, there: Sequence[dict[str, Any]]) -> None:
    """Write down what can be played, and what of the demo is to come."""
    listing = {
        "titles": [{"title_id": one["title_id"], "name": one["name"]} for one in there],
        "missing": [film.label for film in missing_from(there)],
    }
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(listing))
    unfinished.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest the films that are missing and list what can be played; 1 when one failed."""
    parser = argparse.ArgumentParser(description="Gives a running service its demo films.")
    parser.add_argument("--films", type=Path, required=True, help="folder for the films' files")
    parser.add_argument(
        "--list", type=Path, required=True, help="write to this file what can be played"
    )
    parser.add_argument("--only-list", action="store_true", help="ingest nothing")
    parser.add_argument(
        "--first", action="store_true", help="ingest one film, and only if there is none to play"
    )
    given = parser.parse_args(arguments)
    try:
        service = find_service(os.environ)
        with httpx.Client(timeout=TIMEOUT) as http:
            api = Api(service, http, "member" if given.only_list else "member staff")
            bringer = Bringer(service, http, api, given.films)
            there = titles(api)
            write_list(given.list, there)
            wanted = missing_from(there)
            if given.only_list or (given.first and there):
                wanted = []
            failed = 0
            for film in wanted[:1] if given.first else wanted:
                failed += not bringer.bring(film)
                write_list(given.list, titles(api))
    except CommandError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
