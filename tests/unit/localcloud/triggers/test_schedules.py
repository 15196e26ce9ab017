from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.identities import TrustRefusedError
from localcloud.triggers.eventbus import EventBus
from localcloud.triggers.schedule_expression import InvalidScheduleError
from localcloud.triggers.schedule_targets import ScheduleTargets
from localcloud.triggers.schedules import Schedules

if TYPE_CHECKING:
    from tests.unit.localcloud.triggers.conftest import Cloud

WITHIN = timedelta(seconds=20)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:nightly:live"
RULE_ARN = "arn:aws:events:eu-west-1:123456789012:rule/nightly"
ROLE = "arn:aws:iam::123456789012:role/scheduler"


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class Calls:
    """A client that remembers what was asked of it; may fail a few times."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.made: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> dict[str, Any]:
            if self.errors:
                raise self.errors.pop(0)
            self.made.append((name, request))
            return {}

        return call


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Invoke")


class Scheduler:
    """Schedules on a clock, with everything behind them."""

    def __init__(self, cloud: Cloud, *, duplicates: bool = False) -> None:
        self.cloud = cloud
        self.clock = Clock()
        where: Any = {"account": "123456789012", "region": "eu-west-1"}
        self.bus = EventBus(cloud.registry, cloud.functions, cloud.clients, **where)
        self.targets = ScheduleTargets(cloud.clients, duplicates=duplicates, **where)
        self.schedules = Schedules(
            cloud.registry,
            self.bus,
            self.targets,
            cloud.clients.client,
            clock=self.clock,
            **where,
        )

    def create(self, expression: str, **settings: Any) -> None:
        target = settings.pop("Target", {})
        self.cloud.clients.client("scheduler").create_schedule(
            Name=settings.pop("Name", "renew"),
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": FUNCTION, "RoleArn": ROLE, "Input": '{"n": 1}', **target},
            **settings,
        )

    def tick(self, **time: float) -> None:
        self.clock.pass_by(**time)
        self.schedules.tick()
        assert self.targets.wait_idle(WITHIN)
        assert self.bus.wait_idle(WITHIN)


@pytest.fixture
def scheduler(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    brief = timedelta(milliseconds=1)
    monkeypatch.setattr("localcloud.triggers.schedule_targets.FIRST_RETRY", brief)
    return Scheduler(cloud)


@pytest.fixture
def functions(cloud: Cloud) -> Calls:
    cloud.clients.replaced["lambda"] = calls = Calls()
    return calls


def test_a_scheduled_rule_calls_its_function_one_period_after_its_creation(
    cloud: Cloud, scheduler: Scheduler
) -> None:
    cloud.functions.accept("nightly")
    target = {"Id": "0", "Arn": FUNCTION}
    cloud.add(
        "AWS::Events::Rule",
        "Nightly",
        "nightly",
        arn=RULE_ARN,
        ScheduleExpression="rate(5 minutes)",
        Targets=[target],
    )
    cloud.add(
        "AWS::Lambda::Permission",
        "Permit",
        Action="lambda:InvokeFunction",
        FunctionName=FUNCTION,
        Principal="events.amazonaws.com",
        SourceArn=RULE_ARN,
    )

    scheduler.tick()
    scheduler.tick(minutes=4)
    assert cloud.functions.events == []
    scheduler.tick(minutes=1)
    scheduler.tick(seconds=1)

    ((_, event),) = cloud.functions.events
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-22T12:05:00Z",
        "region": "eu-west-1",
        "resources": [RULE_ARN],
        "detail": {},
    }


def test_a_rule_whose_expression_aws_refuses_stops_the_start(
    cloud: Cloud, scheduler: Scheduler
) -> None:
    cloud.add("AWS::Events::Rule", "R", "r", arn=RULE_ARN, ScheduleExpression="rate(1 minutes)")

    with pytest.raises(InvalidScheduleError):
        scheduler.schedules.start()


def test_a_one_time_schedule_calls_its_target_once_as_its_role(
    cloud: Cloud, scheduler: Scheduler, functions: Calls
) -> None:
    scheduler.create("at(2026-11-22T12:10:00)")

    scheduler.tick(minutes=9)
    assert functions.made == []
    scheduler.tick(minutes=2)
    scheduler.tick(days=1)

    arguments = {"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": b'{"n": 1}'}
    assert functions.made == [("invoke", arguments)]
    assert ("lambda", ROLE) in cloud.clients.asked


def test_a_schedule_made_while_the_service_runs_acts_from_then_on(
    scheduler: Scheduler, functions: Calls
) -> None:
    scheduler.tick()
    scheduler.clock.pass_by(minutes=1)
    scheduler.create("cron(0 13 * * ? *)", ScheduleExpressionTimezone="Europe/Dublin")

    scheduler.tick()
    scheduler.tick(hours=1)
    scheduler.tick(hours=24)

    assert len(functions.made) == 2


def test_a_rate_without_a_start_begins_at_once_and_keeps_its_pace(
    scheduler: Scheduler, functions: Calls
) -> None:
    scheduler.create("rate(1 hour)")

    scheduler.tick()
    scheduler.tick(minutes=59)
    assert len(functions.made) == 1
    scheduler.tick(minutes=1)

    assert len(functions.made) == 2


def test_a_schedule_stays_within_its_dates_and_goes_when_it_is_over(
    cloud: Cloud, scheduler: Scheduler, functions: Calls
) -> None:
    scheduler.create(
        "rate(1 hour)",
        StartDate=NOON + timedelta(hours=1),
        EndDate=NOON + timedelta(hours=2, minutes=30),
        ActionAfterCompletion="DELETE",
    )

    for _ in range(6):
        scheduler.tick(minutes=30)

    assert len(functions.made) == 2
    assert cloud.clients.client("scheduler").list_schedules()["Schedules"] == []


def test_a_disabled_schedule_does_not_catch_up_when_it_is_enabled(
    cloud: Cloud, scheduler: Scheduler, functions: Calls
) -> None:
    scheduler.create("cron(0 * * * ? *)", State="DISABLED")
    scheduler.tick()
    scheduler.tick(hours=3)
    stored = cloud.clients.client("scheduler").get_schedule(Name="renew")
    names = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    cloud.clients.client("scheduler").update_schedule(
        **{name: stored[name] for name in names}, State="ENABLED"
    )

    scheduler.tick(minutes=1)
    assert functions.made == []
    scheduler.tick(hours=1)

    assert len(functions.made) == 1


def test_the_input_may_speak_of_the_schedule(scheduler: Scheduler, functions: Calls) -> None:
    text = '{"at": "<aws.scheduler.scheduled-time>", "try": <aws.scheduler.attempt-number>}'
    scheduler.create("at(2026-11-22T12:10:00)", Target={"Input": text})
    scheduler.tick()

    scheduler.tick(hours=1)

    ((_, request),) = functions.made
    assert json.loads(request["Payload"]) == {"at": "2026-11-22T12:10:00Z", "try": 1}


@pytest.mark.parametrize(
    ("arn", "service", "more", "call"),
    [
        (
            "arn:aws:states:eu-west-1:123456789012:stateMachine:m",
            "stepfunctions",
            {},
            "start_execution",
        ),
        (
            "arn:aws:events:eu-west-1:123456789012:event-bus/default",
            "events",
            {"EventBridgeParameters": {"Source": "marquee", "DetailType": "Due"}},
            "put_events",
        ),
        ("arn:aws:sns:eu-west-1:123456789012:topic", "sns", {}, "publish"),
        (
            "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
            "kinesis",
            {"KinesisParameters": {"PartitionKey": "k"}},
            "put_record",
        ),
        ("arn:aws:scheduler:::aws-sdk:dynamodb:putItem", "dynamodb", {}, "put_item"),
        ("arn:aws:scheduler:::aws-sdk:sfn:stopExecution", "stepfunctions", {}, "stop_execution"),
    ],
)
def test_every_kind_of_target_is_called_by_its_own_api(
    cloud: Cloud, scheduler: Scheduler, arn: str, service: str, more: Any, call: str
) -> None:
    calls = cloud.clients.replaced[service] = Calls()
    scheduler.create("rate(1 day)", Target={"Arn": arn, **more})

    scheduler.tick()

    assert [name for name, _ in calls.made] == [call]


def test_a_failing_target_is_tried_again_then_set_aside_with_the_reason(
    cloud: Cloud, scheduler: Scheduler
) -> None:
    error = refusal("ServiceException", 500)
    cloud.clients.replaced["lambda"] = Calls(error, error, error, error)
    dead = cloud.queue("dead")
    target = {"RetryPolicy": {"MaximumRetryAttempts": 2}, "DeadLetterConfig": {"Arn": dead}}
    scheduler.create("rate(1 day)", Target=target)

    scheduler.tick()

    (message,) = cloud.messages("dead")
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert message["Body"] == '{"n": 1}'
    assert attributes["ERROR_CODE"] == "ServiceException"
    assert attributes["RETRY_ATTEMPTS"] == "2"
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"


@pytest.mark.parametrize(
    "error", [refusal("AccessDeniedException", 403), TrustRefusedError("scheduler", ROLE)]
)
def test_what_can_never_succeed_is_set_aside_at_once(
    cloud: Cloud, scheduler: Scheduler, error: Exception
) -> None:
    cloud.clients.replaced["lambda"] = calls = Calls(error)
    dead = cloud.queue("dead")
    scheduler.create("rate(1 day)", Target={"DeadLetterConfig": {"Arn": dead}})

    scheduler.tick()

    assert calls.made == []
    assert len(cloud.messages("dead")) == 1


def test_on_demand_every_occurrence_comes_twice(cloud: Cloud, functions: Calls) -> None:
    scheduler = Scheduler(cloud, duplicates=True)
    scheduler.create("rate(1 day)")

    scheduler.tick()

    assert len(functions.made) == 2


def test_schedules_of_no_template_come_back_and_what_they_missed_comes_once(
    cloud: Cloud, scheduler: Scheduler, functions: Calls
) -> None:
    scheduler.create("cron(0 * * * ? *)")
    scheduler.create("rate(1 day)", Name="templated")
    cloud.add("AWS::Scheduler::Schedule", "Templated", "templated")
    scheduler.tick()
    kept = json.loads(json.dumps(scheduler.schedules.export_state()))
    functions.made.clear()
    for name in ("renew", "templated"):
        cloud.clients.client("scheduler").delete_schedule(Name=name)

    again = Scheduler(cloud)
    again.clock.pass_by(hours=5)
    again.schedules.import_state(kept)
    again.tick()
    again.tick(minutes=1)

    assert len(functions.made) == 1
    assert [one["settings"]["Name"] for one in kept.values()] == ["renew"]
