"""A household on two screens: who is admitted, who gives way, and what everybody is told."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from kernel.ids import new_id
from playback.leases import LEASE
from tests.cloud import Person, RunningCloud, eventually
from tests.custody import signed_again, token_key
from tests.films import Ingested
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody

TOLD_SECONDS = 60
"""An event's way over the bus, to a function that starts cold on a busy machine."""

DECIDED_SECONDS = 120
"""Fifty answers at once of functions that start cold."""

DEVICE = {"family": "shaka", "drm": "clearkey", "max_height": None}


class Household:
    """An account with two screens and three devices that want them."""

    def __init__(self, cloud: RunningCloud, staff: Person, title_id: str) -> None:
        self.cloud = cloud
        self.title_id = title_id
        somebody = Somebody(cloud).has_account()
        self.phone, self.tv, self.laptop = (SignedIn(somebody) for _ in range(3))
        path = f"/v1/accounts/{self.phone.claims['sub']}/plan"
        assert staff.ask("PUT", path, {"plan": "standard"}).status_code == 200
        self.phone.ask("PATCH", f"/devices/{self.phone.claims['device']}", {"name": "Ada's phone"})
        eventually(lambda: self.kept().get("streams") == {"N": "2"}, TOLD_SECONDS, "the plan")

    def kept(self) -> dict[str, Any]:
        """What playback keeps of the account."""
        dynamodb = self.cloud.operator("dynamodb")
        names = dynamodb.list_tables()["TableNames"]
        (table,) = (name for name in names if "playback" in name.lower())
        key = {"pk": {"S": f"ACCOUNT#{self.phone.claims['sub']}"}, "sk": {"S": "ACCOUNT"}}
        return dict(
            dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        )

    def plays(self) -> set[str]:
        """Sessions that have a screen of the account's, or had one and were not asked for it."""
        return set(self.kept().get("plays", {"M": {}})["M"])

    def ask(
        self, device: SignedIn, take_over: str | None = None, carrier: str = "cookie"
    ) -> httpx.Response:
        body = {"title_id": self.title_id, "device": DEVICE, "carrier": carrier}
        taking = {} if take_over is None else {"take_over": take_over}
        return device.ask("POST", "/playback/start", {**body, **taking})

    def start(self, device: SignedIn, take_over: str | None = None) -> dict[str, Any]:
        answer = self.ask(device, take_over)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def state(self, play: dict[str, Any]) -> dict[str, Any]:
        answer = self.phone.ask("GET", f"/playback/sessions/{play['session_id']}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def tell(
        self,
        device: SignedIn,
        play: dict[str, Any],
        kind: str,
        at_seconds: float = 1,
        ahead: timedelta = timedelta(0),
    ) -> None:
        """`ahead` is how much the device's clock is."""
        now = (datetime.now(UTC) + ahead).isoformat()
        beacon = {"kind": kind, "at": now, "position_seconds": at_seconds, "duration_seconds": 7}
        body = {"ticket": play["ticket"], "sent_at": now, "beacons": [beacon]}
        data = base64.b64encode(json.dumps(body).encode()).decode()
        assert device.ask("POST", "/beacons", {"data": data}).status_code == 200

    def held_until(self, play: dict[str, Any]) -> int:
        return int(self.kept()["plays"]["M"][play["session_id"]]["M"]["held_until"]["N"])

    def ends(self, play: dict[str, Any], *reasons: str) -> None:
        told = eventually(
            lambda: state if (state := self.state(play))["state"] == "ended" else None,
            TOLD_SECONDS,
            "the play's end",
        )
        assert told is not None
        assert told["reason"] in reasons
        assert told["sentence"].endswith(".")


@pytest.fixture(scope="module")
def house(cloud: RunningCloud, staff: Person, ingested: Ingested) -> Household:
    return Household(cloud, staff, ingested.title_id)


def test_a_third_stream_is_refused_by_name_takes_over_and_the_first_one_is_told_why(
    house: Household,
) -> None:
    first, second = house.start(house.phone), house.start(house.tv)

    refused = house.ask(house.laptop)

    assert (refused.status_code, refused.json()["code"]) == (403, "too_many_streams")
    streams = {stream["session_id"]: stream for stream in refused.json()["streams"]}
    assert set(streams) == {first["session_id"], second["session_id"]}
    assert streams[first["session_id"]]["device"] == "Ada's phone"
    third = house.start(house.laptop, take_over=first["session_id"])
    assert house.state(third)["state"] == "playing"
    house.ends(first, "taken_over")
    path = f"/playback/sessions/{first['session_id']}"
    renewal = house.phone.ask("POST", f"{path}/licence-token", {})
    assert (renewal.status_code, renewal.json()["code"]) == (403, "licence_refused")
    assert house.phone.ask("DELETE", path).status_code == 204


def test_beacons_hold_a_screen_and_leaving_gives_it_up_at_once(house: Household) -> None:
    laptop, tv = house.start(house.laptop), house.start(house.tv)
    before = house.held_until(tv)

    begun_at = before - LEASE.total_seconds()
    eventually(lambda: datetime.now(UTC).timestamp() > begun_at + 1, 30, "another second")
    house.tell(house.tv, tv, "position")
    eventually(lambda: house.held_until(tv) > before, TOLD_SECONDS, "a renewal")

    house.tell(house.tv, tv, "leave")
    house.ends(tv, "left")
    assert house.phone.ask("DELETE", f"/playback/sessions/{laptop['session_id']}").is_success
    house.start(house.phone)


def test_after_its_end_a_play_gets_no_screen_back_by_beacons(house: Household) -> None:
    first = house.start(house.phone)
    second = house.start(house.laptop, take_over=first["session_id"])
    before = house.held_until(second)

    begun_at = before - LEASE.total_seconds()
    eventually(lambda: datetime.now(UTC).timestamp() > begun_at + 1, 30, "another second")
    for kind in ("position", "leave"):
        house.tell(house.phone, first, kind)
    # One account's beacons are read in the order in which they were told.
    house.tell(house.laptop, second, "position")
    eventually(lambda: house.held_until(second) > before, TOLD_SECONDS, "a renewal")

    assert house.state(first)["reason"] == "taken_over"
    assert house.state(second)["state"] == "playing"
    assert house.laptop.ask("DELETE", f"/playback/sessions/{second['session_id']}").is_success


def test_the_same_start_at_once_and_again_is_one_play(house: Household) -> None:
    body = {"title_id": house.title_id, "device": DEVICE, "request_id": str(uuid.uuid4())}
    before = house.plays()

    def start(_: int) -> httpx.Response:
        return house.tv.ask("POST", "/playback/start", body)

    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(start, range(8)), start(8)]

    assert {answer.status_code for answer in answers} == {200}
    ((session_id, _),) = {
        (play["session_id"], play["ticket"]) for play in (answer.json() for answer in answers)
    }
    assert house.plays() - before == {session_id}
    assert house.tv.ask("DELETE", f"/playback/sessions/{session_id}").is_success
    over = start(9)
    assert (over.status_code, over.json()["code"]) == (409, "play_over")


def test_a_play_that_lost_its_screen_moves_no_place(house: Household) -> None:
    first = house.start(house.phone)
    second = house.start(house.laptop, take_over=first["session_id"])
    dynamodb = house.cloud.operator("dynamodb")
    (table,) = (name for name in dynamodb.list_tables()["TableNames"] if "progress" in name.lower())
    key = {"pk": {"S": f"PLAY#{first['session_id']}"}, "sk": {"S": "ENDED"}}

    def end() -> dict[str, Any] | None:
        return dynamodb.get_item(TableName=table, Key=key).get("Item")

    told = eventually(end, TOLD_SECONDS, "the end")
    # Two minutes pass.
    earlier = int(told["ended_at_ms"]["N"]) - 120_000
    dynamodb.put_item(TableName=table, Item={**told, "ended_at_ms": {"N": str(earlier)}})

    # Its moment is the latest: it would stand if it were believed.
    house.tell(house.phone, first, "position", at_seconds=6, ahead=timedelta(seconds=50))
    house.tell(house.laptop, second, "position", at_seconds=5)

    def place() -> float | None:
        answer = house.phone.ask("GET", f"/progress/{house.title_id}")
        return float(answer.json()["position_seconds"]) if answer.is_success else None

    eventually(lambda: place() == 5, TOLD_SECONDS, "the place of the play that goes on")
    assert house.laptop.ask("DELETE", f"/playback/sessions/{second['session_id']}").is_success


DEVICES = 50


def test_of_fifty_devices_that_start_at_once_two_play(
    cloud: RunningCloud, staff: Person, ingested: Ingested
) -> None:
    """Devices that no plan has places for: their tokens are the issuer's own, made by its key."""
    house, key = Household(cloud, staff, ingested.title_id), token_key(cloud.data_dir)
    token, now = house.phone.tokens["access_token"], datetime.now(UTC)
    tokens = [signed_again(token, key, device=new_id("dev", now)) for _ in range(DEVICES)]
    together = threading.Barrier(DEVICES)

    def start(token: str) -> tuple[int, str]:
        bearer = {"authorization": f"Bearer {token}"}
        body = {"title_id": house.title_id, "device": DEVICE}
        with httpx.Client(base_url=cloud.web, headers=bearer, timeout=DECIDED_SECONDS) as http:
            together.wait(TOLD_SECONDS)
            # A function that came up too late is no decision.
            while (answer := http.post("/v1/playback/start", json=body)).status_code >= 500:
                assert answer.elapsed.total_seconds() < DECIDED_SECONDS
        return answer.status_code, str(answer.json().get("code", "admitted"))

    with ThreadPoolExecutor(DEVICES) as devices:
        answers = Counter(devices.map(start, tokens))

    assert answers == {(200, "admitted"): 2, (403, "too_many_streams"): DEVICES - 2}
    assert len(house.plays()) == 2


def test_a_device_that_is_removed_stops_playing_and_starts_nothing_more(house: Household) -> None:
    play = house.start(house.tv)

    removed = house.phone.ask("DELETE", f"/devices/{house.tv.claims['device']}")

    assert removed.status_code == 204
    # Its sign-ins end first; which of the two is heard first, the bus decides.
    house.ends(play, "signed_out", "device_removed")
    refused = house.ask(house.tv)
    assert (refused.status_code, refused.json()["code"]) == (401, "signed_out")
