"""The ring of token keys in the domain's table.

TOKENKEYS#ring   TOKENKEYS   the wrapped keys and their public halves; read by each function twelve
                             times an hour
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from identity.items import key, number, text
from identity.oauth.key_ring import KeyRing, read, written

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = key("TOKENKEYS", "ring")


@dataclass(frozen=True)
class DynamoKeyRings:
    """`KeyRings` in DynamoDB: of two turns at once, one is made."""

    client: DynamoDBClient
    table: str

    def read(self) -> KeyRing:
        """The ring; empty before the first turn."""
        answer = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return KeyRing()
        return read(item["keys"]["S"], int(item["version"]["N"]))

    def replace(self, ring: KeyRing) -> bool:
        """Keep the ring in place of the one before it; False when that was replaced meanwhile."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**_KEY, **text(keys=written(ring)), "version": number(ring.version)},
                ConditionExpression="attribute_not_exists(pk) OR #version = :before",
                ExpressionAttributeNames={"#version": "version"},
                ExpressionAttributeValues={":before": number(ring.version - 1)},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
