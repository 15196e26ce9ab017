"""DynamoDB items, and the stream records that no function has seen yet."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from moto.backends import get_backend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamRecord, Table

from localcloud.registry import Registry, Resource
from localcloud.state.files import Files

_TYPES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")

Positions = Callable[[], Mapping[str, Iterable[Mapping[str, str]]]]
"""By stream ARN: for each reader, the last sequence number dealt with by shard."""

_BYTES = "$bytes"

_log = logging.getLogger(__name__)


class Tables:
    """Reads and writes moto's tables; the caller holds the lock around them."""

    def __init__(self, registry: Registry, account: str, region: str, positions: Positions) -> None:
        self._registry = registry
        self._backend = get_backend("dynamodb")
        self._account = account
        self._region = region
        self._positions = positions

    def snapshot(self) -> dict[str, dict[str, list[Any]]]:
        """Items and pending stream records of each table, as JSON, by the table's place."""
        positions = self._positions()
        found = {}
        for place, table in self._tables():
            found[place] = {
                "items": [_attributes(item) for item in table.all_items()],
                "pending": _pending(table, positions),
            }
        return found

    def restore(self, files: Files, saved: Mapping[str, Mapping[str, str]]) -> None:
        """Put items back without any stream record, then the records that were pending."""
        for place, table in self._tables():
            names = saved.get(place)
            if names is not None:
                expiry = table.ttl.get("AttributeName")
                for attributes in map(_moto, files.lines(names["items"])):
                    if not _expired(attributes, expiry):
                        _put(table, attributes)
                for record in files.lines(names["pending"]):
                    _append(table, _moto(record))

    def _tables(self) -> Iterable[tuple[str, Table]]:
        tables = self._backend[self._account][self._region].tables
        for cfn_type in _TYPES:
            for resource in self._registry.by_type(cfn_type):
                table = tables.get(resource.physical_id)
                if table is not None:
                    yield place_of(resource), table


def place_of(resource: Resource) -> str:
    """What a resource keeps when its physical name changes."""
    return f"{resource.stack}/{resource.logical_id}"


def _attributes(item: Item) -> dict[str, Any]:
    return {name: _plain(value) for name, value in item.attrs.items()}


def _plain(value: Any) -> Any:
    """As JSON can hold it; bytes, which moto keeps in places, under a name no type has."""
    if isinstance(value, DynamoType):
        return {value.type: _plain(value.value)}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    return value


def _moto(value: Any) -> Any:
    """The inverse of `_plain`, with dictionaries in place of moto's types."""
    if isinstance(value, dict):
        encoded = value.get(_BYTES)
        if isinstance(encoded, str):
            return base64.b64decode(encoded)
        return {name: _moto(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_moto(part) for part in value]
    return value


def _expired(attributes: Mapping[str, Any], expiry: str | None) -> bool:
    """DynamoDB removes an item some time after it expired; a restart is such a time."""
    value = attributes.get(expiry, {}).get("N") if expiry else None
    return value is not None and float(value) < time.time()


def _put(table: Table, attributes: Mapping[str, Any]) -> None:
    """Straight into moto's dictionaries: PutItem would write to the stream."""
    try:
        hash_key = DynamoType(attributes[table.hash_key_attr])
        range_key = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
    except KeyError:
        _log.warning("%s: an item of before has not the table's keys: left out", table.name)
        return
    item = Item(hash_key, range_key, dict(attributes))
    # Items by hash key, or by hash and range key: moto's annotation knows only one of them.
    items: dict[Any, Any] = table.items
    if range_key is None:
        items[hash_key] = item
    else:
        items[hash_key][range_key] = item


def _pending(
    table: Table, positions: Mapping[str, Iterable[Mapping[str, str]]]
) -> list[dict[str, Any]]:
    """Records behind the position of the slowest reader; none when nobody reads the stream."""
    shard = table.stream_shard
    stream_arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
    readers = list(positions.get(stream_arn, ()))
    if shard is None or not readers:
        return []
    done = min(int(reader.get(shard.id, "0")) for reader in readers)
    return [_record(one) for one in shard.items if int(_sequence(one)) > done]


def _sequence(record: StreamRecord) -> str:
    return str(record.record["dynamodb"]["SequenceNumber"])


def _record(record: StreamRecord) -> dict[str, Any]:
    change = dict(record.record["dynamodb"])
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].isoformat()
    plain: dict[str, Any] = _plain({**record.record, "dynamodb": change})
    return plain


def _append(table: Table, saved: Mapping[str, Any]) -> None:
    """At the end of the new stream, under its next sequence number."""
    shard = table.stream_shard
    if shard is None:
        return
    change = dict(saved["dynamodb"])
    change["ApproximateCreationDateTime"] = datetime.fromisoformat(
        change["ApproximateCreationDateTime"]
    )
    change["SequenceNumber"] = str(shard.starting_sequence_number + len(shard.items))
    # Its own constructor would number and date it anew.
    record: Any = StreamRecord.__new__(StreamRecord)
    record.record = {**saved, "dynamodb": change}
    shard.items.append(record)
