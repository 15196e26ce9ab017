"""Ends of plays in DynamoDB: PLAY#<session> with ENDED, GONE#<profile> with GONE.

Both go by themselves when no ticket lives that could still tell of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kernel.clock import epoch_milliseconds, moment_of
from progress.domain import BEFORE_ALL
from progress.items import read

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

END_KEPT = timedelta(hours=48)
"""A play's ticket lives 12 hours at most, and a reader may be 24 behind its stream."""

GONE_KEPT = timedelta(days=62)
"""The ticket of a title that is kept on a device lives 60 days at most, and a reader may be one
behind its stream."""


def _key(session_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"PLAY#{session_id}"}, "sk": {"S": "ENDED"}}


def _gone_key(profile_id: str) -> dict[str, Any]:
    # Not the profile's own partition, of which nothing is left.
    return {"pk": {"S": f"GONE#{profile_id}"}, "sk": {"S": "GONE"}}


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

    def keep_gone(self, profile_id: str, now: datetime) -> None:
        """Record that a profile is no more."""
        expires_at = {"N": str(int((now + GONE_KEPT).timestamp()))}
        item: Any = {**_gone_key(profile_id), "expires_at": expires_at}
        self.client.put_item(TableName=self.table, Item=item)

    def of(self, session_id: str, profile_id: str) -> datetime | None:
        """When a play ended; an end of the last second may not be seen yet, which costs half."""
        keys = [_key(session_id), _gone_key(profile_id)]
        found = read(self.client, self.table, keys, consistent=False)
        if any(item["sk"] == {"S": "GONE"} for item in found):
            return BEFORE_ALL
        return next((moment_of(int(item["ended_at_ms"]["N"])) for item in found), None)
