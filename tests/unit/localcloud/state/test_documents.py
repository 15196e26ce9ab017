from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from localcloud.registry import Registry, Resource
from localcloud.state import State

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:pipeline"
URL = "https://eu-west-1.queue.amazonaws.com/123456789012/failures"


class Part:
    """Something of the local cloud with work under way."""

    def __init__(self, **under_way: Any) -> None:
        self.under_way = under_way
        self.taken_up: dict[str, Any] | None = None

    def export_state(self) -> dict[str, Any]:
        return dict(self.under_way)

    def import_state(self, state: Any) -> None:
        self.taken_up = dict(state)


def clients(service: str) -> Any:
    make: Any = boto3.client
    return make(
        service, region_name="eu-west-1", config=Config(account_id_endpoint_mode="disabled")
    )


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., State]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    accounts = []

    def begin(*resources: Resource, client: Callable[[str], Any] = clients, **parts: Part) -> State:
        while accounts:
            accounts.pop().stop()
        account = mock_aws()
        account.start()
        accounts.append(account)
        registry = Registry()
        for resource in resources:
            registry.add(resource)
        state = State(tmp_path, registry, client)
        for name, part in parts.items():
            state.attach(name, part)
        return state

    yield begin
    for account in accounts:
        account.stop()


def run(state: State) -> State:
    state.restore()
    state.resume()
    return state


def test_what_was_under_way_at_the_stop_is_taken_up_after_the_start(
    start: Callable[..., State],
) -> None:
    run(start(bus=Part(a={"event": 1}))).stop()
    again = Part()

    run(start(bus=again))

    assert again.taken_up == {"a": {"event": 1}}


def test_work_that_stopping_itself_ended_is_not_forgotten(start: Callable[..., State]) -> None:
    part = Part(a={"n": 1})
    state = run(start(bus=part))

    state.note_work_under_way()
    part.under_way = {"b": {"n": 2}}
    state.stop()

    again = Part()
    run(start(bus=again))
    assert again.taken_up == {"a": {"n": 1}, "b": {"n": 2}}


def test_a_cloud_that_did_not_come_up_forgets_no_work(start: Callable[..., State]) -> None:
    run(start(bus=Part(a=1))).stop()
    failed = start(bus=Part())
    failed.restore()
    failed.stop()
    again = Part()

    run(start(bus=again))

    assert again.taken_up == {"a": 1}


@pytest.fixture
def machine() -> Resource:
    return Resource("media", "Pipeline", "AWS::StepFunctions::StateMachine", MACHINE)


ROLE = "arn:aws:iam::123456789012:role/states"


def create_machine() -> Any:
    """A machine, and a client; without moto's interpreter an execution only stands there."""
    states = clients("stepfunctions")
    wait = {"Type": "Wait", "Seconds": 600, "End": True}
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": wait}})
    states.create_state_machine(name="pipeline", definition=definition, roleArn=ROLE)
    return states


def running(states: Any) -> list[tuple[str, str]]:
    """Name and input of what runs."""
    listed = states.list_executions(stateMachineArn=MACHINE, statusFilter="RUNNING")
    return [
        (one["name"], states.describe_execution(executionArn=one["executionArn"])["input"])
        for one in listed["executions"]
    ]


def test_an_execution_that_had_not_ended_begins_again_under_its_name(
    start: Callable[..., State], machine: Resource
) -> None:
    first = start(machine)
    states = create_machine()
    states.start_execution(stateMachineArn=MACHINE, name="film", input='{"key": "k"}')
    ended = states.start_execution(stateMachineArn=MACHINE, name="other", input="{}")
    states.stop_execution(executionArn=ended["executionArn"])
    run(first).stop()

    second = start(machine)
    states = create_machine()
    run(second)

    assert running(states) == [("film", '{"key": "k"}')]


def test_an_execution_of_a_machine_that_is_gone_begins_nowhere(
    start: Callable[..., State], machine: Resource
) -> None:
    first = start(machine)
    create_machine().start_execution(stateMachineArn=MACHINE, name="film", input="{}")
    run(first).stop()

    second = start()
    states = create_machine()
    run(second)

    assert running(states) == []


def test_messages_in_queues_come_back(start: Callable[..., State]) -> None:
    queue = Resource("media", "Failures", "AWS::SQS::Queue", URL)
    first = start(queue)
    sqs = clients("sqs")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    why = {"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}}
    sqs.send_message(QueueUrl=url, MessageBody="kept", MessageAttributes=why)
    sqs.send_message(QueueUrl=url, MessageBody="received")
    sqs.send_message(QueueUrl=url, MessageBody="deleted")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3)["Messages"]
    (done,) = (one for one in received if one["Body"] == "deleted")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=done["ReceiptHandle"])
    run(first).stop()

    second = start(queue)
    url = clients("sqs").create_queue(QueueName="failures")["QueueUrl"]
    run(second)

    answer = clients("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    found = {one["Body"]: one.get("MessageAttributes") for one in answer["Messages"]}
    assert set(found) == {"kept", "received"}
    assert found["kept"] == why


def test_what_is_in_no_template_any_more_is_kept_aside_and_said(
    start: Callable[..., State], caplog: pytest.LogCaptureFixture
) -> None:
    bucket = Resource("origin", "Web", "AWS::S3::Bucket", "web")
    first = start(bucket)
    clients("s3").create_bucket(
        Bucket="web", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    run(first).stop()

    with caplog.at_level(logging.WARNING):
        without = run(start())
    without.stop()

    assert without.kept_aside() == ["origin/Web"]
    assert "origin/Web is in no template any more: what it held is kept aside" in caplog.text


def test_a_full_disk_at_an_interval_is_logged_and_the_service_goes_on(
    start: Callable[..., State],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = run(start(bus=Part(a=1)))
    state.save()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("localcloud.state.files.os.replace", full)
    state.attach("more", Part(b=2))
    with caplog.at_level(logging.ERROR):
        saved = state.try_to_save()

    assert not saved
    assert "No space left on device" in caplog.text
    monkeypatch.undo()
    assert state.try_to_save()
