"""Where records and events go that a function could not process: on-failure destinations.

Source: Lambda developer guide, "Retain discarded records" and "Destinations for asynchronous
invocation".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.functions.invocation import AsyncOutcome, Invocation
from localcloud.functions.names import split
from localcloud.registry import Registry
from localcloud.triggers.clients import Clients
from localcloud.triggers.mappings import FunctionsPort

_log = logging.getLogger(__name__)


class Emitter(Protocol):
    """The bus, for destinations that are one."""

    def emit(
        self, source: str, detail_type: str, detail: Mapping[str, Any], *, bus: str | None = None
    ) -> str: ...


class Destinations:
    """Sends invocation records, with the rights of the function's role."""

    def __init__(
        self,
        registry: Registry,
        functions: FunctionsPort,
        clients: Clients,
        bus: Emitter | None = None,
    ) -> None:
        self._registry = registry
        self._functions = functions
        self._clients = clients
        self._bus = bus

    def on_async_outcome(self, outcome: AsyncOutcome) -> None:
        """Give `Functions(on_async_outcome=…)` this: destinations, then the dead-letter queue."""
        name, qualifier = split(outcome.function_arn)
        succeeded = outcome.condition == "Success"
        side = "OnSuccess" if succeeded else "OnFailure"
        for resource in self._registry.by_type("AWS::Lambda::EventInvokeConfig"):
            config = resource.properties
            concerned = split(config["FunctionName"])[0] == name
            if concerned and config["Qualifier"] == (qualifier or "$LATEST"):
                destination = (config.get("DestinationConfig") or {}).get(side)
                if destination is not None:
                    record = _async_record(outcome)
                    self.send(outcome.function_arn, destination["Destination"], record)
        if not succeeded:
            self._dead_letter(outcome, name)

    def send(self, function: str, destination_arn: str, record: Mapping[str, Any]) -> None:
        """Deliver a record to a queue, a topic, a function or a bus; a refusal is logged."""
        text = json.dumps(record, separators=(",", ":"))
        self._call(function, destination_arn, text, {})

    def _dead_letter(self, outcome: AsyncOutcome, name: str) -> None:
        """A function's DeadLetterConfig takes the event itself."""
        for resource in self._registry.by_type("AWS::Lambda::Function"):
            target = (resource.properties.get("DeadLetterConfig") or {}).get("TargetArn")
            if resource.physical_id == name and target is not None:
                attributes = {"RequestID": outcome.request_id, "ErrorCode": "200"}
                if outcome.invocation is not None:
                    message = outcome.invocation.payload.decode(errors="replace")[:1024]
                    attributes["ErrorMessage"] = message
                self._call(outcome.function_arn, target, outcome.payload.decode(), attributes)

    def _call(
        self, function: str, destination: str, text: str, attributes: Mapping[str, str]
    ) -> None:
        role = self._functions.spec(function).role_arn
        service = destination.split(":")[2]
        typed = {
            key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()
        }
        try:
            if service == "sqs":
                sqs = self._clients.client("sqs", role)
                account, name = destination.split(":")[4:6]
                sqs.send_message(
                    QueueUrl=f"{sqs.meta.endpoint_url}/{account}/{name}",
                    MessageBody=text,
                    MessageAttributes=typed,
                )
            elif service == "sns":
                sns = self._clients.client("sns", role)
                sns.publish(TopicArn=destination, Message=text, MessageAttributes=typed)
            elif service == "lambda":
                client = self._clients.client("lambda", role)
                client.invoke(
                    FunctionName=destination, InvocationType="Event", Payload=text.encode()
                )
            elif service == "events" and self._bus is not None:
                kind = "Lambda Function Invocation Result - Failure"
                self._bus.emit("lambda", kind, json.loads(text), bus=destination)
            else:
                _log.error("no delivery to destination %s", destination)
        except (ClientError, BotoCoreError) as error:
            _log.warning("%s: destination %s: %s", function, destination, error)


def batch_record(
    function_arn: str,
    invocation: Invocation | None,
    *,
    condition: str,
    attempts: int,
    info_name: str,
    info: Mapping[str, Any],
) -> dict[str, Any]:
    """What a stream's on-failure destination is sent: where the records are, not the records."""
    return {
        "requestContext": {
            "requestId": invocation.request_id if invocation else "",
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "responseContext": _response_context(invocation),
        "version": "1.0",
        "timestamp": timestamp(datetime.now(UTC)),
        info_name: info,
    }


def timestamp(at: datetime) -> str:
    """As in invocation records: `2026-11-22T20:01:02.345Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _async_record(outcome: AsyncOutcome) -> dict[str, Any]:
    record = {
        "version": "1.0",
        "timestamp": timestamp(datetime.now(UTC)),
        "requestContext": {
            "requestId": outcome.request_id,
            "functionArn": outcome.function_arn,
            "condition": outcome.condition,
            "approximateInvokeCount": outcome.attempts,
        },
        "requestPayload": json.loads(outcome.payload),
        "responseContext": _response_context(outcome.invocation),
    }
    if outcome.invocation is not None:
        record["responsePayload"] = json.loads(outcome.invocation.payload or b"null")
    return record


def _response_context(invocation: Invocation | None) -> dict[str, Any]:
    if invocation is None:
        return {"statusCode": 429, "executedVersion": "$LATEST", "functionError": None}
    context: dict[str, Any] = {
        "statusCode": invocation.status_code,
        "executedVersion": invocation.executed_version,
    }
    if invocation.function_error is not None:
        context["functionError"] = invocation.function_error
    return context
