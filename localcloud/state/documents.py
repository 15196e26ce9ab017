"""What other parts of the local cloud ask to be kept: work under way, by name, as JSON.

A document is asked for before and after tables and objects are saved, and both answers are kept
as one: work that began or ended meanwhile is in one of them. So work may be done again after a
restart, and is never forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from moto.backends import get_backend

from localcloud.registry import Registry
from localcloud.state.tables import place_of

Document = Mapping[str, Any]
"""Entries by an id of their own."""


class Kept(Protocol):
    """A part that has something to keep."""

    def export_state(self) -> Document:
        """Everything under way now."""

    def import_state(self, state: Document, /) -> None:
        """Take up what an earlier run left; once, when all else is back."""


@dataclass(frozen=True)
class Executions:
    """Executions of state machines that had not ended: started again under the same name.

    The name makes it the same execution, so a step that claims something for its execution finds
    its own claim again. Steps that were done are done again.
    """

    registry: Registry
    client: Callable[[str], Any]

    def export_state(self) -> Document:
        """Name and input of what runs, by state machine and name."""
        states = self.client("stepfunctions")
        found = {}
        for place, arn in self._machines().items():
            pages = states.get_paginator("list_executions").paginate(
                stateMachineArn=arn, statusFilter="RUNNING"
            )
            for execution in (one for page in pages for one in page["executions"]):
                described = states.describe_execution(executionArn=execution["executionArn"])
                found[f"{place}/{execution['name']}"] = {
                    "machine": place,
                    "name": execution["name"],
                    "input": described["input"],
                }
        return found

    def import_state(self, state: Document, /) -> None:
        """Start them. A machine that the template no longer has starts nothing."""
        machines = self._machines()
        for entry in state.values():
            if entry["machine"] in machines:
                self.client("stepfunctions").start_execution(
                    stateMachineArn=machines[entry["machine"]],
                    name=entry["name"],
                    input=entry["input"],
                )

    def _machines(self) -> dict[str, str]:
        machines = self.registry.by_type("AWS::StepFunctions::StateMachine")
        return {place_of(machine): machine.physical_id for machine in machines}


@dataclass(frozen=True)
class Messages:
    """What waits in queues, and what was received and never deleted."""

    registry: Registry
    account: str
    region: str
    client: Callable[[str], Any]

    def export_state(self) -> Document:
        """Messages by queue and message id."""
        queues = get_backend("sqs")[self.account][self.region].queues
        found = {}
        for resource in self.registry.by_type("AWS::SQS::Queue"):
            queue = queues.get(resource.physical_id.rpartition("/")[2])
            for message in list(queue._messages) if queue is not None else []:
                found[f"{place_of(resource)}/{message.id}"] = {
                    "queue": place_of(resource),
                    "body": message.body,
                    "group": message.group_id,
                    "deduplication": message.deduplication_id,
                    "attributes": {
                        name: {key: one for key, one in value.items() if isinstance(one, str)}
                        for name, value in message.message_attributes.items()
                    },
                }
        return found

    def import_state(self, state: Document, /) -> None:
        """Send them again, as new messages."""
        urls = {place_of(one): one.physical_id for one in self.registry.by_type("AWS::SQS::Queue")}
        sqs = self.client("sqs")
        for entry in state.values():
            if entry["queue"] not in urls:
                continue
            ordered = {
                "MessageGroupId": entry["group"],
                "MessageDeduplicationId": entry["deduplication"],
            }
            sqs.send_message(
                QueueUrl=urls[entry["queue"]],
                MessageBody=entry["body"],
                MessageAttributes=entry["attributes"],
                **{name: value for name, value in ordered.items() if value is not None},
            )
