"""Uploads a film to a running service and follows it until it can be watched.

    python -m commands.ingest film.mp4 "The title" [--captions en=film.en.vtt]
        [--series "The series" --season 1 --episode 2] [--rating 12]
        [--intro 0:30-1:15] [--credits 1:32:05]

Where the service is and who signs in comes from DATA_DIR/ready.json, or from MARQUEE_SITE,
MARQUEE_EMAIL, MARQUEE_PASSWORD and MARQUEE_TOTP_SECRET, what the codes of staff are made of.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from commands.markers import Markers
from commands.service_api import TIMEOUT, Api, CommandError, Service, find_service
from commands.upload import DEFAULT_SCHEME, CaptionFile, Episode, Uploader

POLL_SECONDS = 1.0

UNDER_WAY = ("uploading", "processing")
"""Every other state but `ready` is the end of it, with a reason."""

PUBLISHING_SECONDS = 120.0
"""An event crosses two outboxes before the title appears; a cold start each, and a margin."""

Say = Callable[[str], None]


class Follower:
    """Tells an asset's way, one line per change."""

    def __init__(
        self,
        api: Api,
        say: Say,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._say = say
        self._pause = pause
        self._clock = clock
        self._said: set[str] = set()

    def until_ready(self, asset_id: str) -> None:
        """Until the asset is ready; CommandError with the reason when it never will be."""
        while True:
            asset = self._api.get(f"/v1/assets/{asset_id}")
            self._tell(asset)
            if asset["status"] == "ready":
                return
            if asset["status"] not in UNDER_WAY:
                failure = asset["failure"] or {}
                raise CommandError(
                    f"{asset['status']}: {failure.get('message', 'no reason was recorded')} "
                    f"{failure.get('what_to_do', '')}".strip()
                )
            self._pause(POLL_SECONDS)

    def until_published(self, asset_id: str) -> dict[str, Any]:
        """Until members see the title."""
        deadline = self._clock() + PUBLISHING_SECONDS
        while self._clock() < deadline:
            for title in self._api.get("/v1/titles")["titles"]:
                # A series has none: it is made of episodes.
                if title.get("asset_id") == asset_id:
                    return dict(title)
            self._pause(POLL_SECONDS)
        raise CommandError(f"{asset_id} is ready, but the catalogue does not show it yet")

    def _tell(self, asset: Mapping[str, Any]) -> None:
        for step in asset["steps"]:
            if step["name"] == "upload":
                continue
            line = f"{step['name']:<10} {step['status']}"
            percent = asset["progress_percent"]
            if step["name"] == "transcode" and step["status"] == "running" and percent is not None:
                line = f"{step['name']:<10} {percent} %"
            if line not in self._said:
                self._said.add(line)
                self._say(line)


def checked(path: Path, title: str) -> None:
    """CommandError when there is nothing to upload."""
    if not path.exists():
        raise CommandError(f"{path} does not exist")
    if not path.is_file():
        raise CommandError(f"{path} is not a file")
    if not title.strip():
        raise CommandError('name the film: make ingest FILE=film.mp4 TITLE="A title"')


def ingest(
    path: Path,
    title: str,
    service: Service,
    http: httpx.Client,
    say: Say,
    pause: Callable[[float], None] = time.sleep,
    *,
    captions: Sequence[CaptionFile] = (),
    scheme: str = DEFAULT_SCHEME,
    episode: Episode | None = None,
    api: Api | None = None,
    rating: int | None = None,
    markers: Markers | None = None,
) -> None:
    """Upload and follow, signed in as `api` if it is given; CommandError."""
    checked(path, title)
    api = api or Api(service, http)
    shown = -1

    def progress(sent: int, size: int) -> None:
        nonlocal shown
        percent = sent * 100 // size
        if percent // 10 != shown // 10:
            shown = percent
            say(f"{'upload':<10} {percent} %")

    asset_id = Uploader(api, http, pause).send(
        path, title, progress, captions=captions, scheme=scheme, episode=episode, rating=rating
    )
    say(f"{'reference':<10} {api.correlation_id}")
    follower = Follower(api, say, pause)
    follower.until_ready(asset_id)
    found = follower.until_published(asset_id)
    if markers is not None:
        markers.set(api, found["title_id"])
    say(f"{'published':<10} {found['name']} ({found['title_id']}): watch it at {service.site}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the film can be watched."""
    parser = argparse.ArgumentParser(prog="ingest", description="Upload a film and follow it.")
    parser.add_argument("file", type=Path)
    parser.add_argument("title")
    parser.add_argument(
        "--captions",
        action="append",
        default=[],
        metavar="LANGUAGE=FILE",
        help="WebVTT or SubRip, such as en=film.en.vtt; may be repeated",
    )
    parser.add_argument(
        "--scheme",
        choices=["cbcs", "cenc"],
        default=DEFAULT_SCHEME,
        help="cenc is for devices older than cbcs, and without FairPlay",
    )
    parser.add_argument("--series", help="the film is an episode of this series")
    parser.add_argument("--season", type=int, help="from 1")
    parser.add_argument("--episode", type=int, help="from 1, within its season")
    parser.add_argument(
        "--rating",
        type=int,
        help="from which age it may be watched, 0 to 18; without one it counts as 18",
    )
    parser.add_argument("--intro", metavar="FROM-TO", help="what may be skipped: 0:30-1:15")
    parser.add_argument("--credits", metavar="AT", help="where the credits begin: 1:32:05")
    parser.add_argument("--site", help="address of the service")
    given = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        checked(given.file, given.title)
        captions = [CaptionFile.named(one) for one in given.captions]
        episode = Episode.named(given.series, given.season, given.episode)
        markers = Markers.named(given.intro, given.credits)
        service = find_service(os.environ, given.site)
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False) as http:
            ingest(
                given.file,
                given.title,
                service,
                http,
                say,
                captions=captions,
                scheme=given.scheme,
                episode=episode,
                rating=given.rating,
                markers=markers,
            )
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
