"""Reads several of the table's items at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]


def read(
    client: DynamoDBClient, table: str, keys: Sequence[Item], *, consistent: bool
) -> list[Item]:
    """Those of the items that there are, in no order."""
    items: list[Item] = []
    left: Any = list(keys)
    # A few small items are never more than one answer holds, but may be too many for the moment.
    while left:
        asked: Any = {table: {"Keys": left, "ConsistentRead": consistent}}
        answer = client.batch_get_item(RequestItems=asked)
        items += answer["Responses"].get(table, [])
        unread: Any = answer.get("UnprocessedKeys", {}).get(table, {})
        left = unread.get("Keys", [])
    return items
