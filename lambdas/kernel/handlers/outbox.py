"""Publishes what a domain wrote into its outbox: table stream → event bus, at least once.

Each stream record is one event, already complete, so this function decides nothing. A record
that the bus refuses is reported by its sequence number: Lambda retries from there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3

from kernel import correlation, log

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

ENTRIES_PER_CALL = 10
"""PutEvents takes no more (EventBridge API reference)."""

_source = os.environ["EVENT_SOURCE"]
_events = boto3.client("events")


def handler(event: Mapping[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """Publish a batch in order; answer the first record that did not get through."""
    records = event["Records"]
    for start in range(0, len(records), ENTRIES_PER_CALL):
        batch = records[start : start + ENTRIES_PER_CALL]
        refused = _publish(batch)
        if refused is not None:
            failed = batch[refused]["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": failed}]}
    return {"batchItemFailures": []}


def _publish(batch: Sequence[Mapping[str, Any]]) -> int | None:
    """Put one batch; the index of the first entry refused, None when all were taken."""
    entries: list[PutEventsRequestEntryTypeDef] = [
        {
            "Source": _source,
            "DetailType": record["dynamodb"]["NewImage"]["detail_type"]["S"],
            "Detail": record["dynamodb"]["NewImage"]["detail"]["S"],
        }
        for record in batch
    ]
    answer = _events.put_events(Entries=entries)
    results = answer["Entries"]
    for entry, result in zip(entries, results, strict=True):
        _log(entry, result.get("ErrorCode"))
    return next((i for i, result in enumerate(results) if "ErrorCode" in result), None)


def _log(entry: PutEventsRequestEntryTypeDef, refused: str | None) -> None:
    detail = json.loads(entry["Detail"])
    correlation_id = correlation.accepted(detail.get(correlation.FIELD))
    facts = {"detail_type": entry["DetailType"], "subject": detail.get("subject")}
    with log.handling("publish", correlation_id, **facts):
        if refused is not None:
            log.note(outcome="failed", code=refused)
