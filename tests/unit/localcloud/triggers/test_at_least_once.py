from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.functions.invocation import AsyncOutcome
from localcloud.triggers.eventbus import EventBus
from localcloud.triggers.invocations import AsyncInvocations, TwiceInvoked
from localcloud.triggers.transform import InvalidTransformerError, check_input

if TYPE_CHECKING:
    from tests.unit.localcloud.triggers.conftest import Cloud

WITHIN = timedelta(seconds=20)
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:pipeline"
RULE_ARN = "arn:aws:events:eu-west-1:123456789012:rule/films"
ENTRY = {"Source": "marquee.local.media", "DetailType": "AssetReady", "Detail": '{"n": 1}'}


class States:
    """StartExecution: what it was asked, and when it answers."""

    def __init__(self, *, failing: bool = False) -> None:
        self.names: list[str] = []
        self.failing = failing
        self.asked = threading.Event()

    def start_execution(self, **request: str) -> dict[str, str]:
        self.asked.set()
        if self.failing:
            answer: Any = {"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": 500}}
            raise ClientError(answer, "StartExecution")
        self.names.append(request["name"])
        return {}


def bus_of(cloud: Cloud, *, duplicates: bool = False) -> EventBus:
    cloud.add(
        "AWS::Events::Rule",
        "Films",
        "films",
        arn=RULE_ARN,
        EventPattern={"source": [{"prefix": ""}]},
        Targets=[{"Id": "0", "Arn": MACHINE, "RoleArn": "arn:role"}],
    )
    return EventBus(
        cloud.registry,
        cloud.functions,
        cloud.clients,
        region="eu-west-1",
        account="123456789012",
        duplicates=duplicates,
    )


def test_on_demand_an_event_comes_twice_under_one_id(cloud: Cloud) -> None:
    states = cloud.clients.replaced["stepfunctions"] = States()
    bus = bus_of(cloud, duplicates=True)

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    assert len(states.names) == 2
    assert len(set(states.names)) == 1


def test_on_demand_an_event_of_aws_comes_twice_under_two_ids(cloud: Cloud) -> None:
    states = cloud.clients.replaced["stepfunctions"] = States()
    bus = bus_of(cloud, duplicates=True)

    bus.emit("aws.s3", "Object Created", {})

    assert bus.wait_idle(WITHIN)
    assert len(states.names) == 4
    assert len(set(states.names)) == 2


def test_what_was_not_delivered_before_a_stop_is_delivered_after_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.triggers.eventbus.FIRST_RETRY", timedelta(seconds=60))
    broken = cloud.clients.replaced["stepfunctions"] = States(failing=True)
    first = bus_of(cloud)
    first.put_events([ENTRY])
    assert broken.asked.wait(WITHIN.total_seconds())
    kept = json.loads(json.dumps(first.export_state()))
    first.stop()

    states = cloud.clients.replaced["stepfunctions"] = States()
    second = bus_of(cloud)
    second.import_state(kept)

    assert second.wait_idle(WITHIN)
    assert len(states.names) == 1
    assert second.export_state() == {}


def test_what_was_given_up_is_not_kept(cloud: Cloud) -> None:
    bus = bus_of(cloud)
    states = cloud.clients.replaced["stepfunctions"] = States()
    rule = cloud.registry.get("stack", "Films")
    rule.properties["Targets"][0].pop("RoleArn")

    bus.put_events([ENTRY])

    assert bus.wait_idle(WITHIN)
    assert states.names == []
    assert bus.export_state() == {}


def test_an_accepted_event_is_remembered_until_its_function_is_done(cloud: Cloud) -> None:
    cloud.functions.accept("hear")
    invocations = AsyncInvocations(cloud.functions)
    request_id = invocations.invoke_async("hear", b'{"n": 1}')
    kept = invocations.export_state()

    again = AsyncInvocations(cloud.functions)
    again.import_state(json.loads(json.dumps(kept)))
    invocations.on_outcome(
        AsyncOutcome("hear", request_id, b"", condition="Success", attempts=1, invocation=None)
    )

    assert cloud.functions.events == [("hear", {"n": 1})] * 2
    assert invocations.export_state() == {}


def test_an_event_for_a_function_that_is_gone_is_dropped(cloud: Cloud) -> None:
    invocations = AsyncInvocations(cloud.functions)

    invocations.import_state({"r": {"function": "gone", "event": "{}"}})

    assert invocations.export_state() == {}


def test_on_demand_a_batch_comes_twice(cloud: Cloud) -> None:
    seen: list[Any] = []
    cloud.functions.handlers["read"] = seen.append

    TwiceInvoked(cloud.functions).invoke("read", b'{"Records": []}')

    assert seen == [{"Records": []}] * 2


def test_a_batch_that_failed_is_left_to_its_source(cloud: Cloud) -> None:
    seen: list[Any] = []

    def refuse(event: Any) -> None:
        seen.append(event)
        raise ValueError("poison")

    cloud.functions.handlers["read"] = refuse

    answer = TwiceInvoked(cloud.functions).invoke("read", b"{}")

    assert (len(seen), answer.function_error) == (1, "Unhandled")


@pytest.mark.parametrize(
    "settings",
    [
        {"Input": "{}", "InputPath": "$.detail"},
        {"InputTransformer": {"InputTemplate": '{"a": <missing>}'}},
        {"InputTransformer": {"InputPathsMap": {"aws.x": "$.id"}, "InputTemplate": "<aws.x>"}},
        {"InputTransformer": {"InputTemplate": "x" * 8193}},
    ],
)
def test_an_input_that_put_targets_refuses_stops_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidTransformerError, match="rule films"):
        check_input({"Id": "0", **settings}, "films")


def test_names_of_awss_own_are_known(cloud: Cloud) -> None:
    template = '{"rule": "<aws.events.rule-name>", "event": <aws.events.event.json>}'

    check_input({"Id": "0", "InputTransformer": {"InputTemplate": template}}, "films")
