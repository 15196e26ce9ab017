"""What a page's secret stands for, in the domain's table: kept until it is used, or its time is
over. Each kind has the key `<KIND>#<digest>`, `<KIND>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from identity.items import ABSENT, Item, key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class SingleUse:
    """The items of one kind. The table drops them some time after `expires_at`: whoever reads one
    looks at that, too."""

    client: DynamoDBClient
    table: str
    kind: str

    def keep(self, digest: str, attributes: Mapping[str, Any]) -> None:
        """Record an item that is not there yet."""
        self.client.put_item(
            TableName=self.table,
            Item={**key(self.kind, digest), **attributes},
            ConditionExpression=ABSENT,
        )

    def find(self, digest: str) -> Item | None:
        """The item as it is at this moment; it stays."""
        answer = self.client.get_item(
            TableName=self.table, Key=key(self.kind, digest), ConsistentRead=True
        )
        return answer.get("Item")

    def take(self, digest: str) -> Item | None:
        """The item, to exactly one of those who take it."""
        answer = self.client.delete_item(
            TableName=self.table, Key=key(self.kind, digest), ReturnValues="ALL_OLD"
        )
        return answer.get("Attributes")
