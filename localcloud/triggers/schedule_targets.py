"""Calling the target of a schedule, with the rights of the schedule's role.

Source: EventBridge Scheduler user guide, "Managing targets", "Context attributes" and "Configuring
a dead-letter queue".
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.deliveries import NOW, Deliveries
from localcloud.identities import TrustRefusedError, UnknownRoleError
from localcloud.triggers.clients import Clients

FIRST_RETRY = timedelta(milliseconds=200)
LAST_RETRY = timedelta(seconds=60)
"""Between attempts; twice as long each time."""
MAX_RETRIES = 185
MAX_AGE_SECONDS = 86_400
"""Scheduler's defaults, which are also its limits."""
_UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
_SDK_NAMES = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}
"""Universal targets name services as the Java SDK does."""

_log = logging.getLogger(__name__)


class UnsupportedTargetError(Exception):
    """A schedule has a target that this local cloud cannot call."""


@dataclass(frozen=True)
class Due:
    """One occurrence of a schedule."""

    schedule_arn: str
    target: Mapping[str, Any]
    at: datetime
    execution_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    accepted: float = field(default_factory=time.monotonic)


class ScheduleTargets:
    """Brings occurrences to their targets, retries, and sets aside what fails."""

    def __init__(
        self, clients: Clients, *, account: str, region: str, duplicates: bool = False
    ) -> None:
        """`clients` act as a schedule's role, which has to trust Scheduler. With `duplicates`
        everything comes twice."""
        self._clients = clients
        self._account = account
        self._region = region
        self._times = 2 if duplicates else 1
        self._deliveries = Deliveries("scheduler")

    def deliver(self, due: Due) -> None:
        """Call the target soon."""
        for _ in range(self._times):
            self._later(due, 0, NOW)

    def wait_idle(self, timeout: timedelta) -> bool:
        """Wait until nothing is under way."""
        return self._deliveries.wait_idle(timeout)

    def stop(self) -> None:
        """Call nothing more."""
        self._deliveries.stop()

    def _later(self, due: Due, attempt: int, delay: timedelta) -> None:
        self._deliveries.submit(lambda: self._attempt(due, attempt), after=delay)

    def _attempt(self, due: Due, attempt: int) -> None:
        try:
            self._call(due, attempt)
        except (ClientError, BotoCoreError, TrustRefusedError, UnknownRoleError) as error:
            self._failed(due, attempt, error)
        except UnsupportedTargetError as error:
            self._give_up(due, attempt, error, None)

    def _failed(self, due: Due, attempt: int, error: Exception) -> None:
        policy = due.target.get("RetryPolicy") or {}
        delay = min(FIRST_RETRY * 2 ** min(attempt, 16), LAST_RETRY)
        most = int(policy.get("MaximumRetryAttempts", MAX_RETRIES))
        oldest = int(policy.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS))
        age = time.monotonic() - due.accepted + delay.total_seconds()
        if not _may_pass(error):
            self._give_up(due, attempt, error, None)
        elif attempt >= most:
            self._give_up(due, attempt, error, "MaximumRetryAttempts")
        elif age > oldest:
            self._give_up(due, attempt, error, "MaximumEventAgeInSeconds")
        else:
            self._later(due, attempt + 1, delay)

    def _call(self, due: Due, attempt: int) -> None:
        target = due.target
        arn = target["Arn"]
        text = self._input(due, attempt)
        if arn.startswith(_UNIVERSAL):
            service, action = arn.removeprefix(_UNIVERSAL).split(":")
            client = self._client(due, _SDK_NAMES.get(service, service))
            getattr(client, xform_name(action))(**json.loads(text))
            return
        call = _TEMPLATED.get(arn.split(":")[2])
        if call is None:
            raise UnsupportedTargetError(f"{due.schedule_arn}: no delivery to {arn}")
        name, arguments = call
        client = self._client(due, name)
        method, request = arguments(client, target, text, due)
        getattr(client, method)(**request)

    def _client(self, due: Due, service: str) -> Any:
        return self._clients.client(service, due.target["RoleArn"])

    def _input(self, due: Due, attempt: int) -> str:
        given = due.target.get("Input")
        if given is None:
            return self._notification(due)
        at = due.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        values = {
            "schedule-arn": due.schedule_arn,
            "scheduled-time": at,
            "execution-id": due.execution_id,
            "attempt-number": str(attempt + 1),
        }
        for name, value in values.items():
            given = given.replace(f"<aws.scheduler.{name}>", value)
        return str(given)

    def _notification(self, due: Due) -> str:
        """What a target without an input is sent."""
        return json.dumps(
            {
                "version": "0",
                "id": due.execution_id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": self._account,
                "time": due.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": self._region,
                "resources": [due.schedule_arn],
                "detail": "{}",
            }
        )

    def _give_up(self, due: Due, attempt: int, error: Exception, exhausted: str | None) -> None:
        _log.warning("%s → %s: %s", due.schedule_arn, due.target["Arn"], error)
        queue = (due.target.get("DeadLetterConfig") or {}).get("Arn")
        if queue is None:
            return
        attributes = {
            "ERROR_CODE": _code(error),
            "ERROR_MESSAGE": str(error),
            "EXHAUSTED_RETRY_CONDITION": exhausted,
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(attempt),
            "SCHEDULE_ARN": due.schedule_arn,
            "SCHEDULED_TIME": due.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "TARGET_ARN": due.target["Arn"],
        }
        try:
            sqs = self._client(due, "sqs")
            sqs.send_message(
                QueueUrl=_queue_url(sqs, queue),
                MessageBody=self._input(due, attempt),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                    if value is not None
                },
            )
        except (ClientError, BotoCoreError, TrustRefusedError, UnknownRoleError) as failure:
            _log.warning("%s: dead-letter queue: %s", due.schedule_arn, failure)


Request = tuple[str, dict[str, Any]]
"""A client's method and its arguments."""


def _lambda(_client: Any, target: Mapping[str, Any], text: str, _due: Due) -> Request:
    arguments = {"FunctionName": target["Arn"], "InvocationType": "Event"}
    return "invoke", {**arguments, "Payload": text.encode()}


def _queue(client: Any, target: Mapping[str, Any], text: str, _due: Due) -> Request:
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    grouped = {} if group is None else {"MessageGroupId": group}
    url = _queue_url(client, target["Arn"])
    return "send_message", {"QueueUrl": url, "MessageBody": text, **grouped}


def _machine(_client: Any, target: Mapping[str, Any], text: str, _due: Due) -> Request:
    return "start_execution", {"stateMachineArn": target["Arn"], "input": text}


def _bus(_client: Any, target: Mapping[str, Any], text: str, _due: Due) -> Request:
    parameters = target["EventBridgeParameters"]
    entry = {
        "Source": parameters["Source"],
        "DetailType": parameters["DetailType"],
        "Detail": text,
        "EventBusName": target["Arn"],
    }
    return "put_events", {"Entries": [entry]}


def _topic(_client: Any, target: Mapping[str, Any], text: str, _due: Due) -> Request:
    return "publish", {"TopicArn": target["Arn"], "Message": text}


def _stream(_client: Any, target: Mapping[str, Any], text: str, _due: Due) -> Request:
    key = target["KinesisParameters"]["PartitionKey"]
    return "put_record", {"StreamARN": target["Arn"], "Data": text.encode(), "PartitionKey": key}


_TEMPLATED: dict[str, tuple[str, Callable[[Any, Mapping[str, Any], str, Due], Request]]] = {
    "lambda": ("lambda", _lambda),
    "sqs": ("sqs", _queue),
    "states": ("stepfunctions", _machine),
    "events": ("events", _bus),
    "sns": ("sns", _topic),
    "kinesis": ("kinesis", _stream),
}
"""By the ARN's service: boto3's name of it, and the call."""


def _queue_url(sqs: Any, queue_arn: str) -> str:
    account, name = queue_arn.split(":")[4:6]
    return f"{sqs.meta.endpoint_url}/{account}/{name}"


def _may_pass(error: Exception) -> bool:
    """Whether another attempt can end otherwise."""
    if not isinstance(error, ClientError):
        return isinstance(error, BotoCoreError)
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status >= 500 or "Throttl" in _code(error) or "TooManyRequests" in _code(error)


def _code(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return type(error).__name__
