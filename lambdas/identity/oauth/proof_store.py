"""Which DPoP proofs were used, in the domain's table.

PROOF#<key>#<id>   PROOF   a proof that was used
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from identity.items import ABSENT, epoch, key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class DynamoSeenProofs:
    """`SeenProofs` in DynamoDB: the first conditional put wins."""

    client: DynamoDBClient
    table: str

    def is_first(self, name: str, until: datetime) -> bool:
        """Whether this name is new; it is remembered until then."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**key("PROOF", name), "expires_at": epoch(until)},
                ConditionExpression=ABSENT,
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
