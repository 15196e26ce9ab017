"""The permissions of SQS."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.policy import Access

_QUEUE_ACTIONS = {
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "ReceiveMessage": "ReceiveMessage",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibility": "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "GetQueueAttributes": "GetQueueAttributes",
    "GetQueueUrl": "GetQueueUrl",
    "PurgeQueue": "PurgeQueue",
}


def queues(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name == "ListQueues":
        yield Access("sqs:ListQueues", "*")
        return
    if name not in _QUEUE_ACTIONS:
        raise UnmappedActionError(call.operation)
    queue = call.text("QueueName") or call.text("QueueUrl").rsplit("/", 1)[-1]
    yield Access(f"sqs:{_QUEUE_ACTIONS[name]}", call.scope.arn("sqs", queue))
