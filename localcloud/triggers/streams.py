"""Event source mappings of DynamoDB streams and Kinesis: records in order, batch after batch.

A shard's next batch waits until this one is processed, given up, or bisected down to the record
that cannot be processed.
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.functions.errors import LambdaError, ThrottledError
from localcloud.functions.invocation import Invocation
from localcloud.triggers.clients import Clients
from localcloud.triggers.destinations import Destinations, batch_record, timestamp
from localcloud.triggers.mappings import (
    FunctionsPort,
    MappingConfig,
    SourceRefusedError,
    event_of,
    failed_items,
    fitting,
)
from localcloud.triggers.wakeups import Waker, kinesis_stream, table_stream

FIRST_RETRY = timedelta(milliseconds=100)
LAST_RETRY = timedelta(seconds=30)
"""Between attempts of a batch, twice as long each time."""
IDLE_LIMIT = timedelta(minutes=1)
"""A stream is read so often even if nobody says that it has changed."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """One record of a shard."""

    sequence: str
    arrived: datetime
    event: Mapping[str, Any]
    """As the function receives it."""


class Source(Protocol):
    """A stream, read with the function role's rights."""

    info_name: str
    """What a batch's whereabouts are called in an invocation record."""

    def shards(self) -> list[str]: ...

    def iterator(self, shard: str, kind: str, after: str | None) -> str: ...

    def read(self, shard: str, iterator: str, limit: int) -> tuple[list[Record], str | None]: ...


class TableStream:
    """A DynamoDB table's stream."""

    info_name = "DDBStreamBatchInfo"

    def __init__(self, config: MappingConfig, client: Callable[[], Any]) -> None:
        self._config = config
        self._client = client

    def shards(self) -> list[str]:
        """The open shards' ids."""
        answer = self._client().describe_stream(StreamArn=self._config.source_arn)
        return [shard["ShardId"] for shard in answer["StreamDescription"]["Shards"]]

    def iterator(self, shard: str, kind: str, after: str | None) -> str:
        """Where to read on."""
        position = {} if after is None else {"SequenceNumber": after}
        answer = self._client().get_shard_iterator(
            StreamArn=self._config.source_arn,
            ShardId=shard,
            ShardIteratorType=kind,
            **position,
        )
        return str(answer["ShardIterator"])

    def read(self, shard: str, iterator: str, limit: int) -> tuple[list[Record], str | None]:
        """Records in order, and the iterator behind them."""
        del shard
        answer = self._client().get_records(ShardIterator=iterator, Limit=min(limit, 1000))
        return [self._record(raw) for raw in answer["Records"]], answer.get("NextShardIterator")

    def _record(self, raw: Mapping[str, Any]) -> Record:
        change = dict(raw["dynamodb"])
        arrived = change["ApproximateCreationDateTime"]
        change["ApproximateCreationDateTime"] = int(arrived.timestamp())
        event = {
            "eventID": raw["eventID"],
            "eventName": raw["eventName"],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._config.region,
            "dynamodb": _json_values(change),
            "eventSourceARN": self._config.source_arn,
        }
        return Record(change["SequenceNumber"], arrived, event)


class KinesisStream:
    """A Kinesis data stream."""

    info_name = "KinesisBatchInfo"

    def __init__(self, config: MappingConfig, client: Callable[[], Any], role_arn: str) -> None:
        self._config = config
        self._client = client
        self._role_arn = role_arn

    def shards(self) -> list[str]:
        """The shards' ids."""
        answer = self._client().describe_stream(StreamARN=self._config.source_arn)
        return [shard["ShardId"] for shard in answer["StreamDescription"]["Shards"]]

    def iterator(self, shard: str, kind: str, after: str | None) -> str:
        """Where to read on."""
        position = {} if after is None else {"StartingSequenceNumber": after}
        answer = self._client().get_shard_iterator(
            StreamARN=self._config.source_arn, ShardId=shard, ShardIteratorType=kind, **position
        )
        return str(answer["ShardIterator"])

    def read(self, shard: str, iterator: str, limit: int) -> tuple[list[Record], str | None]:
        """Records in order, and the iterator behind them."""
        answer = self._client().get_records(
            StreamARN=self._config.source_arn, ShardIterator=iterator, Limit=min(limit, 10_000)
        )
        records = [self._record(shard, raw) for raw in answer["Records"]]
        return records, answer.get("NextShardIterator")

    def _record(self, shard: str, raw: Mapping[str, Any]) -> Record:
        arrived = raw["ApproximateArrivalTimestamp"]
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": raw["PartitionKey"],
                "sequenceNumber": raw["SequenceNumber"],
                "data": base64.b64encode(raw["Data"]).decode(),
                "approximateArrivalTimestamp": round(arrived.timestamp(), 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{raw['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role_arn,
            "awsRegion": self._config.region,
            "eventSourceARN": self._config.source_arn,
        }
        return Record(raw["SequenceNumber"], arrived, event)


@dataclass(frozen=True)
class _Batch:
    records: Sequence[Record]
    attempts: int = 0
    """Failed ones."""
    last: Invocation | None = None


class StreamMapping:
    """One mapping: a thread for each shard."""

    def __init__(
        self,
        config: MappingConfig,
        functions: FunctionsPort,
        clients: Clients,
        destinations: Destinations,
        waker: Waker,
    ) -> None:
        self._config = config
        self._functions = functions
        self._destinations = destinations
        self._waker = waker
        self._stopping = threading.Event()
        role = functions.spec(config.function).role_arn
        self._source: Source
        if config.service == "dynamodb":
            self._source = TableStream(config, lambda: clients.client("dynamodbstreams", role))
        else:
            self._source = KinesisStream(config, lambda: clients.client("kinesis", role), role)
        self._positions: dict[str, str] = {}
        """Sequence number of the last record dealt with, by shard."""

    @property
    def source_arn(self) -> str:
        """The stream."""
        return self._config.source_arn

    def positions(self) -> dict[str, str]:
        """The sequence number of the last record dealt with, by shard."""
        return dict(self._positions)

    def start(self) -> None:
        """Begin where the mapping says. SourceRefusedError when the role may not read."""
        try:
            for shard in self._source.shards():
                self._skip_to_start(shard)
                self._watch(shard)
        except ClientError as error:
            raise SourceRefusedError(
                f"Cannot access stream {self._config.source_arn}. Please ensure the role can "
                "perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams "
                f"Actions on your stream in IAM. ({error})"
            ) from error

    def stop(self) -> None:
        """Fetch nothing more; a running batch is left to end."""
        self._stopping.set()

    def _skip_to_start(self, shard: str) -> None:
        """For LATEST, note the last record of now."""
        while self._config.starting_position == "LATEST":
            records, _ = self._source.read(shard, self._where(shard), 1000)
            if not records:
                return
            self._positions[shard] = records[-1].sequence

    def _watch(self, shard: str) -> None:
        config = self._config
        kind = table_stream if config.service == "dynamodb" else kinesis_stream
        changed = self._waker.watch(kind(config.account, config.region, config.source_name))
        name = f"{config.source_name} → {config.function}"
        threading.Thread(target=self._run, args=(shard, changed), name=name, daemon=True).start()

    def _run(self, shard: str, changed: threading.Event) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                records = self._fetch(shard, changed)
                failures = 0
            except (ClientError, BotoCoreError) as error:
                _log.warning("%s: %s", self._config.source_arn, error)
                self._pause(failures)
                failures += 1
                continue
            if records:
                self._process(shard, records)
            else:
                changed.wait(IDLE_LIMIT.total_seconds())

    def _fetch(self, shard: str, changed: threading.Event) -> list[Record]:
        """A batch: as soon as there is one, or when it is full or its window ends."""
        window_ends: float | None = None
        records: list[Record] = []
        iterator = self._where(shard)
        while not self._stopping.is_set():
            # Cleared before reading: what arrives while reading sets it again.
            changed.clear()
            wanted = self._config.batch_size - len(records)
            found, following = self._source.read(shard, iterator, wanted)
            records += found
            if not found and not records:
                return []
            if found:
                iterator = following or iterator
            window_ends = window_ends or time.monotonic() + self._config.window.total_seconds()
            remaining = window_ends - time.monotonic()
            if len(records) >= self._config.batch_size or remaining <= 0:
                break
            changed.wait(remaining)
        return records

    def _where(self, shard: str) -> str:
        """Asked for each time by sequence number: moto's own iterators go stale when a cancelled
        transaction replaces the table."""
        position = self._positions.get(shard)
        if position is None:
            return self._source.iterator(shard, "TRIM_HORIZON", None)
        return self._source.iterator(shard, "AFTER_SEQUENCE_NUMBER", position)

    def _process(self, shard: str, records: list[Record]) -> None:
        wanted = [record for record in records if self._config.filters.passes(record.event)]
        work = [_Batch(wanted)] if wanted else []
        while work and not self._stopping.is_set():
            batch = work.pop(0)
            fits = fitting([record.event for record in batch.records])
            if fits < len(batch.records):
                work.insert(0, _Batch(batch.records[fits:]))
                batch = replace(batch, records=batch.records[:fits])
            work = self._attempt(shard, batch) + work
        if not work:
            self._positions[shard] = records[-1].sequence

    def _attempt(self, shard: str, batch: _Batch) -> list[_Batch]:
        """Run the batch once; what is left of it to be run."""
        if self._too_old(batch):
            self._give_up(shard, batch, "RecordAgeExceeded")
            return []
        ids = [record.sequence for record in batch.records]
        try:
            payload = event_of([record.event for record in batch.records])
            invocation = self._functions.invoke(self._config.function, payload)
        except ThrottledError:
            self._pause(batch.attempts)
            return [batch]
        except LambdaError as error:
            _log.warning("%s: %s", self._config.function, error)
            return self._failed(shard, replace(batch, attempts=batch.attempts + 1))
        failed = failed_items(invocation, ids, reported=self._config.reports_failures)
        if not failed:
            self._positions[shard] = ids[-1]
            return []
        # Everything before the first failure is done; everything from it on comes again.
        done = next(index for index, sequence in enumerate(ids) if sequence in failed)
        if done:
            self._positions[shard] = ids[done - 1]
            return self._failed(shard, _Batch(batch.records[done:], 1, invocation))
        return self._failed(shard, replace(batch, attempts=batch.attempts + 1, last=invocation))

    def _failed(self, shard: str, batch: _Batch) -> list[_Batch]:
        half = len(batch.records) // 2
        if self._config.bisects and half:
            return [_Batch(batch.records[:half]), _Batch(batch.records[half:])]
        retries = self._config.max_retries
        if retries is not None and batch.attempts > retries:
            self._give_up(shard, batch, "RetryAttemptsExhausted")
            return []
        self._pause(batch.attempts - 1)
        return [batch]

    def _too_old(self, batch: _Batch) -> bool:
        limit = self._config.max_age
        return limit is not None and datetime.now(UTC) - batch.records[0].arrived > limit

    def _give_up(self, shard: str, batch: _Batch, condition: str) -> None:
        first, last = batch.records[0], batch.records[-1]
        self._positions[shard] = last.sequence
        _log.warning("%s: gave up %d records", self._config.function, len(batch.records))
        if self._config.on_failure_arn is None:
            return
        record = batch_record(
            self._functions.spec(self._config.function).arn,
            batch.last,
            condition=condition,
            attempts=batch.attempts,
            info_name=self._source.info_name,
            info={
                "shardId": shard,
                "startSequenceNumber": first.sequence,
                "endSequenceNumber": last.sequence,
                "approximateArrivalOfFirstRecord": timestamp(first.arrived),
                "approximateArrivalOfLastRecord": timestamp(last.arrived),
                "batchSize": len(batch.records),
                "streamArn": self._config.source_arn,
            },
        )
        self._destinations.send(self._config.function, self._config.on_failure_arn, record)

    def _pause(self, failures: int) -> None:
        delay = min(FIRST_RETRY * 2 ** min(max(failures, 0), 16), LAST_RETRY)
        self._stopping.wait(delay.total_seconds())


def _json_values(value: Any) -> Any:
    """Attribute values as JSON has them: bytes in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {key: _json_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json_values(item) for item in value]
    return value
