"""How long until the first picture: our page against Shaka on a plain static server?

Both play the same packaged files in new browser contexts, so with cold caches, in turn. Twice:
from the player's address to the first presented frame (what a link or a reload is), and from the
press on Play, pointed at before, to it. The peer has no sign-in, no start, no signature, no licence
server and no interface: its licence is a file. Our functions are warm.
"""

from __future__ import annotations

import argparse
import base64
import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from parts.harness import PEERS, ROOT, say, say_conditions, say_ratio
from parts.service import RunningService, running_service
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(ROOT))

from commands.demo import make
from commands.demo_films import FILMS
from commands.ingest import ingest
from commands.mpd import tracks
from commands.service_api import TIMEOUT, Api, Service
from commands.smoke import StepError, Viewer

FILM = "big-buck-bunny.mp4"
"""16 s of real footage at 480p, as the demo has it."""

SHAKA = ROOT / "web" / "node_modules" / "shaka-player" / "dist" / "shaka-player.dash-es2021.js"

PATIENCE_SECONDS = 60.0

NOT_THERE_YET = "answered 404"
"""What a start says of a title whose event has not arrived."""

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Sound without a click: both sides begin by themselves.
    "--autoplay-policy=no-user-gesture-required",
]

WATCHING = """
new MutationObserver((_, observer) => {
  const video = document.querySelector("video");
  if (video === null) return;
  observer.disconnect();
  video.requestVideoFrameCallback((now) => { window.firstFrameAt = now; });
}).observe(document, { childList: true, subtree: true });
addEventListener("click", (event) => { window.pressedAt = event.timeStamp; }, { capture: true });
"""
"""Moments in milliseconds since the navigation began."""


@dataclass(frozen=True)
class Side:
    """One of the two players."""

    address: str
    """Where it plays by itself."""
    button_address: str
    """Where it waits for a press on Play."""
    prepare: str
    """What a browser has before, as a script."""


def from_address(page: Page, side: Side) -> float:
    """Milliseconds from the navigation to the first frame."""
    page.goto(side.address, wait_until="commit")
    return first_frame(page)


def from_press(page: Page, side: Side) -> float:
    """Milliseconds from the press on Play to the first frame."""
    page.goto(side.button_address)
    button = page.get_by_text("Play", exact=True)
    # A hand takes longer from arriving at a button to pressing it than what we fetch meanwhile.
    button.hover()
    page.wait_for_load_state("networkidle")
    button.click()
    return first_frame(page) - float(page.evaluate("pressedAt"))


def first_frame(page: Page) -> float:
    """When it was presented; SystemExit with what the page shows when it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        moment = page.evaluate("window.firstFrameAt ?? null")
        if moment is not None:
            return float(moment)
        # The page itself keeps the moment: asking seldom disturbs it less.
        page.wait_for_timeout(250)
    shown = page.locator("body").inner_text()
    raise SystemExit(f"{page.url} shows no frame: {shown}")


Question = Callable[[Page, Side], float]


def ask(browser: Browser, question: Question, side: Side) -> float:
    """One answer, by a browser that never was there before."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    try:
        context.add_init_script(WATCHING)
        context.add_init_script(side.prepare)
        page = context.new_page()
        page.on("pageerror", lambda error: print(f"  {page.url}: {error}", file=sys.stderr))
        return question(page, side)
    finally:
        context.close()


@contextmanager
def static_server(folder: Path) -> Iterator[str]:
    """A folder, served by a process of its own."""
    command = [sys.executable, __file__, "serve", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


class Files(SimpleHTTPRequestHandler):
    """Keeps connections, and does not wait before sending what is small."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Silent."""


def serve(folder: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=folder))
    print(f"http://localhost:{server.server_port}", flush=True)
    server.serve_forever()


def started(viewer: Viewer, title_id: str) -> tuple[dict[str, Any], str]:
    """A play; the catalogue knows a title a moment before plays of it can begin."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return viewer.start(title_id)
        except StepError as error:
            # Any other refusal will be the same in a moment.
            if NOT_THERE_YET not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def copy_film(viewer: Viewer, title_id: str, folder: Path) -> None:
    """What the edge serves of a film, a licence for it and the peer's page."""
    play, cookies = started(viewer, title_id)
    manifest = viewer.fetch(play["manifest_url"], cookies).text
    (folder / "manifest.mpd").write_text(manifest)
    # Thumbnails have no initialization segment, and no player needs them for a first frame.
    every = [track for track in tracks(manifest) if track.initialization]
    for track in every:
        for name in [track.initialization, *_segments(track.first_segment)]:
            answer = viewer.fetch(urljoin(play["manifest_url"], name), cookies)
            if answer.status_code != 200:
                break
            (folder / name).write_bytes(answer.content)
    kids = sorted({uuid.UUID(track.kid) for track in every if track.kid})
    licence = viewer.licence(play["drm"], [_text(kid.bytes) for kid in kids])
    (folder / "licence.json").write_text(json.dumps(licence))
    shutil.copy(SHAKA, folder / "shaka-player.js")
    shutil.copy(PEERS / "plain_player.html", folder / "index.html")
    viewer.end(play["session_id"])


def _segments(first: str) -> Iterator[str]:
    for number in range(1, 1000):
        yield first.replace(f"{1:09d}", f"{number:09d}")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Ours:
    """A service with one film, and somebody who is signed in."""

    def __init__(self, running: RunningService, http: httpx.Client, films: Path) -> None:
        self._site = running.ready["web"]
        account = running.ready["accounts"]["staff"]
        staff = Service(self._site, account["email"], account["password"], account["totp_secret"])
        (film,) = (one for one in FILMS if one.file_name == FILM)
        self._api = Api(staff, http)
        ingest(make(film, films), film.title, staff, http, lambda _: None, api=self._api)
        (title,) = self._api.get("/v1/titles")["titles"]
        self.title_id = title["title_id"]
        self.viewer = Viewer(self._site, http, self._api)

    def side(self) -> Side:
        """As a browser finds it whose person signed in a moment ago."""
        tokens = {
            "access": self._api.tokens.access_token(),
            "refresh": None,
            "expiresAt": int(time.time() * 1000) + 300_000,
        }
        return Side(
            f"{self._site}/watch/{self.title_id}?from=start",
            f"{self._site}/title/{self.title_id}",
            f"sessionStorage.setItem('marquee.tokens', {json.dumps(json.dumps(tokens))})",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9, help="runs of each; the median counts")
    repeats = parser.parse_args().repeats
    chromium = os.environ.get("CHROME") or shutil.which("chromium")
    questions: dict[str, Question] = {
        "from its address": from_address,
        "from a press on Play": from_press,
    }
    answers: dict[str, list[tuple[float, float]]] = {name: [] for name in questions}
    with (
        tempfile.TemporaryDirectory(prefix="marquee-benchmark-") as folder,
        running_service() as running,
        httpx.Client(timeout=TIMEOUT) as http,
        sync_playwright() as playwright,
    ):
        films, plain = Path(folder) / "films", Path(folder) / "plain"
        plain.mkdir()
        ours = Ours(running, http, films)
        copy_film(ours.viewer, ours.title_id, plain)
        with static_server(plain) as site:
            peer = Side(f"{site}/index.html", f"{site}/index.html?click", "")
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
            for number in range(repeats + 1):
                for name, question in questions.items():
                    pair = tuple(ask(browser, question, side) for side in (ours.side(), peer))
                    # The first round warms functions and disk caches.
                    if number:
                        answers[name].append((pair[0], pair[1]))
            browser.close()
    say("From nothing to the first frame in Chromium (our page against Shaka on static files)")
    say_conditions(f"median of {repeats}")
    for name, pairs in answers.items():
        our_times, peer_times = zip(*pairs, strict=True)
        medians = statistics.median(our_times), statistics.median(peer_times)
        say_ratio(name, *medians, "ms", "target ≤ 1.50")


if __name__ == "__main__":
    serve(sys.argv[2]) if sys.argv[1:2] == ["serve"] else main()
