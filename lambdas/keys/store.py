"""The vault in DynamoDB: one item per content, written together with the event that tells of it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from kernel.clock import Clock, epoch_milliseconds
from kernel.events import outbox_item
from kernel.events.keys import ContentKeysIssued
from kernel.ids import new_id
from kernel.republish import Page, key_at, position
from keys.domain import StoredKey, StoredKeys
from keys.ports import VaultChangedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        TransactWriteItemTypeDef,
        UniversalAttributeValueTypeDef,
    )

_PREFIX = "CONTENT#"
_LOST_RACES = frozenset(("ConditionalCheckFailed", "TransactionConflict"))
"""Cancellation reasons that say another writer was there first."""


class DynamoVault:
    """Content keys by content id."""

    def __init__(self, client: DynamoDBClient, table_name: str, clock: Clock) -> None:
        self._client = client
        self._table_name = table_name
        self._clock = clock

    def find(self, content_id: str) -> StoredKeys | None:
        """The content's keys as last written, None when it has none."""
        answer = self._client.get_item(
            TableName=self._table_name,
            Key={"pk": {"S": _partition(content_id)}, "sk": {"S": "KEYS"}},
            ConsistentRead=True,
        )
        item = answer.get("Item")
        return None if item is None else _from_item(content_id, item)

    def save(self, keys: StoredKeys, *, replaces: int | None) -> None:
        """Write the keys and their event; VaultChangedError when another writer was first."""
        put: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table_name,
                "Item": _to_item(keys),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        if replaces is not None:
            put["Put"]["ConditionExpression"] = "event_sequence = :seen"
            put["Put"]["ExpressionAttributeValues"] = {":seen": {"N": str(replaces)}}
        event: TransactWriteItemTypeDef = {
            "Put": {"TableName": self._table_name, "Item": self._event(keys)}
        }
        try:
            self._client.transact_write_items(TransactItems=[put, event])
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            if any(reason.get("Code") in _LOST_RACES for reason in reasons):
                raise VaultChangedError(keys.content_id) from error
            raise

    def page(self, after: str | None, items: int) -> Page[StoredKeys]:
        """Some contents' keys."""
        start = {} if after is None else {"ExclusiveStartKey": key_at(after)}
        answer = self._client.scan(
            TableName=self._table_name,
            FilterExpression="sk = :keys",
            ExpressionAttributeValues={":keys": {"S": "KEYS"}},
            Limit=items,
            ConsistentRead=True,
            **start,  # type: ignore[arg-type] # a key is what the last scan answered
        )
        found = [
            _from_item(item["pk"]["S"].removeprefix(_PREFIX), item) for item in answer["Items"]
        ]
        return Page(found, position(answer.get("LastEvaluatedKey")))

    def tell_again(self, keys: StoredKeys) -> bool:
        """Publish a content's keys as they are, one step later; False when they have changed."""
        later = keys.with_keys((), epoch_milliseconds(self._clock()))
        try:
            self.save(later, replaces=keys.sequence)
        except VaultChangedError:
            return False
        return True

    def _event(self, keys: StoredKeys) -> dict[str, UniversalAttributeValueTypeDef]:
        now = self._clock()
        item = outbox_item(_event_of(keys), new_id("evt", now), now)
        return {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in item.items()
        }


def _partition(content_id: str) -> str:
    return f"{_PREFIX}{content_id}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _event_of(keys: StoredKeys) -> ContentKeysIssued:
    return ContentKeysIssued(
        sequence=keys.sequence,
        content_id=keys.content_id,
        wrapped_data_key=_text(keys.wrapped_data_key),
        keys=[
            {
                "kid": key.kid,
                "track_type": key.track_type,
                "wrapped_key": _text(key.wrapped_key),
            }
            for key in keys.keys
        ],
    )


def _to_item(keys: StoredKeys) -> dict[str, UniversalAttributeValueTypeDef]:
    document = [
        {
            "kid": key.kid,
            "track_type": key.track_type,
            "period": key.period,
            "wrapped_key": _text(key.wrapped_key),
            "iv": _text(key.iv),
        }
        for key in keys.keys
    ]
    return {
        "pk": {"S": _partition(keys.content_id)},
        "sk": {"S": "KEYS"},
        "event_sequence": {"N": str(keys.sequence)},
        "wrapped_data_key": {"B": keys.wrapped_data_key},
        "keys": {"S": json.dumps(document, separators=(",", ":"))},
    }


def _from_item(content_id: str, item: dict[str, AttributeValueTypeDef]) -> StoredKeys:
    return StoredKeys(
        content_id=content_id,
        sequence=int(item["event_sequence"]["N"]),
        wrapped_data_key=item["wrapped_data_key"]["B"],
        keys=tuple(
            StoredKey(
                kid=key["kid"],
                track_type=key["track_type"],
                period=key["period"],
                wrapped_key=base64.b64decode(key["wrapped_key"]),
                iv=base64.b64decode(key["iv"]),
            )
            for key in json.loads(item["keys"]["S"])
        ),
    )
