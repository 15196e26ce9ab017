"""Resume points in DynamoDB: PROFILE#<id>, TITLE#<id>."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from progress.domain import ResumePoint

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_LISTED = 100
"""Items a profile's list reads: far more than a continue-watching row shows."""


def _key(profile_id: str, title_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"PROFILE#{profile_id}"}, "sk": {"S": f"TITLE#{title_id}"}}


def _milliseconds(moment: datetime) -> dict[str, str]:
    return {"N": str(round(moment.timestamp() * 1000))}


def _point(item: Mapping[str, Any]) -> ResumePoint:
    return ResumePoint(
        profile_id=item["pk"]["S"].removeprefix("PROFILE#"),
        title_id=item["sk"]["S"].removeprefix("TITLE#"),
        position_seconds=float(item["position_seconds"]["N"]),
        duration_seconds=float(item["duration_seconds"]["N"]),
        recorded_at=datetime.fromisoformat(item["recorded_at"]["S"]),
    )


@dataclass(frozen=True)
class DynamoResumePoints:
    """`ResumePoints` in DynamoDB: keeping is one conditional write."""

    client: DynamoDBClient
    table: str

    def keep(self, point: ResumePoint) -> bool:
        """Record it, unless a later one is recorded."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_key(point.profile_id, point.title_id),
                    "position_seconds": {"N": repr(point.position_seconds)},
                    "duration_seconds": {"N": repr(point.duration_seconds)},
                    "recorded_at": {"S": point.recorded_at.isoformat()},
                    "recorded_at_ms": _milliseconds(point.recorded_at),
                },
                ConditionExpression="attribute_not_exists(pk) OR recorded_at_ms < :this",
                ExpressionAttributeValues={":this": _milliseconds(point.recorded_at)},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def get(self, profile_id: str, title_id: str) -> ResumePoint | None:
        """The profile's resume point in the title."""
        answer = self.client.get_item(
            TableName=self.table, Key=_key(profile_id, title_id), ConsistentRead=True
        )
        item = answer.get("Item")
        return None if item is None else _point(item)

    def of_profile(self, profile_id: str) -> Sequence[ResumePoint]:
        """All of a profile's resume points, the latest first."""
        answer = self.client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :profile",
            ExpressionAttributeValues={":profile": {"S": f"PROFILE#{profile_id}"}},
            Limit=MOST_LISTED,
        )
        points = [_point(item) for item in answer["Items"]]
        return sorted(points, key=lambda point: point.recorded_at, reverse=True)

    def forget(self, profile_id: str) -> int:
        """Delete all of a profile's resume points; done again, it deletes what is left."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :profile",
            ExpressionAttributeValues={":profile": {"S": f"PROFILE#{profile_id}"}},
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
        )
        keys = [item for page in pages for item in page["Items"]]
        for key in keys:
            self.client.delete_item(TableName=self.table, Key=key)
        return len(keys)
