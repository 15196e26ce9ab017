"""How functions hear of events on the bus: one line for each, under the id it came with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from kernel import correlation, log

Take = Callable[[Mapping[str, Any]], None]
"""Takes one event as EventBridge delivers it."""


def listening(take: Take) -> Callable[[Mapping[str, Any], object], None]:
    """A Lambda handler for events of our own domains."""

    def handler(event: Mapping[str, Any], context: object) -> None:
        detail = event["detail"]
        with log.handling(
            "event",
            correlation.accepted(detail.get(correlation.FIELD)),
            detail_type=event["detail-type"],
            subject=detail.get("subject"),
            event_id=event.get("id"),
            invocation_id=getattr(context, "aws_request_id", None),
        ):
            take(event)

    return handler


def listening_to_queue(take: Take) -> Callable[[Mapping[str, Any], object], dict[str, Any]]:
    """The same for events that a rule put into a queue; answers which of them failed.

    Those come again, the others are done (SQS, `ReportBatchItemFailures`).
    """
    one = listening(take)

    def handler(batch: Mapping[str, Any], context: object) -> dict[str, Any]:
        failed = []
        for record in batch["Records"]:
            try:
                one(json.loads(record["body"]), context)
            except Exception:  # noqa: BLE001 - the process edge: logged by its line, and retried
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handler
