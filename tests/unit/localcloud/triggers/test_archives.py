from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.triggers.eventbus import EventBus
from localcloud.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from tests.unit.localcloud.triggers.conftest import Cloud

WITHIN = timedelta(seconds=20)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EVENTS = "arn:aws:events:eu-west-1:123456789012:"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:{}:live"
ENTRY = {"Source": "marquee.local.media", "DetailType": "AssetReady", "Detail": '{"n": 1}'}


class Bus:
    """A bus with two readers and an archive of one source."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.now = NOON
        for name in ("one", "two"):
            function = FUNCTION.format(name)
            cloud.functions.accept(name)
            cloud.add(
                "AWS::Events::Rule",
                name,
                name,
                arn=f"{EVENTS}rule/{name}",
                EventPattern={"source": [{"prefix": "marquee."}]},
                Targets=[{"Id": "0", "Arn": function}],
            )
            cloud.add(
                "AWS::Lambda::Permission",
                f"Permit{name}",
                Action="lambda:InvokeFunction",
                FunctionName=function,
                Principal="events.amazonaws.com",
                SourceArn=f"{EVENTS}rule/{name}",
            )
        cloud.add(
            "AWS::Events::Archive",
            "Archive",
            "media",
            arn=f"{EVENTS}archive/media",
            SourceArn=f"{EVENTS}event-bus/default",
            EventPattern={"source": ["marquee.local.media"]},
            RetentionDays=7,
        )
        self.bus = self.new()

    def new(self) -> EventBus:
        cloud = self.cloud
        return EventBus(
            cloud.registry,
            cloud.functions,
            cloud.clients,
            region="eu-west-1",
            account="123456789012",
            clock=lambda: self.now,
        )

    def put(self, **entry: str) -> None:
        self.bus.put_events([{**ENTRY, **entry}])
        assert self.bus.wait_idle(WITHIN)

    def call(self, operation: str, **body: Any) -> tuple[int, Any]:
        headers = (("x-amz-target", f"AWSEvents.{operation}"),)
        request = HttpRequest("POST", "/", headers=headers, body=json.dumps(body).encode())
        response = self.bus.handle(request)
        assert isinstance(response, HttpResponse)
        assert self.bus.wait_idle(WITHIN)
        return response.status, json.loads(response.body)

    def replay(self, name: str = "again", **changed: Any) -> tuple[int, Any]:
        body = {
            "ReplayName": name,
            "EventSourceArn": f"{EVENTS}archive/media",
            "EventStartTime": (NOON - timedelta(hours=1)).timestamp(),
            "EventEndTime": (NOON + timedelta(hours=1)).timestamp(),
            "Destination": {"Arn": f"{EVENTS}event-bus/default"},
        }
        return self.call("StartReplay", **{**body, **changed})

    def heard(self) -> list[tuple[str, Any]]:
        """Who heard what since last asked."""
        found = sorted(
            ((arn.split(":")[6], event) for arn, event in self.cloud.functions.events),
            key=lambda pair: pair[0],
        )
        self.cloud.functions.events.clear()
        return found


@pytest.fixture
def bus(cloud: Cloud) -> Bus:
    return Bus(cloud)


def test_a_replay_brings_archived_events_again_marked_with_its_name(bus: Bus) -> None:
    bus.put()
    bus.put(Source="marquee.local.other")
    first = bus.heard()[0][1]

    status, answer = bus.replay()

    one, two = bus.heard()
    assert (status, answer["State"]) == (200, "STARTING")
    assert answer["ReplayArn"] == f"{EVENTS}replay/again"
    assert one == ("one", {**first, "replay-name": "again"})
    assert two[0] == "two"


def test_a_replay_may_be_for_some_rules_only(bus: Bus) -> None:
    bus.put()
    bus.heard()

    destination = {"Arn": f"{EVENTS}event-bus/default", "FilterArns": [f"{EVENTS}rule/two"]}
    bus.replay(Destination=destination)

    assert [who for who, _ in bus.heard()] == ["two"]


def test_a_replay_takes_the_events_of_its_time_and_none_that_was_replayed(bus: Bus) -> None:
    bus.put(Detail='{"n": 1}')
    bus.now += timedelta(hours=2)
    bus.put(Detail='{"n": 2}')
    bus.heard()

    bus.replay("first")
    first = bus.heard()
    end = (bus.now + timedelta(hours=1)).timestamp()
    bus.replay("second", EventEndTime=end)
    second = bus.heard()

    assert [event["detail"]["n"] for who, event in first if who == "one"] == [1]
    assert [event["detail"]["n"] for who, event in second if who == "one"] == [1, 2]


def test_events_past_their_retention_are_gone(bus: Bus) -> None:
    bus.put()
    bus.heard()

    bus.now += timedelta(days=8)
    bus.replay()

    assert bus.heard() == []


def test_a_replay_can_be_looked_up(bus: Bus) -> None:
    bus.replay()

    status, found = bus.call("DescribeReplay", ReplayName="again")
    _, listed = bus.call("ListReplays", NamePrefix="ag")
    missing, error = bus.call("DescribeReplay", ReplayName="other")

    assert (status, found["State"]) == (200, "COMPLETED")
    assert [one["ReplayName"] for one in listed["Replays"]] == ["again"]
    assert (missing, error["__type"]) == (400, "ResourceNotFoundException")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"EventSourceArn": f"{EVENTS}archive/other"}, "ValidationException"),
        ({"Destination": {"Arn": f"{EVENTS}event-bus/other"}}, "ValidationException"),
        ({"EventEndTime": 0}, "ValidationException"),
    ],
)
def test_a_replay_that_makes_no_sense_is_refused(
    bus: Bus, changed: dict[str, Any], code: str
) -> None:
    status, answer = bus.replay(**changed)

    assert (status, answer["__type"]) == (400, code)


def test_the_name_of_a_replay_serves_once(bus: Bus) -> None:
    bus.replay()

    status, answer = bus.replay()

    assert (status, answer["__type"]) == (400, "ResourceAlreadyExistsException")


def test_the_archive_outlives_a_restart(bus: Bus) -> None:
    bus.put()
    bus.heard()
    kept = json.loads(json.dumps(bus.bus.archives.export_state()))

    bus.bus = bus.new()
    bus.bus.archives.import_state(kept)
    bus.replay()

    assert [who for who, _ in bus.heard()] == ["one", "two"]
