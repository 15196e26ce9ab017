"""Event source mappings as the template states them, and how a function's answer is read.

Pure. Source: Lambda developer guide, chapters on DynamoDB streams, Kinesis and SQS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from localcloud.function_spec import FunctionSpec
from localcloud.functions.invocation import Invocation
from localcloud.registry import Resource
from localcloud.triggers.patterns import Filters

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024
"""A batch is cut where its event would grow larger than an invocation takes."""
_DATA_FIELDS = {"sqs": "body", "kinesis": "data", "dynamodb": None}
_DEFAULT_BATCH = {"sqs": 10, "kinesis": 100, "dynamodb": 100}


class FunctionsPort(Protocol):
    """What a mapping asks of functions."""

    def spec(self, identifier: str) -> FunctionSpec: ...

    def invoke(self, identifier: str, payload: bytes) -> Invocation: ...


class SourceRefusedError(Exception):
    """The mapping cannot work: as CreateEventSourceMapping would say."""


@dataclass(frozen=True)
class MappingConfig:
    """One AWS::Lambda::EventSourceMapping."""

    id: str
    function: str
    """Name or ARN, with the alias if it has one."""
    source_arn: str
    batch_size: int
    window: timedelta
    filters: Filters
    reports_failures: bool
    bisects: bool
    max_retries: int | None
    """None: a batch is tried until its records expire."""
    max_age: timedelta | None
    starting_position: str
    on_failure_arn: str | None
    max_concurrency: int | None

    @property
    def service(self) -> str:
        """`sqs`, `dynamodb` or `kinesis`."""
        return self.source_arn.split(":")[2]

    @property
    def source_name(self) -> str:
        """The queue's, table's or stream's name."""
        return (
            self.source_arn.split(":")[5]
            .removeprefix("table/")
            .split("/")[-1 if self.service == "kinesis" else 0]
        )

    @property
    def account(self) -> str:
        """The source's account."""
        return self.source_arn.split(":")[4]

    @property
    def region(self) -> str:
        """The source's region."""
        return self.source_arn.split(":")[3]


def parse_mapping(resource: Resource) -> MappingConfig | None:
    """The mapping, or None when it is disabled. SourceRefusedError for an unsupported source."""
    properties = resource.properties
    if str(properties.get("Enabled", True)).lower() == "false":
        return None
    arn = properties["EventSourceArn"]
    service = arn.split(":")[2]
    if service not in _DATA_FIELDS:
        raise SourceRefusedError(f"no event source of {service}: {arn}")
    retries = int(properties.get("MaximumRetryAttempts", -1))
    age = int(properties.get("MaximumRecordAgeInSeconds", -1))
    destination = (properties.get("DestinationConfig") or {}).get("OnFailure") or {}
    concurrency = (properties.get("ScalingConfig") or {}).get("MaximumConcurrency")
    return MappingConfig(
        id=resource.physical_id,
        function=properties["FunctionName"],
        source_arn=arn,
        batch_size=int(properties.get("BatchSize", _DEFAULT_BATCH[service])),
        window=timedelta(seconds=int(properties.get("MaximumBatchingWindowInSeconds", 0))),
        filters=Filters(properties.get("FilterCriteria"), data_field=_DATA_FIELDS[service]),
        reports_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
        bisects=str(properties.get("BisectBatchOnFunctionError", False)).lower() == "true",
        max_retries=None if retries < 0 else retries,
        max_age=None if age < 0 else timedelta(seconds=age),
        starting_position=properties.get("StartingPosition", "LATEST"),
        on_failure_arn=destination.get("Destination"),
        max_concurrency=None if concurrency is None else int(concurrency),
    )


def failed_items(invocation: Invocation, ids: Sequence[str], *, reported: bool) -> frozenset[str]:
    """Which records of a batch failed: none, those that the function reports, or all.

    A report that is not one, or that names a record not in the batch, means that all failed.
    """
    everything = frozenset(ids)
    if invocation.function_error is not None:
        return everything
    if not reported:
        return frozenset()
    try:
        answer = json.loads(invocation.payload)
    except ValueError:
        return everything
    if answer is None or answer == {} or answer == []:
        return frozenset()
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else ()
    if failures is None or failures == []:
        return frozenset()
    if not isinstance(failures, list):
        return everything
    named = {item.get("itemIdentifier") if isinstance(item, Mapping) else None for item in failures}
    return frozenset(str(name) for name in named) if named <= everything else everything


def event_of(records: Sequence[Mapping[str, Any]]) -> bytes:
    """The function's event."""
    return json.dumps({"Records": list(records)}, separators=(",", ":")).encode()


def fitting(records: Sequence[Mapping[str, Any]]) -> int:
    """How many of the records, from the first, fit into one invocation; at least one."""
    size = len(b'{"Records":[]}')
    for count, record in enumerate(records):
        size += len(json.dumps(record, separators=(",", ":")).encode()) + 1
        if size > PAYLOAD_LIMIT_BYTES:
            return max(count, 1)
    return len(records)
