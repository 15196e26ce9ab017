"""Ends of plays in DynamoDB: PLAY#<session> with ENDED, gone by themselves after all tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kernel.clock import epoch_milliseconds, moment_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

END_KEPT = timedelta(hours=48)
"""A play's ticket lives 12 hours at most, and a reader may be 24 behind its stream."""


def _key(session_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"PLAY#{session_id}"}, "sk": {"S": "ENDED"}}


@dataclass(frozen=True)
class DynamoPlayEnds:
    """`PlayEnds` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def keep(self, session_id: str, at: datetime) -> None:
        """Record when a play ended, unless an earlier end is recorded."""
        values: dict[str, Any] = {":moment": {"N": str(epoch_milliseconds(at))}}
        item = {
            **_key(session_id),
            "ended_at_ms": values[":moment"],
            "expires_at": {"N": str(int((at + END_KEPT).timestamp()))},
        }
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR ended_at_ms > :moment",
                ExpressionAttributeValues=values,
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def of(self, session_id: str) -> datetime | None:
        """When a play ended; an end of the last second may not be seen yet, which costs half."""
        answer = self.client.get_item(TableName=self.table, Key=_key(session_id))
        item = answer.get("Item")
        return None if item is None else moment_of(int(item["ended_at_ms"]["N"]))
