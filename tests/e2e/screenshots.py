"""The README's pictures, taken of the running service: `make screenshots`.

Each picture is a name and the steps that lead to it; a page that lands adds a line to `PICTURES`.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.cloud import ROOT, Person, RunningCloud, attached
from tests.e2e.conftest import ACTION_MILLISECONDS, launched
from tests.e2e.viewer import Viewer

FOLDER = ROOT / "docs" / "images"

SIZE = {"width": 960, "height": 540}
"""What a README shows without scaling."""

COLOURS = 256
"""A palette: a third of the bytes of a film's picture, and no difference in an interface."""

MOST_BYTES = 400_000
"""A repository keeps every picture it ever had."""

EPISODES = 3
"""Of the demo's series, which comes last."""

FILM = "Big Buck Bunny"
AT_SECONDS = 6.0
"""By then the film shows its hero."""


def home(viewer: Viewer) -> None:
    """The catalogue, with its posters."""
    viewer.sign_in()
    posters_are_there(viewer)


def title(viewer: Viewer) -> None:
    """One film's page."""
    viewer.sign_in()
    viewer.open(f"/title/{film(viewer.cloud)}")
    posters_are_there(viewer)


def player(viewer: Viewer) -> None:
    """The film plays, its quality menu is open."""
    viewer.sign_in()
    playing = viewer.play(film(viewer.cloud)).start()
    playing.runs_on(AT_SECONDS)
    playing.pause()
    viewer.page.get_by_role("button", name="Quality").click()
    expect(viewer.page.get_by_role("menuitemradio").first).to_be_visible()


def staff(viewer: Viewer) -> None:
    """The page where films are uploaded and followed."""
    viewer.sign_in("/staff", kind="staff")
    expect(viewer.page.get_by_role("heading", name="Upload a film")).to_be_visible()
    posters_are_there(viewer)


PICTURES: dict[str, Callable[[Viewer], None]] = {
    "home": home,
    "title": title,
    "player": player,
    "staff": staff,
}


def every_demo_film(cloud: RunningCloud) -> bool:
    """Whether the catalogue has what it will have: films, and a series with all its episodes."""
    shown = Person(cloud, "member").get("/v1/titles")["titles"]
    kinds = {one["kind"]: one.get("episode_count") for one in shown}
    return "film" in kinds and kinds.get("series") == EPISODES


def film(cloud: RunningCloud) -> str:
    """The title id of the demo film that is shown."""
    titles = Person(cloud, "member").get("/v1/titles")["titles"]
    return str(next(one["title_id"] for one in titles if one["name"].startswith(FILM)))


def posters_are_there(viewer: Viewer) -> None:
    """Every picture of the page is loaded."""
    viewer.page.wait_for_load_state("networkidle")
    viewer.page.wait_for_function(
        "[...document.images].length && [...document.images].every(one => one.complete)"
    )


def optimized(shot: bytes) -> bytes:
    """The same picture in a palette of its own."""
    reduced = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS)
    out = io.BytesIO()
    reduced.save(out, "PNG", optimize=True)
    return out.getvalue()


def main(names: list[str]) -> None:
    """Take the pictures that are named, or all."""
    cloud = attached(Path(os.environ.get("DATA_DIR", ".data")).resolve())
    if not every_demo_film(cloud):
        sys.exit("The demo films are still being brought: once all can be watched, try again.")
    with sync_playwright() as playwright:
        browser = launched(playwright)
        for name in names or PICTURES:
            context = browser.new_context(viewport=SIZE, color_scheme="dark")
            context.set_default_timeout(ACTION_MILLISECONDS)
            viewer = Viewer(context, cloud)
            PICTURES[name](viewer)
            picture = optimized(viewer.page.screenshot(animations="disabled"))
            context.close()
            if len(picture) > MOST_BYTES:
                sys.exit(f"{name}.png has {len(picture):,} bytes; {MOST_BYTES:,} are the most.")
            (FOLDER / f"{name}.png").write_bytes(picture)
            print(f"docs/images/{name}.png  {len(picture):,} bytes")  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
