"""Beacons: from the gateway into the stream, from there into the place to go on at."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.cloud import Person, RunningCloud, eventually

CAUGHT_UP_SECONDS = 60
"""A reader of the stream starts cold on a busy machine."""


def batch(ticket: str, *places: tuple[float, timedelta]) -> dict[str, str]:
    """What a player sends of places reached so long ago."""
    now = datetime.now(UTC)
    told = [
        {
            "kind": "position",
            "at": (now - ago).isoformat(),
            "position_seconds": seconds,
            "duration_seconds": 24.0,
        }
        for seconds, ago in places
    ]
    body = {"ticket": ticket, "sent_at": now.isoformat(), "beacons": told}
    return {"data": base64.b64encode(json.dumps(body).encode()).decode()}


def place(person: Person, title_id: str) -> float | None:
    answer = person.ask("GET", f"/v1/progress/{title_id}")
    return answer.json()["position_seconds"] if answer.status_code == 200 else None


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
    staff.ask("POST", "/v1/beacons", batch(ticket, (6.5, timedelta(0))))

    eventually(lambda: place(member, titles["Spectrum"]) == 6.5, CAUGHT_UP_SECONDS, "the place")
    assert place(staff, titles["Spectrum"]) == before


def test_nothing_comes_into_the_stream_without_an_access_token(
    cloud: RunningCloud, ticket: str
) -> None:
    answer = httpx.post(f"{cloud.web}/v1/beacons", json=batch(ticket, (1.0, timedelta(0))))

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize("body", [{}, {"data": "not base64!"}])
def test_what_is_no_record_is_refused_by_the_gateway(member: Person, body: dict[str, str]) -> None:
    assert member.ask("POST", "/v1/beacons", body).status_code == 400
