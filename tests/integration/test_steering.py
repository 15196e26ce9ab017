"""Steering through the real edge: who is told the order, what drains, and what viewers tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.beacons import batch
from tests.cloud import Person, RunningCloud, eventually

JUDGED_WITHIN_SECONDS = 100
"""Once a minute, and a cold function."""


@pytest.fixture(scope="module")
def steered(member: Person, titles: dict[str, str]) -> dict[str, Any]:
    """The start of a steered play."""
    answer = member.play(titles["Big"], "hls.js", steering=True).answer
    if len(answer["cdns"]) == 1:
        pytest.skip("this system has no 127.0.0.2 for a second CDN")
    return answer


@pytest.fixture
def address(steered: dict[str, Any]) -> str:
    """Where the play asks for its order, from the root."""
    return str(steered["manifest_url"]).rpartition("/")[0]


def cdn_ids(steered: dict[str, Any]) -> list[str]:
    return [cdn["cdn_id"] for cdn in steered["cdns"]]


def order(cloud: RunningCloud, address: str) -> list[str]:
    answer = httpx.get(f"{cloud.web}{address}", timeout=30)
    assert answer.status_code == 200, answer.text
    told: list[str] = answer.json()["PATHWAY-PRIORITY"]
    return told


def test_a_steered_play_finds_every_file_of_its_manifest_on_every_cdn(
    cloud: RunningCloud, steered: dict[str, Any]
) -> None:
    answer = httpx.get(f"{cloud.web}{steered['manifest_url']}", timeout=30)

    playlists = [line for line in answer.text.splitlines() if line.startswith("http")]
    origins = {url.partition("/t/")[0] for url in playlists}
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert len(origins) == 2
    assert {httpx.get(url, timeout=30).status_code for url in playlists} == {200}


def test_pages_of_other_origins_may_ask_for_the_order(cloud: RunningCloud, address: str) -> None:
    headers = {"origin": "https://tv.example"}
    answer = httpx.get(f"{cloud.web}{address}", headers=headers, timeout=30)

    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"


def test_a_token_of_one_play_tells_nothing_of_another(
    cloud: RunningCloud, member: Person, titles: dict[str, str], address: str
) -> None:
    other = member.play(titles["Big"], "hls.js", steering=True).answer["session_id"]
    *_, session_id, _, token = address.split("/")

    wrong = [
        address.replace(session_id, other),
        address.replace(token, token[:-4] + "AAAA"),
        address.replace(token, "nothing"),
    ]
    answers = [httpx.get(f"{cloud.web}{each}", timeout=30) for each in wrong]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (401, "steering_token_invalid")
    ] * 3


def test_a_play_that_does_not_ask_for_it_is_not_steered(
    member: Person, titles: dict[str, str]
) -> None:
    answer = member.play(titles["Big"]).answer

    assert answer["steered"] is False
    assert answer["manifest_url"] == answer["cdns"][0]["manifest_url"]


@pytest.fixture
def drained(staff: Person, steered: dict[str, Any]) -> Iterator[str]:
    """The first CDN's id; it is used again in the end."""
    cdn_id = cdn_ids(steered)[0]
    yield cdn_id
    staff.ask("PUT", f"/v1/staff/cdns/{cdn_id}", {"drained": False})


def test_a_cdn_that_staff_drain_is_told_last_and_first_again_when_they_are_done(
    cloud: RunningCloud, staff: Person, steered: dict[str, Any], address: str, drained: str
) -> None:
    first, second = cdn_ids(steered)
    eventually(lambda: order(cloud, address) == [first, second], 10, "the configured order")

    staff.ask("PUT", f"/v1/staff/cdns/{drained}", {"drained": True})
    eventually(lambda: order(cloud, address) == [second, first], 10, "the other order")
    staff.ask("PUT", f"/v1/staff/cdns/{drained}", {"drained": False})
    eventually(lambda: order(cloud, address) == [first, second], 10, "the configured order")


def test_members_may_not_drain(member: Person, steered: dict[str, Any]) -> None:
    path = f"/v1/staff/cdns/{cdn_ids(steered)[0]}"

    assert member.ask("PUT", path, {"drained": True}).status_code == 403


def kept(cloud: RunningCloud) -> dict[str, dict[str, Any]]:
    """What the table holds of CDNs, by sort key."""
    dynamodb = cloud.operator("dynamodb")
    (table,) = (name for name in dynamodb.list_tables()["TableNames"] if "playback" in name)
    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "CDNS"}},
    )
    return {item["sk"]["S"]: item for item in found["Items"]}


def test_what_viewers_tell_is_kept_by_window_and_every_minute_it_is_judged(
    cloud: RunningCloud, member: Person, steered: dict[str, Any]
) -> None:
    first = cdn_ids(steered)[0]

    told = batch(steered["ticket"], (3.0, timedelta(0)), kind="rebuffer", cdn=first)
    assert member.ask("POST", "/v1/beacons", told).status_code == 200

    def is_kept() -> bool:
        windows = [item["met"]["S"] for sk, item in kept(cloud).items() if sk.startswith("MET#")]
        return any(first in met for met in windows)

    eventually(is_kept, 60, "a window with what the viewer met")
    eventually(lambda: "judged" in kept(cloud).get("STANDING", {}), JUDGED_WITHIN_SECONDS)
