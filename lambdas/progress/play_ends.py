"""Ends of plays in DynamoDB: PLAY#<session> with ENDED, gone by themselves after all tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kernel.clock import epoch_milliseconds, moment_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

END_KEPT = timedelta(hours=48)
"""A play's ticket lives 12 hours at most, and a reader may be 24 behind its stream."""


@dataclass(frozen=True)
class DynamoPlayEnds:
    """`PlayEnds` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def keep(self, session_id: str, at: datetime) -> None:
        """Record when a play ended, unless an earlier end is recorded."""
        moment = {"N": str(epoch_milliseconds(at))}
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    "pk": {"S": f"PLAY#{session_id}"},
                    "sk": {"S": "ENDED"},
                    "ended_at_ms": moment,
                    "expires_at": {"N": str(int((at + END_KEPT).timestamp()))},
                },
                ConditionExpression="attribute_not_exists(pk) OR ended_at_ms > :moment",
                ExpressionAttributeValues={":moment": moment},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def of(self, session_id: str) -> datetime | None:
        """When a play ended; an end of the last second may not be seen yet, which costs half."""
        key = {"pk": {"S": f"PLAY#{session_id}"}, "sk": {"S": "ENDED"}}
        item = self.client.get_item(TableName=self.table, Key=key).get("Item")
        return None if item is None else moment_of(int(item["ended_at_ms"]["N"]))
