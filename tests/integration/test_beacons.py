"""Beacons: from the gateway into the stream, from there into the place to go on at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from commands.sign_in import SignIn
from tests.beacons import CAUGHT_UP_SECONDS, batch, place, record
from tests.cloud import Person, RunningCloud, eventually


@pytest.fixture
def play(member: Person, titles: dict[str, str]) -> Iterator[dict[str, Any]]:
    begun = member.play(titles["Spectrum"]).answer
    yield begun
    member.leave(begun["session_id"])


@pytest.fixture
def ticket(play: dict[str, Any]) -> str:
    return str(play["ticket"])


@pytest.fixture
def where(play: dict[str, Any]) -> str:
    """The address that a start names for its play's beacons."""
    return str(play["beacons_url"])


def asked_for_leave(where: str, origin: str) -> httpx.Response:
    """What a browser asks before a page of that origin sends a beacon."""
    asking = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,traceparent",
    }
    return httpx.options(where, headers=asking, timeout=30)


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


def test_a_start_says_where_its_beacons_go_past_the_edge(
    cloud: RunningCloud, member: Person, where: str, ticket: str, titles: dict[str, str]
) -> None:
    assert not where.startswith(cloud.web)

    answer = member.ask("POST", where, batch(ticket, (12.5, timedelta(0))), origin=cloud.web)

    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == cloud.web
    eventually(lambda: place(member, titles["Spectrum"]) == 12.5, CAUGHT_UP_SECONDS, "the place")


@pytest.mark.parametrize("authorization", [{}, {"authorization": "Bearer forged"}])
def test_nothing_comes_into_the_stream_without_an_access_token(
    cloud: RunningCloud, where: str, ticket: str, authorization: dict[str, str]
) -> None:
    for address in (f"{cloud.web}/v1/beacons", where):
        told = batch(ticket, (1.0, timedelta(0)))
        headers = {**authorization, "origin": cloud.web}
        answer = httpx.post(address, json=told, headers=headers, timeout=30)

        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_nothing_comes_into_the_stream_by_a_token_that_was_granted_for_something_else(
    cloud: RunningCloud, where: str, ticket: str
) -> None:
    account = cloud.account("staff")
    sign_in = SignIn(cloud.issuer, httpx.Client(timeout=30))
    tokens = sign_in.with_password(
        account["email"], account["password"], "staff", account["totp_secret"]
    )
    bearer = {"authorization": f"Bearer {tokens.access_token()}"}

    for address in (f"{cloud.web}/v1/beacons", where):
        told = batch(ticket, (1.0, timedelta(0)))
        answer = httpx.post(address, json=told, headers=bearer, timeout=30)

        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_a_page_of_ours_may_send_beacons_and_is_not_asked_again_for_two_hours(
    cloud: RunningCloud, where: str
) -> None:
    answer = asked_for_leave(where, cloud.web)

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == cloud.web
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-max-age"] == "7200"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_no_other_page_may_send_beacons(where: str, origin: str) -> None:
    assert "access-control-allow-origin" not in asked_for_leave(where, origin).headers


def test_nothing_but_beacons_is_past_the_edge(member: Person, where: str) -> None:
    for method, path in (("GET", "/v1/beacons"), ("POST", "/v1/playback/start"), ("GET", "/")):
        answer = member.ask(method, urljoin(where, path))

        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


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
    eventually(
        lambda: dropped(cloud) >= {"malformed", "out_of_time", "no_place", "too_long"},
        CAUGHT_UP_SECONDS,
        "a log of what was dropped",
    )


def dropped(cloud: RunningCloud) -> set[str]:
    """The reasons that the logs tell so far, by lines that are whole."""
    found: set[str] = set()
    for log in (cloud.data_dir / "logs").glob("*progress*Beacons*"):
        for line in log.read_text().rpartition("\n")[0].splitlines():
            found |= (json.loads(line).get("dropped") or {}).keys() if line[:1] == "{" else set()
    return found


@pytest.mark.parametrize("body", [{}, {"data": "not base64!"}])
def test_what_is_no_record_is_refused_by_the_gateway(member: Person, body: dict[str, str]) -> None:
    assert member.ask("POST", "/v1/beacons", body).status_code == 400
