"""Event source mappings of SQS queues: batches, deleted when processed, visible again when not."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.deliveries import Deliveries
from localcloud.functions.errors import LambdaError
from localcloud.triggers.clients import Clients
from localcloud.triggers.mappings import (
    FunctionsPort,
    MappingConfig,
    SourceRefusedError,
    event_of,
    failed_items,
    fitting,
)
from localcloud.triggers.wakeups import Waker, queue_messages

CALL_LIMIT = 10
"""Messages of one ReceiveMessage or DeleteMessageBatch."""
CONCURRENCY = 5
"""Batches at once; Lambda starts with five pollers."""
RETRY_PAUSE = timedelta(seconds=1)
IDLE_LIMIT = timedelta(minutes=1)
"""A queue is asked so often even if nobody says that it has changed."""

_log = logging.getLogger(__name__)


class QueueMapping:
    """One mapping: a thread that receives, and batches processed beside each other."""

    def __init__(
        self, config: MappingConfig, functions: FunctionsPort, clients: Clients, waker: Waker
    ) -> None:
        self._config = config
        self._functions = functions
        self._clients = clients
        self._waker = waker
        self._role = functions.spec(config.function).role_arn
        self._stopping = threading.Event()
        limit = min(config.max_concurrency or CONCURRENCY, CONCURRENCY)
        self._free = threading.BoundedSemaphore(limit)
        self._batches = Deliveries(f"{config.source_name} batches", threads=limit)

    def start(self) -> None:
        """Begin to receive. SourceRefusedError when the function's role may not."""
        try:
            self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])
        except ClientError as error:
            raise SourceRefusedError(
                "The function execution role does not have permissions to call "
                f"GetQueueAttributes on SQS ({self._config.source_arn}): {error}"
            ) from error
        config = self._config
        changed = self._waker.watch(
            queue_messages(config.account, config.region, config.source_name)
        )
        name = f"{config.source_name} → {config.function}"
        threading.Thread(target=self._run, args=(changed,), name=name, daemon=True).start()

    def stop(self) -> None:
        """Receive nothing more; running batches are left to end."""
        self._stopping.set()
        self._batches.stop()

    @property
    def _sqs(self) -> Any:
        return self._clients.client("sqs", self._role)

    @property
    def _url(self) -> str:
        return f"{self._sqs.meta.endpoint_url}/{self._config.account}/{self._config.source_name}"

    def _run(self, changed: threading.Event) -> None:
        while not self._stopping.is_set():
            # Received only when a batch can be processed at once: its visibility timeout runs.
            self._free.acquire()
            messages: list[dict[str, Any]] = []
            try:
                changed.clear()
                messages = self._gather(changed)
            except (ClientError, BotoCoreError) as error:
                _log.warning("%s: %s", self._config.source_arn, error)
                self._stopping.wait(RETRY_PAUSE.total_seconds())
            if messages:
                self._batches.submit(partial(self._finish, messages))
            else:
                self._free.release()
                changed.wait(IDLE_LIMIT.total_seconds())

    def _gather(self, changed: threading.Event) -> list[dict[str, Any]]:
        """A batch: what one call gives, or as much as the window and the batch size allow."""
        messages: list[dict[str, Any]] = []
        window_ends: float | None = None
        while not self._stopping.is_set():
            wanted = min(self._config.batch_size - len(messages), CALL_LIMIT)
            found = self._receive(wanted)
            messages += found
            if not messages:
                return []
            window_ends = window_ends or time.monotonic() + self._config.window.total_seconds()
            remaining = window_ends - time.monotonic()
            if len(messages) >= self._config.batch_size or remaining <= 0:
                break
            if not found:
                changed.clear()
                changed.wait(remaining)
        return messages

    def _receive(self, count: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=count,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            WaitTimeSeconds=0,
        )
        return list(answer.get("Messages", []))

    def _finish(self, messages: list[dict[str, Any]]) -> None:
        try:
            self._process(messages)
        except (ClientError, BotoCoreError) as error:
            _log.warning("%s: %s", self._config.source_arn, error)
        finally:
            self._free.release()

    def _process(self, messages: list[dict[str, Any]]) -> None:
        records = [self._record(message) for message in messages]
        filtered = [record for record in records if not self._config.filters.passes(record)]
        self._delete(filtered)
        wanted = [record for record in records if self._config.filters.passes(record)]
        while wanted:
            fits = fitting(wanted)
            self._invoke(wanted[:fits])
            wanted = wanted[fits:]

    def _invoke(self, records: Sequence[Mapping[str, Any]]) -> None:
        """What failed is left alone: its visibility timeout brings it back, or to its DLQ."""
        try:
            invocation = self._functions.invoke(self._config.function, event_of(records))
        except LambdaError as error:
            _log.warning("%s: %s", self._config.function, error)
            return
        ids = [record["messageId"] for record in records]
        failed = failed_items(invocation, ids, reported=self._config.reports_failures)
        self._delete([record for record in records if record["messageId"] not in failed])

    def _delete(self, records: Sequence[Mapping[str, Any]]) -> None:
        for part in _parts(records):
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": record["receiptHandle"]}
                    for index, record in enumerate(part)
                ],
            )

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: _attribute(value)
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._config.source_arn,
            "awsRegion": self._config.region,
        }
        if "MD5OfMessageAttributes" in message:
            record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
        return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    attribute: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    attribute["dataType"] = value["DataType"]
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return attribute


def _parts(records: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(records), CALL_LIMIT):
        yield records[start : start + CALL_LIMIT]
