"""Moto's DynamoDB made exact: one call at a time, transactions that undo only their own items.

Streams say what happened, once, in the table's own region.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import moto.core.responses as moto_responses
import moto.dynamodb.exceptions as dynamodb_errors
import moto.dynamodb.models as moto_dynamodb
import moto.dynamodb.responses as dynamodb_responses
import moto.dynamodbstreams.responses as streams_responses
from moto.core.responses import ActionResult
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models import table as moto_table

from localcloud.moto_seams.seam import replaced

IDEMPOTENCY_SECONDS = 600
"""How long DynamoDB remembers a ClientRequestToken after the transaction finished."""
TRANSACTION_ITEMS = 100
"""DynamoDB's limit since 2022; moto still has 25 for reads."""

dynamodb_lock = threading.RLock()
"""Held around every DynamoDB call: moto's own is not safe under threads."""

_ORIGINAL_UPDATE_ITEM = moto_dynamodb.DynamoDBBackend.update_item
_ORIGINAL_TRANSACT_HANDLER = dynamodb_responses.DynamoHandler.transact_write_items


@contextmanager
def _undo_on_error() -> Iterator[_Undo]:
    undo = _Undo()
    try:
        yield undo
    except BaseException:
        undo.roll_back()
        raise


class _Undo:
    """Remembers the items a write is about to touch, and the length of the streams."""

    def __init__(self) -> None:
        self._items: dict[tuple[int, Any, Any], tuple[Any, Any]] = {}
        self._streams: dict[int, tuple[Any, int]] = {}

    def remember(self, table: Any, hash_key: Any, range_key: Any) -> None:
        """Keep a copy of one item, or that it does not exist."""
        place = (id(table), hash_key, range_key)
        if place not in self._items:
            current = table.get_item(hash_key, range_key)
            self._items[place] = (table, copy.deepcopy(current))
        shard = table.stream_shard
        if shard is not None and id(shard) not in self._streams:
            self._streams[id(shard)] = (shard, len(shard.items))

    def roll_back(self) -> None:
        """Restore what was remembered."""
        for (_, hash_key, range_key), (table, item) in self._items.items():
            if range_key is None:
                if item is None:
                    table.items.pop(hash_key, None)
                else:
                    table.items[hash_key] = item
            elif item is None:
                table.items[hash_key].pop(range_key, None)
            else:
                table.items[hash_key][range_key] = item
        for shard, length in self._streams.values():
            del shard.items[length:]


def _transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
    """As moto's, but what a cancelled transaction restores is the items it touched."""
    if len(transact_items) > TRANSACTION_ITEMS:
        raise dynamodb_errors.TooManyTransactionsException
    seen: set[tuple[int, Any, Any]] = set()
    reasons: list[tuple[str | None, str | None, dict[str, Any] | None]] = []
    with _undo_on_error() as undo:
        for entry in transact_items:
            if len(entry) > 1:
                raise dynamodb_errors.TransactWriteSingleOpException
            ((kind, operation),) = entry.items()
            table = self.get_table(operation["TableName"])
            key = _key_of(table, operation["Item"] if kind == "Put" else operation["Key"])
            place = (id(table), *self.get_keys_value(table, key))
            if place in seen:
                raise dynamodb_errors.MultipleTransactionsException
            seen.add(place)
            undo.remember(table, *place[1:])
            reasons.append(_apply(self, kind, operation, key))
        if any(code is not None for code, _, _ in reasons):
            raise dynamodb_errors.TransactionCanceledException(reasons)


def _key_of(table: Any, attributes: dict[str, Any]) -> dict[str, Any]:
    try:
        return {name: attributes[name] for name in table.table_key_attrs}
    except KeyError as error:
        raise dynamodb_errors.MockValidationException(
            "One or more parameter values were invalid: Missing the key "
            f"{error.args[0]} in the item"
        ) from error


def _apply(
    backend: Any, kind: str, operation: dict[str, Any], key: dict[str, Any]
) -> tuple[str | None, str | None, dict[str, Any] | None]:
    """Carry out one operation; a reason for cancelling when it cannot be."""
    current = backend.get_item(operation["TableName"], key)
    expression = {
        "condition_expression": operation.get("ConditionExpression"),
        "expression_attribute_names": operation.get("ExpressionAttributeNames"),
        "expression_attribute_values": operation.get("ExpressionAttributeValues"),
    }
    if expression["condition_expression"] is not None:
        condition = get_filter_expression(*expression.values())
        if not condition.expr(current):
            wants_item = operation.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            item = current.to_json()["Attributes"] if wants_item and current else None
            return "ConditionalCheckFailed", "The conditional request failed", item
    name = operation["TableName"]
    try:
        if kind == "Put":
            backend.put_item(name, operation["Item"], **expression)
        elif kind == "Delete":
            backend.delete_item(name, key, **expression)
        elif kind == "Update":
            backend.update_item(
                name, key, update_expression=operation["UpdateExpression"], **expression
            )
        elif kind != "ConditionCheck":
            raise dynamodb_errors.MockValidationException(f"Unsupported operation {kind}")
    except (dynamodb_errors.ItemSizeTooLarge, dynamodb_errors.ItemSizeToUpdateTooLarge) as error:
        return "ValidationError", error.message, None
    return None, None, None


def _update_item(self: Any, table_name: str, key: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    """As moto's, but a failure leaves no trace and a new item makes one stream record."""
    table = self.get_table(table_name)
    with _undo_on_error() as undo:
        undo.remember(table, *self.get_keys_value(table, key))
        before = len(table.stream_shard.items) if table.stream_shard else 0
        item = _ORIGINAL_UPDATE_ITEM(self, table_name, key, *args, **kwargs)
    shard = table.stream_shard
    if shard is not None and len(shard.items) == before + 2:
        # Moto records the bare key first and the item second, both as INSERT.
        first, second = shard.items[before:]
        number = first.record["dynamodb"]["SequenceNumber"]
        second.record["dynamodb"]["SequenceNumber"] = number
        shard.items[before:] = [second]
    return item


def _add_stream_record(self: Any, old: Any, new: Any) -> None:
    """As moto's, but in the table's region, without aliasing, and silent when nothing changed.

    It delivers to no function: the local cloud's triggers read the stream.
    """
    if old is not None and new is not None and old.to_json() == new.to_json():
        return
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    view = self.table.stream_specification["StreamViewType"]
    number = len(self.items) + self.starting_sequence_number
    record = moto_table.StreamRecord(self.table, view, name, old, new, number)
    record.record = copy.deepcopy(record.record)
    record.record["awsRegion"] = self.table.region_name
    self.items.append(record)


class _Transactions:
    """ClientRequestTokens of the last ten minutes."""

    def __init__(self) -> None:
        self._done: OrderedDict[tuple[str, str, str], tuple[float, str]] = OrderedDict()

    def answered(self, place: tuple[str, str, str], digest: str) -> bool:
        """Whether this very transaction was done; raises when the token served another."""
        self._forget()
        known = self._done.get(place)
        if known is None:
            return False
        if known[1] != digest:
            raise dynamodb_errors.DynamodbException(
                "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
                "DynamoDB rejected the request because you retried a request with a different "
                "payload but with an idempotent token that was already used.",
            )
        return True

    def remember(self, place: tuple[str, str, str], digest: str) -> None:
        """Keep the token of a transaction that succeeded."""
        self._done[place] = (time.monotonic() + IDEMPOTENCY_SECONDS, digest)

    def _forget(self) -> None:
        now = time.monotonic()
        while self._done and next(iter(self._done.values()))[0] < now:
            self._done.popitem(last=False)


transactions = _Transactions()


def _handle_transact_write_items(self: Any) -> Any:
    """Moto's handler, once per ClientRequestToken."""
    token = self.body.get("ClientRequestToken")
    if not token:
        return _ORIGINAL_TRANSACT_HANDLER(self)
    payload = json.dumps(self.body["TransactItems"], sort_keys=True, default=str)
    digest = hashlib.sha256(payload.encode()).hexdigest()
    place = (self.current_account, self.region, token)
    if transactions.answered(place, digest):
        return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
    result = _ORIGINAL_TRANSACT_HANDLER(self)
    transactions.remember(place, digest)
    return result


def _under_lock(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call_action(self: Any) -> Any:
        with dynamodb_lock:
            return original(self)

    return call_action


SEAMS = (
    replaced(
        dynamodb_responses.DynamoHandler,
        "call_action",
        _under_lock(dynamodb_responses.DynamoHandler.call_action),
        "moto's DynamoDB loses updates under threads: one call at a time",
        "ce5f57cf83cd",
    ),
    replaced(
        streams_responses.DynamoDBStreamsHandler,
        "call_action",
        _under_lock(moto_responses.BaseResponse.call_action),
        "a stream must not be read while a transaction that may be undone writes to it",
        "26076963fd17",
    ),
    replaced(
        moto_dynamodb.DynamoDBBackend,
        "transact_write_items",
        _transact_write_items,
        "moto copies whole tables and restores them over other writers' work",
        "81db2cb7d94e",
    ),
    replaced(
        dynamodb_responses.DynamoHandler,
        "transact_write_items",
        _handle_transact_write_items,
        "moto ignores ClientRequestToken",
        "61c163fff213",
    ),
    replaced(
        moto_dynamodb.DynamoDBBackend,
        "update_item",
        _update_item,
        "a failed update leaves half an item; a new item makes two stream records",
        "218984588dd6",
    ),
    replaced(
        moto_table.StreamShard,
        "add",
        _add_stream_record,
        "records say us-east-1, share memory with the item, and appear for no change",
        "357dc6da267e",
    ),
    replaced(
        dynamodb_responses,
        "TRANSACTION_MAX_ITEMS",
        TRANSACTION_ITEMS,
        "TransactGetItems takes 100 items, moto's 25",
        "b7a56873cd77",
    ),
)
