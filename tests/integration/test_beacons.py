"""Beacons: from the gateway into the stream, from there into the place to go on at."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest

from tests.beacons import CAUGHT_UP_SECONDS, batch, place, record
from tests.cloud import Person, RunningCloud, eventually


@pytest.fixture
def ticket(member: Person, titles: dict[str, str]) -> str:
    return str(member.play(titles["Spectrum"]).answer["ticket"])


def test_another_device_goes_on_at_the_latest_moment_that_a_beacon_told(
    cloud: RunningCloud, member: Person, ticket: str, titles: dict[str, str]
) -> None:
    other, none = Person(cloud, "member"), timedelta(0)

    for sent in (
        batch(ticket, (17.25, none), (9.0, timedelta(seconds=30))),
        batch(ticket, (4.0, timedelta(minutes=2))),
    ):
        answer = member.ask("POST", "/v1/beacons", sent)
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"SequenceNumber", "ShardId"}

    eventually(lambda: place(other, titles["Spectrum"]) == 17.25, CAUGHT_UP_SECONDS, "the place")


def test_a_beacon_moves_nobody_but_whom_its_ticket_names(
    member: Person, staff: Person, ticket: str, titles: dict[str, str]
) -> None:
    before = place(staff, titles["Spectrum"])

    staff.ask("POST", "/v1/beacons", batch(f"{ticket[:-4]}AAAA", (23.0, timedelta(0))))
    staff.ask("POST", "/v1/beacons", batch(ticket, (22.0, timedelta(0))))
    member.ask("POST", "/v1/beacons", batch(ticket, (6.5, timedelta(0))))

    eventually(lambda: place(member, titles["Spectrum"]) == 6.5, CAUGHT_UP_SECONDS, "the place")
    assert place(staff, titles["Spectrum"]) == before


def test_nothing_comes_into_the_stream_without_an_access_token(
    cloud: RunningCloud, ticket: str
) -> None:
    answer = httpx.post(f"{cloud.web}/v1/beacons", json=batch(ticket, (1.0, timedelta(0))))

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_what_cannot_be_believed_is_dropped_by_its_reason_and_holds_nobody_up(
    cloud: RunningCloud, member: Person, ticket: str, titles: dict[str, str]
) -> None:
    none = timedelta(0)
    for wrong in (
        record("no batch"),
        batch(ticket, *[(1.0, none)] * 51),
        batch(ticket, (1.0, timedelta(hours=13))),
        batch(ticket, (1.0, timedelta(minutes=-1))),
        batch(ticket, (30.0, none)),
        record({"padding": "x" * 20_000}),
    ):
        assert member.ask("POST", "/v1/beacons", wrong).status_code == 200
    # A clock that is two days ahead is set right, and so silences nobody.
    member.ask("POST", "/v1/beacons", batch(ticket, (3.0, none), clock_ahead=timedelta(days=2)))
    member.ask("POST", "/v1/beacons", batch(ticket, (8.25, none)))

    eventually(lambda: place(member, titles["Spectrum"]) == 8.25, CAUGHT_UP_SECONDS, "the place")
    dropped: set[str] = set()
    for log in (cloud.data_dir / "logs").glob("*progress*Beacons*"):
        for line in log.read_text().splitlines():
            dropped |= (json.loads(line).get("dropped") or {}).keys() if line[:1] == "{" else set()
    assert dropped >= {"malformed", "out_of_time", "no_place", "too_long"}


@pytest.mark.parametrize("body", [{}, {"data": "not base64!"}])
def test_what_is_no_record_is_refused_by_the_gateway(member: Person, body: dict[str, str]) -> None:
    assert member.ask("POST", "/v1/beacons", body).status_code == 400
