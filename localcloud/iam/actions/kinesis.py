"""The permissions of Kinesis and Firehose."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.policy import Access

_STREAM_ACTIONS = {
    "PutRecord",
    "PutRecords",
    "GetRecords",
    "GetShardIterator",
    "DescribeStream",
    "DescribeStreamSummary",
    "ListShards",
}


def streams(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name == "ListStreams":
        yield Access("kinesis:ListStreams", "*")
        return
    if name not in _STREAM_ACTIONS:
        raise UnmappedActionError(call.operation)
    stream = call.text("StreamARN") or call.text("StreamName")
    if not stream and call.text("ShardIterator"):
        decoded = base64.b64decode(call.text("ShardIterator")).decode("utf-8", "replace")
        stream = decoded.split(":", 1)[0]
    yield Access(f"kinesis:{name}", call.arn("kinesis", "stream/", stream))


def delivery_streams(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name not in ("PutRecord", "PutRecordBatch", "DescribeDeliveryStream"):
        raise UnmappedActionError(call.operation)
    stream = call.text("DeliveryStreamName")
    yield Access(f"firehose:{name}", call.scope.arn("firehose", f"deliverystream/{stream}"))
