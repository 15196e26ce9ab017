"""A cloud of moto's backends, functions that are Python callables, and resources by hand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from localcloud.function_spec import FunctionSpec
from localcloud.functions import FunctionNotFoundError, Invocation
from localcloud.registry import Registry, Resource

REGION = "eu-west-1"
ACCOUNT = "123456789012"
DEADLINE_SECONDS = 20.0
Handler = Callable[[Any], Any]


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


class FakeFunctions:
    """Functions by name; an exception of a handler is a function error."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.events: list[tuple[str, Any]] = []
        """Identifier and event of each asynchronous invocation."""
        self._lock = threading.Lock()

    def accept(self, name: str) -> None:
        """A function that takes every event."""
        self.handlers[name] = lambda _: None

    def spec(self, identifier: str) -> FunctionSpec:
        name = identifier.split(":")[6] if ":" in identifier else identifier
        return FunctionSpec(
            name=name,
            arn=function_arn(name),
            handler="app.handler",
            runtime="python3.13",
            code_path=Path(),
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        )

    def invoke(self, identifier: str, payload: bytes) -> Invocation:
        handler = self.handlers[self.spec(identifier).name]
        try:
            answer, error = handler(json.loads(payload)), None
        except ValueError as failure:
            answer, error = {"errorMessage": str(failure)}, "Unhandled"
        return Invocation(200, json.dumps(answer).encode(), error, "", request_id="request")

    def invoke_async(self, identifier: str, payload: bytes) -> str:
        name = self.spec(identifier).name
        if name not in self.handlers:
            raise FunctionNotFoundError(function_arn(name))
        self.handlers[name](json.loads(payload))
        with self._lock:
            self.events.append((identifier, json.loads(payload)))
        return "request"


class FakeClients:
    """moto's clients; remembers as whom they were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.replaced: dict[str, Any] = {}
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, role_arn: str | None = None) -> Any:
        with self._lock:
            self.asked.append((service, role_arn))
            if service in self.replaced:
                return self.replaced[service]
            make: Any = boto3.client
            if service not in self._made:
                # moto does not answer on the endpoints that carry the account's id.
                config = Config(account_id_endpoint_mode="disabled")
                self._made[service] = make(service, region_name=REGION, config=config)
            return self._made[service]


class Cloud:
    """Everything that a trigger reads."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.functions = FakeFunctions()
        self.clients = FakeClients()

    def add(
        self,
        cfn_type: str,
        logical_id: str,
        physical_id: str = "",
        *,
        arn: str = "",
        **properties: Any,
    ) -> None:
        attributes = {"Arn": arn} if arn else {}
        self.registry.add(
            Resource("stack", logical_id, cfn_type, physical_id, attributes, properties)
        )

    def queue(self, name: str, allow: str | None = None, **attributes: str) -> str:
        """A queue, which an AWS service may send to for the ARNs like `allow`; its ARN."""
        sqs = self.clients.client("sqs")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.add("AWS::SQS::Queue", name, url, arn=arn)
        if allow is not None:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnLike": {"aws:SourceArn": allow}},
            }
            document = {"Version": "2012-10-17", "Statement": [statement]}
            self.add(
                "AWS::SQS::QueuePolicy", f"{name}Policy", Queues=[url], PolicyDocument=document
            )
        return arn

    def url(self, name: str) -> str:
        return str(self.clients.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])

    def messages(self, name: str) -> list[dict[str, Any]]:
        """All messages that are visible now."""
        answer = self.clients.client("sqs").receive_message(
            QueueUrl=self.url(name),
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def reads(thread: threading.Thread) -> bool:
    """Whether a thread looks at moto's streams and queues, or fetches from them."""
    return thread.name == "waker" or " → " in thread.name


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    return wait_for


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("localcloud.triggers.streams.FIRST_RETRY", timedelta(milliseconds=1))
    monkeypatch.setattr("localcloud.triggers.eventbus.FIRST_RETRY", timedelta(milliseconds=1))
    with mock_aws():
        yield Cloud()
        # Whoever still reads when moto forgets its tables would end in an error of moto's.
        wait_for(lambda: not any(map(reads, threading.enumerate())))
