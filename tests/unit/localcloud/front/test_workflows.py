from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.front import Front
from localcloud.identities import Principal
from localcloud.moto_seams import ExecutionChange
from localcloud.wire import HttpRequest, HttpResponse

DEADLINE_SECONDS = 30
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:step:live"


class Services:
    """Stands in for Lambda and MediaConvert behind the front."""

    def __init__(self) -> None:
        self.invocations: list[tuple[Principal, Any]] = []
        self.answers: list[tuple[dict[str, str], Any]] = []
        self.job: dict[str, Any] = {}
        self.statuses: list[str] = []
        self.cancelled: list[str] = []
        self.waits = threading.Event()

    def invoke(self, request: HttpRequest, principal: Principal) -> HttpResponse:
        self.invocations.append((principal, json.loads(request.body)))
        headers, payload = self.answers.pop(0) if self.answers else ({}, {"ok": True})
        return HttpResponse(200, tuple(headers.items()), json.dumps(payload).encode())

    def convert(self, request: HttpRequest, _: Principal) -> HttpResponse:
        if request.path.endswith("/probe"):
            body: dict[str, Any] = {"probeResults": [{"container": {"duration": 5.0}}]}
            return HttpResponse(200, (), json.dumps(body).encode())
        if request.method == "POST":
            self.job = {"id": "job1", "status": "SUBMITTED", **json.loads(request.body)}
            return HttpResponse(201, (), json.dumps({"job": self.job}).encode())
        if request.method == "DELETE":
            self.cancelled.append(request.path.rsplit("/", 1)[-1])
            return HttpResponse(202, (), b"{}")
        self.waits.set()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        job = {**self.job, "status": status, "createdAt": 1790000000}
        if status == "ERROR":
            job |= {"errorCode": 1010, "errorMessage": "the input could not be read"}
        return HttpResponse(200, (), json.dumps({"job": job}).encode())


@pytest.fixture
def services(front: Front) -> Iterator[Services]:
    made = Services()
    front.register("lambda", made.invoke)
    front.register("mediaconvert", made.convert)
    yield made
    front._services.pop("lambda")
    front._services.pop("mediaconvert")


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def start(front: Front, roles: Any, name: str) -> Callable[..., str]:
    states = front.client("stepfunctions")

    def begin(definition: dict[str, Any], *statements: dict[str, Any], given: Any = None) -> str:
        role = roles.create(*statements, service="states.amazonaws.com")
        machine = states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]
        started = states.start_execution(stateMachineArn=machine, input=json.dumps(given or {}))
        return str(started["executionArn"])

    return begin


@pytest.fixture
def run(front: Front, start: Callable[..., str]) -> Run:
    states = front.client("stepfunctions")

    def finish(*args: Any, **kwargs: Any) -> dict[str, Any]:
        execution = start(*args, **kwargs)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            found: dict[str, Any] = states.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            threading.Event().wait(0.05)
        raise AssertionError(f"{execution} still runs")

    return finish


def task(resource: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": parameters,
        "End": True,
        **more,
    }
    return {"StartAt": "Do", "States": {"Do": state, "Told": {"Type": "Pass", "End": True}}}


INVOKE = {"FunctionName": FUNCTION, "Payload.$": "$"}


def test_a_task_acts_with_the_machines_role(services: Services, run: Run, allow: Any) -> None:
    ended = run(
        task("lambda:invoke", INVOKE), allow("lambda:InvokeFunction", FUNCTION), given={"n": 1}
    )

    principal, payload = services.invocations[0]
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["Payload"] == {"ok": True}
    assert payload == {"n": 1}
    assert principal.role_arn is not None
    assert "assumed-role" in principal.arn


def test_a_task_without_the_grant_fails_and_can_be_caught(services: Services, run: Run) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Told"}]

    ended = run(task("lambda:invoke", INVOKE, Catch=catch))

    told = json.loads(ended["output"])
    assert ended["status"] == "SUCCEEDED"
    assert services.invocations == []
    assert "not authorized to perform: lambda:InvokeFunction" in told["Cause"]


def test_a_function_error_is_retried_and_then_caught_by_its_name(
    services: Services, run: Run, allow: Any
) -> None:
    failed = ({"x-amz-function-error": "Unhandled"}, {"errorType": "Busy", "errorMessage": "no"})
    services.answers = [failed, failed]
    definition = task(
        "lambda:invoke",
        INVOKE,
        Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        Catch=[{"ErrorEquals": ["Busy"], "Next": "Told"}],
    )

    ended = run(definition, allow("lambda:InvokeFunction", FUNCTION))

    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["Error"] == "Busy"
    assert len(services.invocations) == 2


ROLE = "arn:aws:iam::123456789012:role/transcode"
JOB = {"Role": ROLE, "Settings": {"Inputs": [{"FileInput": "s3://b/k"}]}}


@pytest.fixture
def converts(allow: Any) -> list[dict[str, Any]]:
    passed = {"StringEquals": {"iam:PassedToService": "mediaconvert.amazonaws.com"}}
    return [
        allow("mediaconvert:*"),
        allow("iam:PassRole", ROLE, Condition=passed),
    ]


def test_a_synchronous_job_waits_for_its_end(
    services: Services, run: Run, converts: list[dict[str, Any]]
) -> None:
    services.statuses = ["PROGRESSING", "COMPLETE"]

    ended = run(task("mediaconvert:createJob.sync", JOB), *converts)

    job = json.loads(ended["output"])["Job"]
    assert ended["status"] == "SUCCEEDED"
    assert (job["Id"], job["Status"], job["Role"]) == ("job1", "COMPLETE", ROLE)


@pytest.mark.parametrize("status", ["ERROR", "CANCELED"])
def test_a_failed_job_fails_the_task_with_the_job_as_its_cause(
    services: Services, run: Run, converts: list[dict[str, Any]], status: str
) -> None:
    services.statuses = [status]
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Told"}]

    ended = run(task("mediaconvert:createJob.sync", JOB, Catch=catch), *converts)

    told = json.loads(ended["output"])
    assert told["Error"] == "States.TaskFailed"
    assert json.loads(told["Cause"])["Status"] == status


def test_a_stopped_execution_cancels_its_job(
    front: Front,
    services: Services,
    start: Callable[..., str],
    converts: list[dict[str, Any]],
) -> None:
    services.statuses = ["PROGRESSING"]
    execution = start(task("mediaconvert:createJob.sync", JOB), *converts)
    assert services.waits.wait(DEADLINE_SECONDS)

    front.client("stepfunctions").stop_execution(executionArn=execution)

    deadline = time.monotonic() + DEADLINE_SECONDS
    while not services.cancelled and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert services.cancelled == ["job1"]


def test_a_job_that_may_not_be_made_names_the_missing_permission(
    services: Services, run: Run, allow: Any
) -> None:
    catch = [{"ErrorEquals": ["MediaConvert.AccessDeniedException"], "Next": "Told"}]

    ended = run(
        task("mediaconvert:createJob.sync", JOB, Catch=catch), allow("mediaconvert:CreateJob")
    )

    assert "iam:PassRole" in json.loads(ended["output"])["Cause"]


def test_a_probe_goes_through_the_sdk_integration(services: Services, run: Run, allow: Any) -> None:
    probe = {"InputFiles": [{"FileUrl": "s3://b/k"}]}

    ended = run(task("aws-sdk:mediaconvert:probe", probe), allow("mediaconvert:Probe"))

    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["ProbeResults"][0]["Container"]["Duration"] == 5.0


def test_an_event_is_put_on_the_bus(services: Services, run: Run, allow: Any) -> None:
    entry = {"Source": "x", "DetailType": "y", "Detail": {"a": 1}, "EventBusName": "default"}

    ended = run(task("events:putEvents", {"Entries": [entry]}), allow("events:PutEvents"))

    assert json.loads(ended["output"])["FailedEntryCount"] == 0


def test_more_than_256_kb_of_output_fails_the_task(
    services: Services, run: Run, allow: Any
) -> None:
    services.answers = [({}, {"x": "y" * 300_000})]
    catch = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Told"}]

    ended = run(task("lambda:invoke", INVOKE, Catch=catch), allow("lambda:InvokeFunction"))

    assert json.loads(ended["output"])["Error"] == "States.DataLimitExceeded"


def test_more_than_256_kb_of_input_is_refused(
    services: Services, start: Callable[..., str]
) -> None:
    with pytest.raises(ClientError) as caught:
        start(task("lambda:invoke", INVOKE), given={"x": "y" * 300_000})

    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_task_that_answers_more_than_256_kb_ends_the_execution(
    services: Services, run: Run, allow: Any
) -> None:
    services.answers = [({}, "x" * (256 * 1024 + 1))]

    ended = run(task("lambda:invoke", INVOKE), allow("lambda:InvokeFunction", FUNCTION))

    assert ended["status"] == "FAILED"
    assert ended["error"] == "States.DataLimitExceeded"


@pytest.fixture
def changes(front: Front) -> Iterator[list[ExecutionChange]]:
    told: list[ExecutionChange] = []
    front.on_execution_change(told.append)
    yield told
    front.on_execution_change(lambda _: None)


def until(changes: list[ExecutionChange], status: str) -> ExecutionChange:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if changes and changes[-1].status == status:
            return changes[-1]
        threading.Event().wait(0.05)
    raise AssertionError([change.status for change in changes])


def test_who_listens_hears_that_an_execution_began_and_ended(
    services: Services, run: Run, allow: Any, changes: list[ExecutionChange]
) -> None:
    run(task("lambda:invoke", INVOKE), allow("lambda:InvokeFunction", FUNCTION), given={"n": 1})

    ended = until(changes, "SUCCEEDED")
    assert [change.status for change in changes] == ["RUNNING", "SUCCEEDED"]
    assert json.loads(ended.given) == {"n": 1}
    assert ended.output is not None
    assert ended.execution_arn.endswith(ended.name)


def test_who_listens_hears_of_an_execution_that_failed(
    services: Services, run: Run, changes: list[ExecutionChange]
) -> None:
    run(task("lambda:invoke", INVOKE))

    assert until(changes, "FAILED").output is None


def test_who_listens_hears_of_an_execution_that_was_stopped(
    front: Front,
    services: Services,
    start: Callable[..., str],
    converts: list[dict[str, Any]],
    changes: list[ExecutionChange],
) -> None:
    services.statuses = ["PROGRESSING"]
    execution = start(task("mediaconvert:createJob.sync", JOB), *converts)
    assert services.waits.wait(DEADLINE_SECONDS)

    front.client("stepfunctions").stop_execution(executionArn=execution)

    assert until(changes, "ABORTED").execution_arn == execution


def test_an_execution_that_takes_too_long_as_a_whole_is_told_and_its_job_cancelled(
    services: Services,
    start: Callable[..., str],
    converts: list[dict[str, Any]],
    changes: list[ExecutionChange],
) -> None:
    services.statuses = ["PROGRESSING"]
    start({**task("mediaconvert:createJob.sync", JOB), "TimeoutSeconds": 1}, *converts)

    assert until(changes, "TIMED_OUT").ended is not None
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not services.cancelled and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert services.cancelled == ["job1"]


def test_a_task_that_takes_too_long_fails_with_a_timeout(
    services: Services, run: Run, converts: list[dict[str, Any]]
) -> None:
    services.statuses = ["PROGRESSING"]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Told"}]

    ended = run(task("mediaconvert:createJob.sync", JOB, TimeoutSeconds=1, Catch=catch), *converts)

    assert json.loads(ended["output"])["Error"] == "States.Timeout"
