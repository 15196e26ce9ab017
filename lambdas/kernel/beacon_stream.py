"""How functions read the stream of beacons: one line for each batch of records.

What cannot be believed is counted by its reason and dropped: no second try would make it better.
What we fail to take is answered by its sequence number, and Lambda comes again from there.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from kernel import log, tokens
from kernel.beacons import Batch, DroppedError, read_batch
from kernel.tokens import MacKeys

Answer = dict[str, list[dict[str, str]]]


def reading_beacons(
    take: Callable[[Batch], None], mac_keys: MacKeys
) -> Callable[[Mapping[str, Any], object], Answer]:
    """A Lambda handler of the stream; `take` may raise DroppedError, too."""

    def handler(event: Mapping[str, Any], context: object) -> Answer:
        invocation_id = getattr(context, "aws_request_id", None)
        with log.handling("beacons", None, invocation_id=invocation_id):
            return _each(event["Records"], take, mac_keys)

    return handler


def _each(
    records: list[Mapping[str, Any]], take: Callable[[Batch], None], mac_keys: MacKeys
) -> Answer:
    dropped: Counter[str] = Counter()
    failed: list[dict[str, str]] = []
    for record in records:
        try:
            take(_batch(record["kinesis"], mac_keys))
        except DroppedError as error:
            dropped[error.reason] += 1
        except Exception as error:  # noqa: BLE001 - the process edge: logged, and retried
            failed.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
            log.note(outcome="failed", error=type(error).__name__)
            break
    log.note(records=len(records), dropped=dict(dropped) or None)
    return {"batchItemFailures": failed}


def _batch(record: Mapping[str, Any], mac_keys: MacKeys) -> Batch:
    """What a record holds, told by the account whose play it is: the gateway's partition key."""
    batch = _read(record, mac_keys)
    if record["partitionKey"] != batch.watching.account_id:
        raise DroppedError("foreign")
    return batch


def _read(record: Mapping[str, Any], mac_keys: MacKeys) -> Batch:
    data = base64.b64decode(record["data"])
    arrived = datetime.fromtimestamp(record["approximateArrivalTimestamp"], UTC)
    try:
        return tokens.believed(lambda keys: read_batch(data, arrived, keys), mac_keys)
    except tokens.UnknownKeyError as error:
        raise DroppedError("forged") from error
