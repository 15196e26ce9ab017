"""Handing one event to one target of a rule, with the permission that AWS would ask for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.functions.errors import FunctionNotFoundError, LambdaError, PayloadTooLargeError
from localcloud.triggers.clients import Clients
from localcloud.triggers.permissions import Permissions
from localcloud.triggers.rules import Rule, Target

SERVICE = "events.amazonaws.com"
SUPPORTED = frozenset({"lambda", "states", "sqs", "events"})
"""Services that rules of this product send to; another one is refused at the start."""
_TRANSIENT = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "ServiceUnavailable"}
)


class FunctionsPort(Protocol):
    """The asynchronous invocation."""

    def invoke_async(self, identifier: str, payload: bytes) -> str: ...


class DeliveryError(Exception):
    """The event did not reach the target."""

    def __init__(self, code: str, message: str, *, final: bool) -> None:
        """`final`: no retry can help, so it goes to the dead-letter queue at once."""
        super().__init__(message)
        self.code = code
        self.final = final


@dataclass(frozen=True)
class Deliverer:
    """Calls targets."""

    functions: FunctionsPort
    clients: Clients
    permissions: Permissions

    def deliver(self, rule: Rule, target: Target, event_id: str, text: str) -> None:
        """Hand the text over once; DeliveryError when it was not taken."""
        try:
            if target.service == "lambda":
                self._to_function(rule, target, text)
            elif target.service == "states":
                self._to_state_machine(rule, target, event_id, text)
            else:
                self._to_queue(rule, target, text)
        except ClientError as error:
            raise _refused(error) from error
        except BotoCoreError as error:
            raise DeliveryError("SDK_CLIENT_ERROR", str(error), final=False) from error

    def send_dead_letter(
        self, rule: Rule, queue_arn: str, text: str, attributes: dict[str, str]
    ) -> None:
        """Put an event that was given up into its queue; DeliveryError if that fails too."""
        self._check_queue(rule, queue_arn)
        sqs = self.clients.client("sqs")
        try:
            sqs.send_message(
                QueueUrl=_queue_url(sqs, queue_arn),
                MessageBody=text,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            )
        except (ClientError, BotoCoreError) as error:
            raise DeliveryError("SDK_CLIENT_ERROR", str(error), final=True) from error

    def _to_function(self, rule: Rule, target: Target, text: str) -> None:
        if not self.permissions.may_invoke(target.arn, SERVICE, rule.arn):
            raise DeliveryError(
                "NO_PERMISSIONS",
                f"{SERVICE} is not authorized to perform lambda:InvokeFunction on {target.arn}",
                final=True,
            )
        try:
            self.functions.invoke_async(target.arn, text.encode())
        except FunctionNotFoundError as error:
            raise DeliveryError("RESOURCE_NOT_FOUND", str(error), final=True) from error
        except LambdaError as error:
            final = isinstance(error, PayloadTooLargeError)
            raise DeliveryError(error.code, error.message, final=final) from error

    def _to_state_machine(self, rule: Rule, target: Target, event_id: str, text: str) -> None:
        if target.role_arn is None:
            message = f"Target {target.arn} has no role that {SERVICE} can assume"
            raise DeliveryError("NO_PERMISSIONS", message, final=True)
        # The same event must not start a second execution when it is delivered again.
        again = uuid.uuid5(uuid.NAMESPACE_URL, f"{rule.arn}#{target.id}#{event_id}")
        states = self.clients.client("stepfunctions", target.role_arn)
        try:
            states.start_execution(
                stateMachineArn=target.arn, name=f"{event_id}_{again}", input=text
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def _to_queue(self, rule: Rule, target: Target, text: str) -> None:
        if target.role_arn is None:
            self._check_queue(rule, target.arn)
        sqs = self.clients.client("sqs", target.role_arn)
        group = (target.settings.get("SqsParameters") or {}).get("MessageGroupId")
        grouped = {} if group is None else {"MessageGroupId": group}
        sqs.send_message(QueueUrl=_queue_url(sqs, target.arn), MessageBody=text, **grouped)

    def _check_queue(self, rule: Rule, queue_arn: str) -> None:
        if not self.permissions.may_send(queue_arn, SERVICE, rule.arn):
            raise DeliveryError(
                "NO_PERMISSIONS",
                f"{SERVICE} is not authorized to perform sqs:SendMessage on {queue_arn}",
                final=True,
            )


def _queue_url(sqs: Any, queue_arn: str) -> str:
    """A queue's URL as this cloud has it: derived from its ARN, without a call."""
    account, name = queue_arn.split(":")[4:6]
    endpoint = sqs.meta.endpoint_url
    return f"{endpoint}/{account}/{name}"


def _refused(error: ClientError) -> DeliveryError:
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    final = status < 500 and code not in _TRANSIENT
    name = "NO_PERMISSIONS" if "AccessDenied" in code else "SDK_CLIENT_ERROR"
    return DeliveryError(name, f"{code}: {error}", final=final)
