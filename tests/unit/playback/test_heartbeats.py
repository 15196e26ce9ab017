"""Beacons as heartbeats: what holds a screen, what gives it up, and all that changes nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.beacon_stream import reading_beacons
from kernel.tokens import MacKey
from playback import grants
from playback.domain import Session, Viewer
from playback.heartbeats import heartbeats_of
from playback.leases import BEAT, LEASE
from tests.unit.playback.fakes import SECRET, VIEWER, FakeMacKeys, FakePlayback, session


class Stream:
    """The stream of beacons, and a play that begins now."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.table = FakePlayback()
        self.play = session(now)
        self.table.open(self.play, self.table.account("acc_1"), {}, now)
        self.handler = reading_beacons(heartbeats_of(self.table), FakeMacKeys())

    def record(
        self,
        *kinds: str,
        after: float = 0,
        ticket: str = "",
        clock_off: float = 0,
        account: str = "acc_1",
    ) -> dict[str, Any]:
        """A batch that arrives so many seconds after the start."""
        arrived = self.now + timedelta(seconds=after)
        said = (arrived + timedelta(seconds=clock_off)).isoformat()
        told = {"at": said, "position_seconds": after, "duration_seconds": 5400}
        body = {
            "ticket": ticket or grants.session_ticket(self.play, SECRET),
            "sent_at": said,
            "beacons": [{"kind": kind, **told} for kind in kinds],
        }
        return {
            "kinesis": {
                "data": base64.b64encode(json.dumps(body).encode()).decode(),
                "approximateArrivalTimestamp": arrived.timestamp(),
                "sequenceNumber": str(after),
                "partitionKey": account,
            }
        }

    def tells(self, *records: dict[str, Any]) -> None:
        assert self.handler({"Records": list(records)}, None) == {"batchItemFailures": []}

    @property
    def held(self) -> float | None:
        """Seconds after the start until which the screen is held; None when it is not."""
        play = self.table.sessions.get("ses_1")
        return None if play is None else (play.held_until - self.now).total_seconds()


@pytest.fixture
def stream(now: datetime) -> Stream:
    return Stream(now)


LIFE = LEASE.total_seconds()


@pytest.mark.parametrize("kind", ["start", "position", "rebuffer", "error", "pause"])
def test_whatever_a_player_tells_holds_its_screen(stream: Stream, kind: str) -> None:
    stream.tells(stream.record(kind, after=120))

    assert stream.held == 120 + LIFE


@pytest.mark.parametrize("kinds", [("leave",), ("position", "leave"), ("leave", "position")])
def test_leaving_gives_the_screen_up_at_once(stream: Stream, kinds: tuple[str, ...]) -> None:
    stream.tells(stream.record(*kinds, after=120))

    assert stream.held is None
    assert stream.table.account("acc_1").ended["ses_1"].reason == "left"


def test_duplicates_and_latecomers_shorten_nothing(stream: Stream) -> None:
    first, second = stream.record("position", after=120), stream.record("position", after=240)

    stream.tells(second, first, second, first)

    assert stream.held == 240 + LIFE


def test_a_reader_that_is_late_holds_no_screen_longer(stream: Stream) -> None:
    record = stream.record("position", after=120)
    stream.now += timedelta(hours=1)

    stream.tells(record)

    assert stream.table.sessions["ses_1"].held_until < stream.now


@pytest.mark.parametrize("clock_off", [-86_400, -600, 600, 86_400])
def test_a_players_clock_makes_no_lease_longer(stream: Stream, clock_off: float) -> None:
    stream.tells(stream.record("position", after=120, clock_off=clock_off))

    assert stream.held == 120 + LIFE


def test_two_lost_heartbeats_cost_no_screen(stream: Stream) -> None:
    beat = BEAT.total_seconds()
    stream.tells(stream.record("position", after=beat))

    third_on_its_way = timedelta(seconds=3 * beat + 59)

    assert stream.table.sessions["ses_1"].is_held(stream.now + third_on_its_way)


def test_a_silent_play_comes_back_as_long_as_nobody_needed_its_screen(stream: Stream) -> None:
    stream.tells(stream.record("position", after=3600))

    assert stream.held == 3600 + LIFE


def test_after_its_end_a_play_is_held_no_more(stream: Stream) -> None:
    stream.tells(stream.record("leave", after=60))

    stream.tells(stream.record("position", after=120), stream.record("leave", after=180))

    assert stream.held is None


def test_a_play_that_was_taken_over_is_held_no_more(stream: Stream) -> None:
    account = stream.table.account("acc_1")
    other = session(stream.now, session_id="ses_2")
    assert stream.table.open(other, account, {"ses_1": "taken_over"}, stream.now)

    stream.tells(stream.record("position", after=120), stream.record("leave", after=121))

    assert set(stream.table.sessions) == {"ses_2"}
    assert stream.table.account("acc_1").ended["ses_1"].reason == "taken_over"


def forged(play: Session) -> str:
    return grants.session_ticket(play, MacKey(b"a stranger's secret, long enough!"))


def of_a_licence(play: Session) -> str:
    return grants.licence_token(play, play.started_at, SECRET)


@pytest.mark.parametrize("make", [forged, of_a_licence])
def test_a_forged_ticket_holds_and_ends_nothing(stream: Stream, make: Any) -> None:
    ticket = make(stream.play)

    stream.tells(
        stream.record("position", after=60, ticket=ticket),
        stream.record("leave", after=61, ticket=ticket),
    )

    assert stream.held == LIFE


@pytest.mark.parametrize(
    "viewer",
    [
        replace(VIEWER, account_id="acc_2"),
        replace(VIEWER, profile_id="prf_2"),
        replace(VIEWER, device_id="dev_2"),
    ],
)
def test_a_ticket_of_somebody_else_holds_nothing_here(stream: Stream, viewer: Viewer) -> None:
    theirs = replace(stream.play, viewer=viewer)
    ticket = grants.session_ticket(theirs, SECRET)

    account = viewer.account_id
    stream.tells(stream.record("position", after=60, ticket=ticket, account=account))

    assert stream.held == LIFE


def test_a_ticket_that_ran_out_holds_nothing(stream: Stream) -> None:
    after = (stream.play.expires_at - stream.now).total_seconds()

    stream.tells(stream.record("position", after=after))

    assert stream.held == LIFE
