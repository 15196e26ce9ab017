"""A film goes on when the edge it comes from is gone, or never answers again."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright, Route

from tests.cloud import RunningCloud, eventually
from tests.e2e.conftest import ACTION_MILLISECONDS, launched
from tests.e2e.gate import Gate, Trouble, gate
from tests.e2e.viewer import PATIENCE_SECONDS, Viewer
from tests.films import Ingested

GOES_ON_WITHIN_SECONDS = 10
"""What we promise from the first edge's last answer to the second's first."""

IN_THE_MIDDLE = rb"GET /m/\S+00000002\.cmfv "
"""The request for the second segment of the picture: the first plays, the rest is still missing."""


@pytest.fixture(params=["stopped", "silent"])
def broken(request: pytest.FixtureRequest, cloud: RunningCloud) -> Iterator[Gate]:
    """The way to the first edge, which breaks in the middle of a film."""
    if not listens("127.0.0.2", cloud.port):
        pytest.skip("this system has no 127.0.0.2 for a second CDN")
    trouble: Trouble = request.param
    with gate(cloud.port, trouble, IN_THE_MIDDLE) as made:
        yield made


def listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


@pytest.fixture
def viewer(
    chromium: Browser, playwright_of: Playwright, cloud: RunningCloud, broken: Gate
) -> Iterator[Viewer]:
    """Somebody whose way to the first edge leads through the gate."""
    del chromium
    where = f"--host-resolver-rules=MAP localhost:{cloud.port} 127.0.0.1:{broken.port}"
    browser = launched(playwright_of, where)
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(ACTION_MILLISECONDS)
    yield Viewer(context, cloud)
    browser.close()


def test_a_film_goes_on_from_the_second_cdn(
    viewer: Viewer, broken: Gate, cloud: RunningCloud, ingested: Ingested
) -> None:
    second = f"http://127.0.0.2:{cloud.port}/t/"
    viewer.sign_in()
    player = viewer.play(ingested.title_id)
    player.start()
    assert broken.is_in_trouble.wait(PATIENCE_SECONDS)
    broke_at = time.monotonic()

    def goes_on() -> bool:
        viewer.page.wait_for_timeout(50)
        return any(url.startswith(second) and status == 200 for url, status in viewer.answers)

    eventually(goes_on, PATIENCE_SECONDS, "a segment from the second CDN")
    assert time.monotonic() - broke_at < GOES_ON_WITHIN_SECONDS
    eventually(lambda: player.state == "ended", PATIENCE_SECONDS, "the film's end")


def test_a_film_goes_on_after_a_new_start_when_its_permission_has_ended(
    arrive: Callable[[], Viewer], ingested: Ingested
) -> None:
    viewer = arrive()
    viewer.sign_in()
    refused: list[str] = []

    def starts() -> int:
        return len([url for url, _ in viewer.answers if url.endswith("/v1/playback/start")])

    def refuse_the_first_play(route: Route) -> None:
        if starts() < 2:
            refused.append(route.request.url)
            route.fulfill(status=403, body="")
        else:
            route.continue_()

    # On every CDN: whichever the player turns to says the same.
    viewer.page.route("**/*00000002.cmf*", refuse_the_first_play)
    player = viewer.play(ingested.title_id)

    eventually(lambda: player.state == "ended", PATIENCE_SECONDS, "the film's end")
    assert refused
    assert starts() == 2
