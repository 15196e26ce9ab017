"""Films as people really have them play in Chromium, each in its own shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import expect

from commands.service_api import Api, find_service
from commands.upload import Uploader
from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.viewer import Viewer
from tests.films import INGEST_SECONDS, until_playable
from tests.odd_films import FILMS

PLAYED = (
    "silent",
    "turned right",
    "odd size",
    "anamorphic",
    "surround in AC-3",
    "very short",
    "one frame",
)

HOSTILE = "<img src=x onerror=alert(1)> ../../etc/passwd \u200fفيلم Ame\u0301lie 🎬"

TITLES = {name: f"Odd: {name}" for name in PLAYED} | {"very short": HOSTILE}

MOVES_SECONDS = 2.0
"""A film that is shorter plays to its end instead."""


@pytest.fixture(scope="module")
def asset_ids(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each film, sent off before the first is waited for: their steps overlap."""
    http = httpx.Client(timeout=30)
    uploader = Uploader(Api(find_service(cloud.environment()), http), http)
    sent = {}
    for name in PLAYED:
        film = FILMS[name]
        longer = film if film.seconds < MOVES_SECONDS else replace(film, seconds=4)
        made = longer.make(tmp_path_factory.mktemp("odd"))
        sent[name] = uploader.send(made, TITLES[name], lambda _sent, _size: None)
    return sent


@pytest.mark.parametrize("name", PLAYED)
def test_an_odd_film_plays(
    name: str,
    asset_ids: dict[str, str],
    staff: Person,
    member: Person,
    arrive: Callable[[], Viewer],
) -> None:
    title_id = published(asset_ids[name], staff, member)
    viewer = arrive()
    viewer.sign_in()

    player = viewer.play(title_id).start()

    if FILMS[name].seconds < MOVES_SECONDS:
        eventually(lambda: player.state == "ended", 30, "its end")
    else:
        player.runs_on(1.0)
        assert (player.facts()["sound"] > 0) == (FILMS[name].sound is not None)
    width, height = player.video.evaluate("video => [video.videoWidth, video.videoHeight]")
    assert (width < height) == (name == "turned right")
    assert player.picture().stddev[0] > 15


def test_a_hostile_title_is_text_on_every_page(
    asset_ids: dict[str, str], staff: Person, member: Person, arrive: Callable[[], Viewer]
) -> None:
    title_id = published(asset_ids["very short"], staff, member)
    viewer = arrive()
    dialogs: list[str] = []
    viewer.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    viewer.sign_in()

    expect(viewer.page.get_by_role("link", name=HOSTILE).first).to_be_visible()
    viewer.open(f"/title/{title_id}")
    expect(viewer.page.get_by_role("heading", name=HOSTILE)).to_be_visible()

    assert viewer.page.get_by_role("heading", name=HOSTILE).inner_text() == HOSTILE
    assert viewer.page.locator("img[src='x']").count() == 0
    assert dialogs == []


def published(asset_id: str, staff: Person, member: Person) -> str:
    """The title that came of an asset, once members find and play it."""
    title_id = asset_id.replace("ast_", "ttl_")
    eventually(lambda: ended(staff, asset_id), INGEST_SECONDS, asset_id)
    eventually(
        lambda: member.ask("GET", f"/v1/titles/{title_id}").status_code == 200, 30, "a title"
    )
    until_playable(member, title_id)
    return title_id


def ended(staff: Person, asset_id: str) -> bool:
    asset = staff.get(f"/v1/assets/{asset_id}")
    assert asset["status"] in ("processing", "ready"), asset
    return bool(asset["status"] == "ready")
