from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.triggers.eventbus import EventBus, InvalidEventsError, UnsupportedTargetError
from localcloud.triggers.s3 import S3Events
from localcloud.wire import HttpRequest

if TYPE_CHECKING:
    from tests.unit.localcloud.triggers.conftest import Cloud

WITHIN = timedelta(seconds=20)
RULE_ARN = "arn:aws:events:eu-west-1:123456789012:rule/films"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:hear:live"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:pipeline"
PATTERN = {"source": ["marquee.local.media"], "detail-type": ["AssetReady"]}
ENTRY = {
    "Source": "marquee.local.media",
    "DetailType": "AssetReady",
    "Detail": '{"asset_id": "ast_1"}',
}


def bus_of(cloud: Cloud) -> EventBus:
    return EventBus(
        cloud.registry, cloud.functions, cloud.clients, region="eu-west-1", account="123456789012"
    )


def rule(cloud: Cloud, *targets: dict[str, Any], name: str = "films", **properties: Any) -> None:
    arn = RULE_ARN.replace("films", name)
    settings = {"EventPattern": PATTERN, **properties}
    listed = [{"Id": str(index), **target} for index, target in enumerate(targets)]
    cloud.add("AWS::Events::Rule", name, name, arn=arn, Targets=listed, **settings)


def permit(cloud: Cloud, source_arn: str = RULE_ARN, function: str = FUNCTION) -> None:
    cloud.add(
        "AWS::Lambda::Permission",
        f"Permit{source_arn}",
        Action="lambda:InvokeFunction",
        FunctionName=function,
        Principal="events.amazonaws.com",
        SourceArn=source_arn,
    )


def test_an_event_reaches_the_function_of_a_matching_rule(cloud: Cloud) -> None:
    cloud.functions.accept("hear")
    rule(cloud, {"Arn": FUNCTION})
    permit(cloud)
    bus = bus_of(cloud)

    answer = bus.put_events([{**ENTRY, "Time": 1_700_000_000, "Resources": ["arn:a"]}])

    assert bus.wait_idle(WITHIN)
    ((identifier, event),) = cloud.functions.events
    assert identifier == FUNCTION
    assert answer == {"FailedEntryCount": 0, "Entries": [{"EventId": event["id"]}]}
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "AssetReady",
        "source": "marquee.local.media",
        "account": "123456789012",
        "time": "2023-11-14T22:13:20Z",
        "region": "eu-west-1",
        "resources": ["arn:a"],
        "detail": {"asset_id": "ast_1"},
    }


@pytest.mark.parametrize(
    ("settings", "entry"),
    [
        ({"State": "DISABLED"}, ENTRY),
        ({"EventBusName": "other"}, ENTRY),
        ({}, {**ENTRY, "EventBusName": "nowhere"}),
        ({}, {**ENTRY, "DetailType": "AssetRefused"}),
    ],
)
def test_an_event_that_no_enabled_rule_of_its_bus_matches_is_dropped(
    cloud: Cloud, settings: dict[str, Any], entry: dict[str, Any]
) -> None:
    cloud.functions.accept("hear")
    rule(cloud, {"Arn": FUNCTION}, **settings)
    permit(cloud)
    bus = bus_of(cloud)

    answer = bus.put_events([entry])

    assert bus.wait_idle(WITHIN)
    assert answer["FailedEntryCount"] == 0
    assert cloud.functions.events == []


def test_a_bus_of_its_own_is_named_by_name_or_arn(cloud: Cloud) -> None:
    cloud.functions.accept("hear")
    rule(cloud, {"Arn": FUNCTION}, EventBusName="own")
    permit(cloud)
    bus = bus_of(cloud)

    arn = "arn:aws:events:eu-west-1:123456789012:event-bus/own"
    bus.put_events([{**ENTRY, "EventBusName": "own"}, {**ENTRY, "EventBusName": arn}])

    assert bus.wait_idle(WITHIN)
    assert len(cloud.functions.events) == 2


@pytest.mark.parametrize(
    "elsewhere",
    [
        {},
        {"source_arn": RULE_ARN.replace("films", "other")},
        {"function": FUNCTION.removesuffix(":live")},
    ],
)
def test_without_a_permission_for_the_rule_the_dead_letter_queue_gets_the_event(
    cloud: Cloud, elsewhere: dict[str, str]
) -> None:
    cloud.functions.accept("hear")
    dead = cloud.queue("dead", allow=RULE_ARN)
    rule(cloud, {"Arn": FUNCTION, "DeadLetterConfig": {"Arn": dead}})
    if elsewhere:
        permit(cloud, **elsewhere)
    bus = bus_of(cloud)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    assert cloud.functions.events == []
    (message,) = cloud.messages("dead")
    attributes = message["MessageAttributes"]
    assert json.loads(message["Body"])["detail"] == {"asset_id": "ast_1"}
    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert attributes["RULE_ARN"]["StringValue"] == RULE_ARN
    assert attributes["TARGET_ARN"]["StringValue"] == FUNCTION
    assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "0"


class FakeStates:
    """StartExecution, which may fail a few times."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.started: list[dict[str, str]] = []

    def start_execution(self, **request: str) -> dict[str, str]:
        if self.errors:
            code = self.errors.pop(0)
            status = 500 if code == "InternalServerException" else 400
            answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise ClientError(answer, "StartExecution")
        if any(request["name"] == earlier["name"] for earlier in self.started):
            self.errors = ["ExecutionAlreadyExists"]
            return self.start_execution(**request)
        self.started.append(request)
        return {"executionArn": "arn"}


def test_a_state_machine_is_started_as_the_targets_role(cloud: Cloud) -> None:
    states = cloud.clients.replaced["stepfunctions"] = FakeStates()
    transformer = {"InputPathsMap": {"id": "$.detail.asset_id"}, "InputTemplate": '{"asset": <id>}'}
    rule(cloud, {"Arn": MACHINE, "RoleArn": "arn:role", "InputTransformer": transformer})
    bus = bus_of(cloud)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    (started,) = states.started
    assert started["stateMachineArn"] == MACHINE
    assert json.loads(started["input"]) == {"asset": "ast_1"}
    assert 1 <= len(started["name"]) <= 80
    assert ("stepfunctions", "arn:role") in cloud.clients.asked


def test_a_failing_target_is_tried_again_and_starts_one_execution(cloud: Cloud) -> None:
    errors = ["InternalServerException", "ThrottlingException", "ExecutionAlreadyExists"]
    states = cloud.clients.replaced["stepfunctions"] = FakeStates(*errors)
    rule(cloud, {"Arn": MACHINE, "RoleArn": "arn:role"})
    bus = bus_of(cloud)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    assert states.errors == []
    assert states.started == []


@pytest.mark.parametrize(
    ("errors", "retry", "expected"),
    [
        (["InternalServerException"] * 3, {"MaximumRetryAttempts": 2}, ("2", "SDK_CLIENT_ERROR")),
        (["AccessDeniedException"], {}, ("0", "NO_PERMISSIONS")),
        (["StateMachineDoesNotExist"], {}, ("0", "SDK_CLIENT_ERROR")),
    ],
)
def test_an_event_that_cannot_be_delivered_ends_in_the_dead_letter_queue(
    cloud: Cloud, errors: list[str], retry: dict[str, int], expected: tuple[str, str]
) -> None:
    cloud.clients.replaced["stepfunctions"] = FakeStates(*errors)
    dead = cloud.queue("dead", allow=RULE_ARN)
    target = {"Arn": MACHINE, "RoleArn": "arn:role", "DeadLetterConfig": {"Arn": dead}}
    rule(cloud, {**target, "RetryPolicy": retry})
    bus = bus_of(cloud)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    (message,) = cloud.messages("dead")
    attributes = message["MessageAttributes"]
    found = [attributes[name]["StringValue"] for name in ("RETRY_ATTEMPTS", "ERROR_CODE")]
    assert tuple(found) == expected


def test_a_state_machine_without_a_role_is_not_started(cloud: Cloud) -> None:
    states = cloud.clients.replaced["stepfunctions"] = FakeStates()
    rule(cloud, {"Arn": MACHINE})
    bus = bus_of(cloud)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    assert states.started == []


def test_a_queue_receives_events_if_its_policy_says_so(cloud: Cloud) -> None:
    allowed = cloud.queue("allowed", allow="arn:aws:events:*:*:rule/films")
    closed = cloud.queue("closed")
    other = cloud.queue("other", allow="arn:aws:events:*:*:rule/other")
    rule(cloud, {"Arn": allowed}, {"Arn": closed}, {"Arn": other})
    bus = bus_of(cloud)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    (message,) = cloud.messages("allowed")
    assert json.loads(message["Body"])["detail"] == {"asset_id": "ast_1"}
    assert cloud.messages("closed") == cloud.messages("other") == []


def test_a_bus_can_be_a_target(cloud: Cloud) -> None:
    cloud.functions.accept("hear")
    rule(cloud, {"Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/own"}, name="forward")
    rule(cloud, {"Arn": FUNCTION}, EventBusName="own")
    permit(cloud)
    bus = bus_of(cloud)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    assert len(cloud.functions.events) == 1


def test_a_target_that_this_cloud_cannot_reach_is_refused_at_the_start(cloud: Cloud) -> None:
    rule(cloud, {"Arn": "arn:aws:redshift:eu-west-1:123456789012:cluster:c"})

    with pytest.raises(UnsupportedTargetError, match="rule films: no delivery to redshift"):
        bus_of(cloud).start()


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"Source": ""}, "InvalidArgument", "Source is a required argument."),
        ({"DetailType": None}, "InvalidArgument", "DetailType is a required argument."),
        ({"Detail": None}, "InvalidArgument", "Detail is a required argument."),
        ({"Detail": "{oops"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
        ({"Source": "aws.s3"}, "NotAuthorizedForSourceException", "Not authorized for the source."),
    ],
)
def test_a_bad_entry_fails_alone(
    cloud: Cloud, change: dict[str, Any], code: str, message: str
) -> None:
    answer = bus_of(cloud).put_events([ENTRY, {**ENTRY, **change}])

    good, bad = answer["Entries"]
    assert answer["FailedEntryCount"] == 1
    assert "EventId" in good
    assert bad["ErrorCode"] == code
    assert bad["ErrorMessage"].endswith(message)


@pytest.mark.parametrize("entries", [[], [ENTRY] * 11])
def test_a_call_takes_one_to_ten_entries(cloud: Cloud, entries: list[dict[str, str]]) -> None:
    with pytest.raises(InvalidEventsError, match="Member must have length"):
        bus_of(cloud).put_events(entries)


def test_a_call_takes_256_kilobytes(cloud: Cloud) -> None:
    bus = bus_of(cloud)
    fixed = len("marquee.local.media") + len("AssetReady") + len('{"x":""}')
    largest = {
        **ENTRY,
        "Detail": json.dumps({"x": "y" * (256 * 1024 - fixed)}, separators=(",", ":")),
    }

    assert bus.put_events([largest])["FailedEntryCount"] == 0
    with pytest.raises(InvalidEventsError, match="over the limit"):
        bus.put_events([{**largest, "Time": 1}])


def test_the_api_answers_put_events_and_leaves_other_calls_to_others(cloud: Cloud) -> None:
    bus = bus_of(cloud)

    def call(operation: str, body: dict[str, Any]) -> Any:
        headers = (("x-amz-target", f"AWSEvents.{operation}"),)
        request = HttpRequest("POST", "/", headers=headers, body=json.dumps(body).encode())
        return bus.handle(request)

    good = call("PutEvents", {"Entries": [ENTRY]})
    bad = call("PutEvents", {"Entries": []})

    assert good.status == 200
    assert json.loads(good.body)["FailedEntryCount"] == 0
    assert (bad.status, json.loads(bad.body)["__type"]) == (400, "ValidationException")
    assert call("ListRules", {}) is None


def test_a_new_object_is_announced_as_s3_does(cloud: Cloud) -> None:
    heard: list[tuple[Any, ...]] = []

    class Bus:
        def emit(self, *event: Any) -> str:
            heard.append(event)
            return ""

    enabled = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    cloud.add("AWS::S3::Bucket", "B", "mezzanine", NotificationConfiguration=enabled)
    cloud.add("AWS::S3::Bucket", "C", "silent")
    s3 = S3Events(cloud.registry, Bus(), account="123456789012")

    s3.on_object_created(
        "mezzanine", "uploads/ast_1/source é", 5, '"abc-2"', "v1", "CompleteMultipartUpload"
    )
    s3.on_object_created("mezzanine", "k", 1, "e", None, "ObjectCreated:Put")
    s3.on_object_deleted("mezzanine", "k")
    s3.on_object_created("silent", "k", 1, "e")

    (source, kind, detail, resources), put, deleted = heard
    assert (source, kind, resources) == ("aws.s3", "Object Created", ["arn:aws:s3:::mezzanine"])
    assert detail == {
        "version": "0",
        "bucket": {"name": "mezzanine"},
        "object": {
            "key": "uploads/ast_1/source é",
            "size": 5,
            "etag": "abc-2",
            "version-id": "v1",
            "sequencer": detail["object"]["sequencer"],
        },
        "request-id": detail["request-id"],
        "requester": "123456789012",
        "source-ip-address": "127.0.0.1",
        "reason": "CompleteMultipartUpload",
    }
    assert put[2]["reason"] == "PutObject"
    assert "version-id" not in put[2]["object"]
    assert put[2]["object"]["sequencer"] > detail["object"]["sequencer"]
    assert (deleted[1], deleted[2]["deletion-type"]) == ("Object Deleted", "Permanently Deleted")


def test_an_event_of_aws_itself_carries_the_time_of_now(cloud: Cloud) -> None:
    cloud.functions.accept("hear")
    rule(cloud, {"Arn": FUNCTION}, EventPattern={"source": ["aws.s3"]})
    permit(cloud)
    bus = bus_of(cloud)
    before = datetime.now(UTC).replace(microsecond=0)

    bus.emit("aws.s3", "Object Created", {"x": 1})

    assert bus.wait_idle(WITHIN)
    ((_, event),) = cloud.functions.events
    assert datetime.fromisoformat(event["time"]) >= before
