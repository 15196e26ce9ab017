"""Players that are not ours follow our steering: off a CDN that fails, off one that is drained."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Playwright, Route

from playback.steering.service import STANDING_KEPT
from tests.cloud import Person, RunningCloud, eventually
from tests.e2e.conftest import ACTION_MILLISECONDS, launched
from tests.e2e.gate import Gate, gate
from tests.e2e.test_other_players import DASH_JS, HLS_JS, MODULES, PAGE, plays
from tests.e2e.test_second_cdn import GOES_ON_WITHIN_SECONDS, listens
from tests.e2e.viewer import PATIENCE_SECONDS, Viewer

IN_THE_MIDDLE = rb"GET /t/\S+00000002\.cmfv "

LITTLE_AT_ONCE = "maxBufferLength: 2, maxMaxBufferLength: 2"
LITTLE_AT_ONCE_DASH = "{ bufferTimeDefault: 3, bufferTimeAtTopQuality: 3, initialBufferLevel: 1 }"
"""A film of seconds is not fetched whole before anything can change."""

SCRIPTS = {
    "hls.js": (
        HLS_JS.replace("emeEnabled: true,", f"emeEnabled: true, {LITTLE_AT_ONCE},"),
        "hls.js/dist/hls.min.js",
    ),
    "dash.js": (
        DASH_JS.replace(
            "player.initialize",
            f"player.updateSettings({{ streaming: {{ buffer: {LITTLE_AT_ONCE_DASH} }} }});\n"
            "    player.initialize",
        ),
        "dashjs/dist/modern/umd/dash.all.min.js",
    ),
}

SOON_SECONDS = 1
"""The time to live that a test gives an order, so that it need not wait for five minutes."""


@pytest.fixture
def film(titles: dict[str, str]) -> str:
    """One that goes on for longer than a player looks ahead."""
    return titles["Spectrum"]


@pytest.fixture(params=list(SCRIPTS))
def family(request: pytest.FixtureRequest, cloud: RunningCloud) -> str:
    if not listens("127.0.0.2", cloud.port):
        pytest.skip("this system has no 127.0.0.2 for a second CDN")
    return str(request.param)


def watch(viewer: Viewer, member: Person, title_id: str, family: str) -> dict[str, Any]:
    """Begin a steered play in a page without our app; what the start answered."""
    script, module = SCRIPTS[family]
    # A page that really comes from this machine: others may not ask its second edge for anything.
    viewer.page.goto(f"{viewer.cloud.web}/v1/no-such-page")
    viewer.page.set_content(PAGE)
    viewer.page.add_script_tag(path=MODULES / module)
    answer = member.play(title_id, family, steering=True).answer
    assert answer["steered"]
    viewer.page.evaluate(
        script,
        {
            "licence": answer["drm"]["licence_url"],
            "token": answer["drm"]["licence_token"],
            "manifest": urljoin(viewer.cloud.web, answer["manifest_url"]),
        },
    )
    return answer


def is_for_the_order(url: str) -> bool:
    """Whether a request asks for the order, not for the manifest."""
    return "/steering/" in url and not url.partition("?")[0].endswith((".m3u8", ".mpd"))


def asks_again_soon(viewer: Viewer) -> None:
    """Orders live for a second."""

    def shortened(route: Route) -> None:
        answer = route.fetch()
        told = {**answer.json(), "TTL": SOON_SECONDS}
        route.fulfill(response=answer, body=json.dumps(told))

    viewer.page.route(is_for_the_order, shortened)


def segments_from(viewer: Viewer, origin: str) -> list[str]:
    return [
        url
        for url, status in viewer.answers
        if url.startswith(f"{origin}/t/") and ".cmf" in url and status == 200
    ]


def origins(answer: dict[str, Any], cloud: RunningCloud) -> list[str]:
    return [urljoin(cloud.web, cdn["manifest_url"]).split("/t/")[0] for cdn in answer["cdns"]]


def test_a_steered_player_plays_from_the_first_cdn_and_asks_for_the_order(
    viewer: Viewer, member: Person, film: str, family: str
) -> None:
    answer = watch(viewer, member, film, family)

    plays(viewer.page)

    first, second = origins(answer, viewer.cloud)
    assert segments_from(viewer, first)
    assert not segments_from(viewer, second)

    def was_told() -> bool:
        viewer.page.wait_for_timeout(50)
        return any(status == 200 and is_for_the_order(url) for url, status in viewer.answers)

    eventually(was_told, PATIENCE_SECONDS, "an order")


@pytest.fixture
def drained(cloud: RunningCloud, staff: Person) -> Iterator[str]:
    """The first CDN's id; whoever drained it, it is taken back in the end, for everybody."""
    cdn_id = staff.get("/v1/staff/cdns")["cdns"][0]["cdn_id"]
    yield cdn_id
    staff.ask("PUT", f"/v1/staff/cdns/{cdn_id}", {"drained": False})
    back_at = time.monotonic()
    # Each process goes on with the order that it read, and a test cannot ask each.
    old = STANDING_KEPT.total_seconds()
    eventually(lambda: time.monotonic() - back_at > old, PATIENCE_SECONDS, "no old order anywhere")


def test_a_steered_player_leaves_the_cdn_that_is_drained_while_it_plays(
    viewer: Viewer,
    member: Person,
    staff: Person,
    film: str,
    family: str,
    drained: str,
) -> None:
    asks_again_soon(viewer)
    answer = watch(viewer, member, film, family)
    plays(viewer.page, 0.1)
    second = origins(answer, viewer.cloud)[1]

    staff.ask("PUT", f"/v1/staff/cdns/{drained}", {"drained": True})

    def goes_on() -> bool:
        viewer.page.wait_for_timeout(50)
        return bool(segments_from(viewer, second))

    eventually(goes_on, PATIENCE_SECONDS, "a segment from the second CDN")
    plays(viewer.page)


@pytest.fixture
def broken(cloud: RunningCloud) -> Iterator[Gate]:
    """The way to the first edge, which breaks in the middle of a film.

    It refuses connections. One that takes them and never answers is left when the player's own
    patience ends, which is not ours to set: ten seconds and more.
    """
    with gate(cloud.port, "stopped", IN_THE_MIDDLE) as made:
        yield made


def test_a_steered_player_goes_on_from_the_second_cdn_when_the_first_is_gone(
    chromium: Browser,
    playwright_of: Playwright,
    cloud: RunningCloud,
    member: Person,
    film: str,
    family: str,
    broken: Gate,
) -> None:
    del chromium
    where = f"--host-resolver-rules=MAP localhost:{cloud.port} 127.0.0.1:{broken.port}"
    with launched(playwright_of, where) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.set_default_timeout(ACTION_MILLISECONDS)
        viewer = Viewer(context, cloud)
        answer = watch(viewer, member, film, family)
        second = origins(answer, cloud)[1]
        assert broken.is_in_trouble.wait(PATIENCE_SECONDS)
        broke_at = time.monotonic()

        def goes_on() -> bool:
            viewer.page.wait_for_timeout(50)
            return bool(segments_from(viewer, second))

        eventually(goes_on, PATIENCE_SECONDS, "a segment from the second CDN")
        took = time.monotonic() - broke_at
    assert took < GOES_ON_WITHIN_SECONDS
