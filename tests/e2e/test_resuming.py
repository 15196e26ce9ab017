"""Beacons from a real player: how many there are, and what is left of a play that was cut off."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from playback.leases import BEAT
from tests.beacons import CAUGHT_UP_SECONDS, place
from tests.cloud import Person, eventually
from tests.e2e.viewer import PATIENCE_SECONDS, Player, Viewer

Arrive = Callable[[], Viewer]

SEGMENT_SECONDS = 4.0

BEATS = int(timedelta(hours=1) / BEAT)
"""In an hour."""

MOST_REBUFFERS = 3
"""Of a machine that decodes and encodes at once; an hour of a network that keeps up has none."""

THROTTLED = {"__type": "ProvisionedThroughputExceededException", "message": "Rate exceeded"}
"""Kinesis's own answer, which API Gateway hands on."""

MOST_REQUESTS_AN_HOUR = 36
"""Of the control plane, for each hour viewed: to the API, to where players tell, to the issuer."""

PLACE_READ = 1
"""A play that goes on where it was left asks for the place, too: ours here begins at the start."""

COUNTED = Path(__file__).resolve().parents[2] / ".build" / "viewed_hour.json"
"""Where `benchmarks/control_plane.py` reads what was asked for."""


class Asked:
    """What a page asks the control plane for, by the browser's own account of its network: with the
    preflights, of which a page knows nothing."""

    def __init__(self, viewer: Viewer) -> None:
        self._page = viewer.page
        self._issuer = viewer.cloud.issuer
        self.requests: list[str] = []
        self.beacons: list[dict[str, Any]] = []
        network = viewer.context.new_cdp_session(self._page)
        network.on("Network.requestWillBeSent", lambda sent: self._seen(sent["request"]))
        network.send("Network.enable")

    def _seen(self, request: dict[str, Any]) -> None:
        method, url = str(request["method"]), str(request["url"])
        address = url.partition("/v1/")[2].partition("/ses_")[0]
        if url.startswith(f"{self._issuer}/"):
            address = url.removeprefix(f"{self._issuer}/")
        if address:
            self.requests.append(f"{method} {address}")
        if address == "beacons" and method == "POST":
            batch = json.loads(base64.b64decode(json.loads(request["postData"])["data"]))
            self.beacons += batch["beacons"]

    def beats(self, count: int) -> bool:
        return self.kinds().count("position") >= count

    def kinds(self) -> list[str]:
        self._listen()
        return [str(beacon["kind"]) for beacon in self.beacons]

    def since(self, count: int) -> list[str]:
        self._listen()
        return self.requests[count:]

    def _listen(self) -> None:
        # What the page did meanwhile is heard while it is asked something.
        self._page.evaluate("0")


def test_a_play_asks_for_little_however_long_it_is(viewer: Viewer, titles: dict[str, str]) -> None:
    viewer.sign_in()
    viewer.page.clock.install()
    asked, answered = Asked(viewer), len(viewer.answers)
    viewer.play(titles["Spectrum"]).start()
    eventually(lambda: "start" in asked.kinds(), PATIENCE_SECONDS, "the first beacon")

    for beat in range(1, BEATS + 1):
        viewer.page.get_by_role("slider", name="Seek").fill(str(beat % 10))
        viewer.page.clock.fast_forward(int(BEAT.total_seconds() * 1000))
        eventually(partial(asked.beats, beat), PATIENCE_SECONDS, "a beacon")

    # What the page after it asks for is no part of the play.
    of_the_play = len(asked.requests)
    viewer.page.get_by_role("button", name="Back", exact=True).click()
    ended = {"POST beacons", "DELETE playback/sessions"}
    eventually(lambda: ended <= {*asked.since(of_the_play)}, PATIENCE_SECONDS, "the end")
    assert asked.kinds()[-1] == "leave"

    rebuffers = asked.kinds().count("rebuffer")
    requests = Counter(asked.requests[:of_the_play]) + Counter(ended)
    requests["POST beacons"] -= rebuffers
    # Proofs are of the page's clock, which was moved: the issuer refuses them, says what time it
    # is, and is asked again. Nobody's clock gains two minutes between renewals.
    requests["POST token"] -= viewer.answers[answered:].count((f"{viewer.cloud.issuer}/token", 400))
    COUNTED.parent.mkdir(exist_ok=True)
    COUNTED.write_text(json.dumps({"requests": requests}))
    assert rebuffers <= MOST_REBUFFERS
    assert requests.total() + PLACE_READ <= MOST_REQUESTS_AN_HOUR, requests


def test_what_a_stream_without_room_refused_and_what_an_offline_page_held_back_is_told_later(
    viewer: Viewer, member: Person, titles: dict[str, str]
) -> None:
    title = titles["Spectrum"]
    viewer.sign_in()
    page = viewer.page
    player = viewer.play(title).start()
    page.route("**/v1/beacons", lambda route: route.fulfill(status=400, json=THROTTLED))
    page.get_by_role("slider", name="Seek").fill("16")
    eventually(lambda: player.seconds > 16.2, PATIENCE_SECONDS, "the new place")
    refused_at = player.pause()
    page.unroute("**/v1/beacons")
    _kept(viewer, member, title, refused_at)

    page.route("**/v1/beacons", lambda route: route.abort())
    page.get_by_role("slider", name="Seek").fill("8")
    eventually(lambda: player.seconds < 9, PATIENCE_SECONDS, "the new place")
    left_at = player.seconds
    viewer.open("/devices")
    page.unroute("**/v1/beacons")
    viewer.open()

    _kept(viewer, member, title, left_at)


def _kept(viewer: Viewer, member: Person, title: str, seconds: float) -> None:
    def is_near() -> bool:
        # The page's own waits go on while it is asked something.
        viewer.page.evaluate("0")
        return abs((place(member, title) or 0) - seconds) < SEGMENT_SECONDS

    eventually(is_near, CAUGHT_UP_SECONDS, "a kept place")


def test_another_browser_resumes_within_a_segment_of_where_one_was_cut_off(
    arrive: Arrive, member: Person, titles: dict[str, str]
) -> None:
    title = titles["Spectrum"]
    here = arrive()
    here.sign_in()
    player = here.play(title).start()
    # Further than a segment from where any other test leaves it.
    here.page.get_by_role("slider", name="Seek").fill("14")
    eventually(lambda: player.seconds > 14.5, PATIENCE_SECONDS, "the new place")
    cut_off_at = player.seconds

    # The last word is sent while the page goes; a context that is thrown away takes it along.
    here.page.close()

    eventually(
        lambda: abs((place(member, title) or 0) - cut_off_at) < SEGMENT_SECONDS,
        CAUGHT_UP_SECONDS,
        "a kept place",
    )
    there = arrive()
    there.sign_in(f"/watch/{title}")
    resumed = Player(there).start()
    assert cut_off_at - SEGMENT_SECONDS <= resumed.seconds <= cut_off_at + SEGMENT_SECONDS
