"""Beacons: whose they are says the ticket, when they were says the device, within reason."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import tokens
from kernel.beacon_stream import reading_beacons
from kernel.beacons import (
    CLOCK_TOLERANCE,
    LONGEST_BATCH,
    MOST_BEACONS,
    OLDEST,
    TICKET,
    Batch,
    DroppedError,
    Watching,
    read_batch,
)
from kernel.tokens import MacKey

SECRET = MacKey(b"a token secret of thirty-two byte")
NEWER = MacKey(b"another token secret of 32 bytes!")
RING = {SECRET.key_id: SECRET}
CLAIMS = {
    "session": "ses_1",
    "account": "acc_1",
    "profile": "prf_1",
    "device": "dev_1",
    "title": "ttl_1",
}


def ticket(now: datetime, key: MacKey = SECRET, purpose: str = TICKET, **claims: object) -> str:
    return tokens.make(purpose, {**CLAIMS, **claims}, now + timedelta(hours=4), key)


def beacon(moment: datetime, position: object = 12.5, **changes: object) -> dict[str, object]:
    told = {
        "kind": "position",
        "at": moment.isoformat(),
        "position_seconds": position,
        "duration_seconds": 60,
    }
    return {**told, **changes}


def batch(now: datetime, *told: object, **changes: object) -> bytes:
    body = {
        "ticket": ticket(now),
        "sent_at": now.isoformat(),
        "beacons": list(told) or [beacon(now)],
    }
    return json.dumps({**body, **changes}).encode()


def reason(data: bytes, now: datetime) -> str:
    with pytest.raises(DroppedError) as dropped:
        read_batch(data, now, RING)
    return dropped.value.reason


def test_a_batch_is_of_the_play_that_its_ticket_names(now: datetime) -> None:
    read = read_batch(batch(now), now, RING)

    assert read.watching == Watching("ses_1", "acc_1", "prf_1", "dev_1", "ttl_1")
    assert [told.position_seconds for told in read.beacons] == [12.5]


def test_a_beacon_may_say_where_the_film_came_from_and_what_failed(now: datetime) -> None:
    told = beacon(now, cdn="b.example", failed_cdns=["a.example"])

    (read,) = read_batch(batch(now, told), now, RING).beacons
    (silent,) = read_batch(batch(now), now, RING).beacons

    assert (read.cdn, read.failed_cdns) == ("b.example", ("a.example",))
    assert (silent.cdn, silent.failed_cdns) == (None, ())


def test_the_latest_moment_counts_wherever_it_stands(now: datetime) -> None:
    told = [beacon(now - timedelta(seconds=age), age) for age in (30, 5, 60)]

    assert read_batch(batch(now, *told), now, RING).latest.position_seconds == 5


@pytest.mark.parametrize("ahead", [timedelta(days=-400), timedelta(hours=-1), timedelta(days=90)])
def test_a_clock_that_is_far_off_is_set_right(now: datetime, ahead: timedelta) -> None:
    theirs = now + ahead
    told = beacon(theirs - timedelta(seconds=20))
    data = batch(now, told, sent_at=theirs.isoformat())

    assert read_batch(data, now, RING).latest.at == now - timedelta(seconds=20)


def test_a_clock_within_the_tolerance_is_believed(now: datetime) -> None:
    theirs = now - CLOCK_TOLERANCE
    data = batch(now, beacon(theirs), sent_at=theirs.isoformat())

    assert read_batch(data, now, RING).latest.at == theirs


@pytest.mark.parametrize("age", [timedelta(seconds=-1), OLDEST + timedelta(seconds=1)])
def test_a_moment_after_its_sending_or_too_long_before_is_dropped(
    now: datetime, age: timedelta
) -> None:
    assert reason(batch(now, beacon(now - age)), now) == "out_of_time"


def test_a_ticket_that_has_run_out_when_the_stream_took_it_is_dropped(now: datetime) -> None:
    later = now + timedelta(hours=4)

    assert reason(batch(now), later) == "expired"


def test_a_forged_ticket_is_dropped(now: datetime) -> None:
    mine = ticket(now)
    version, key_id, _, mac = mine.split(".")
    others = json.dumps({**CLAIMS, "account": "acc_2", "exp": 9_999_999_999}).encode()
    swapped = base64.urlsafe_b64encode(others).rstrip(b"=").decode()

    for forged in (
        ".".join([version, key_id, swapped, mac]),
        f"{mine[:-4]}AAAA",
        "a.b",
        ticket(now, purpose="licence"),
        ticket(now, title=""),
        ticket(now, profile=7),
    ):
        assert reason(batch(now, ticket=forged), now) == "forged", forged


@pytest.mark.parametrize(
    "change",
    [
        {"ticket": None},
        {"sent_at": "now"},
        {"sent_at": "2026-11-01T12:00:00"},
        {"sent_at": "0001-01-01T00:00:00Z"},
        {"beacons": []},
        {"beacons": {}},
        {"beacons": ["position"]},
        {"profile": "prf_2"},
    ],
)
def test_what_is_no_batch_is_dropped(now: datetime, change: dict[str, Any]) -> None:
    assert reason(batch(now, **change), now) == "malformed"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "party"},
        {"kind": ["start"]},
        {"at": 5},
        {"position_seconds": "5"},
        {"position_seconds": True},
        {"duration_seconds": 10**400},
        {"title_id": "ttl_2"},
        {"cdn": ""},
        {"cdn": None},
        {"cdn": "c" * 101},
        {"failed_cdns": "a"},
        {"failed_cdns": [1]},
        {"failed_cdns": ["a"] * 9},
    ],
)
def test_what_is_no_beacon_is_dropped(now: datetime, change: dict[str, Any]) -> None:
    assert reason(batch(now, beacon(now, **change)), now) == "malformed"


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 10_000, b'{"a": NaN}'])
def test_what_is_no_json_object_is_dropped(now: datetime, data: bytes) -> None:
    assert reason(data, now) == "malformed"


def test_more_than_a_player_has_to_tell_is_dropped(now: datetime) -> None:
    assert reason(b" " * (LONGEST_BATCH + 1), now) == "too_long"
    assert reason(batch(now, *[beacon(now)] * (MOST_BEACONS + 1)), now) == "malformed"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    scalars, lambda part: st.lists(part) | st.dictionaries(st.text(), part), max_leaves=8
)


@given(replaced=st.dictionaries(st.sampled_from(["ticket", "sent_at", "beacons"]), anything))
def test_whatever_stands_in_a_batch_it_is_believed_or_dropped(replaced: dict[str, Any]) -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    body = json.loads(batch(now))

    try:
        read = read_batch(json.dumps({**body, **replaced}).encode(), now, RING)
    except (DroppedError, tokens.UnknownKeyError):
        return
    assert read.watching.account_id == "acc_1"


@given(
    replaced=st.dictionaries(
        st.sampled_from(["kind", "at", "position_seconds", "duration_seconds"]), anything
    )
)
def test_whatever_stands_in_a_beacon_it_is_believed_or_dropped(replaced: dict[str, Any]) -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    try:
        read = read_batch(batch(now, {**beacon(now), **replaced}), now, RING)
    except DroppedError:
        return
    assert math.isfinite(read.latest.position_seconds)


@dataclass
class Keys:
    """A token secret that is replaced when read again."""

    known: list[MacKey] = field(default_factory=lambda: [SECRET])
    newer: list[MacKey] = field(default_factory=lambda: [NEWER, SECRET])

    def current(self) -> MacKey:
        return self.known[0]

    def accepted(self) -> Mapping[str, MacKey]:
        return {key.key_id: key for key in self.known}

    def refresh(self) -> None:
        self.known = self.newer


def records(now: datetime, *data: bytes, account: str = "acc_1") -> dict[str, Any]:
    return {
        "Records": [
            {
                "kinesis": {
                    "sequenceNumber": str(number),
                    "partitionKey": account,
                    "data": base64.b64encode(one).decode(),
                    "approximateArrivalTimestamp": now.timestamp(),
                }
            }
            for number, one in enumerate(data)
        ]
    }


def test_what_cannot_be_believed_is_counted_by_its_reason_and_holds_nobody_up(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[Batch] = []
    event = records(now, b"{", batch(now, ticket="v1.a.b.c"), batch(now), b"[")

    answer = reading_beacons(taken.append, Keys())(event, None)

    assert answer == {"batchItemFailures": []}
    assert len(taken) == 1
    line = json.loads(capsys.readouterr().out)
    assert (line["records"], line["dropped"]) == (4, {"malformed": 2, "forged": 1})
    assert "v1." not in json.dumps(line)


def test_a_ticket_is_believed_beside_an_access_token_of_its_account_alone(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[Batch] = []

    reading_beacons(taken.append, Keys())(records(now, batch(now), account="acc_2"), None)

    assert taken == []
    assert json.loads(capsys.readouterr().out)["dropped"] == {"foreign": 1}


def test_a_reader_that_is_late_judges_a_ticket_by_when_the_stream_took_it(now: datetime) -> None:
    taken: list[Batch] = []
    event = records(now + timedelta(hours=3, minutes=59), batch(now))

    reading_beacons(taken.append, Keys())(event, None)

    assert [one.watching.account_id for one in taken] == ["acc_1"]


def test_a_secret_that_is_new_to_us_is_read_once_more(now: datetime) -> None:
    taken: list[Batch] = []
    event = records(now, batch(now, ticket=ticket(now, NEWER)))

    reading_beacons(taken.append, Keys())(event, None)

    assert [one.watching.session_id for one in taken] == ["ses_1"]


def test_what_we_fail_to_take_comes_again_from_there(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[float] = []

    def take(one: Batch) -> None:
        if one.latest.position_seconds == 2:
            raise ConnectionError
        taken.append(one.latest.position_seconds)

    event = records(now, *(batch(now, beacon(now, position)) for position in (1, 2, 3)))

    answer = reading_beacons(take, Keys())(event, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert taken == [1]
    assert json.loads(capsys.readouterr().out)["outcome"] == "failed"
