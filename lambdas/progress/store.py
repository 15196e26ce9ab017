"""Resume points in DynamoDB: PROFILE#<id> with TITLE#<id>, and CLEARED.

A title that was taken out of the history stays as its moment without a place, so that the one
condition on moments holds what was watched before it off; it goes when no player could still tell
of that time. A history that was cleared is one moment for all titles, known or not: what lies
before it is not answered, and deleted.

All of a profile is read at once: some hundred small items cost less than an index that every
beacon would have to move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kernel.clock import epoch_milliseconds
from progress.domain import ResumePoint, latest_first
from progress.items import read

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REMOVAL_KEPT = timedelta(days=32)
"""A player holds a beacon back for up to 30 days, and a reader may be one behind its stream."""

_CLEARED = {"S": "CLEARED"}


def _key(profile_id: str, title_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"PROFILE#{profile_id}"}, "sk": {"S": f"TITLE#{title_id}"}}


def _cleared_key(profile_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"PROFILE#{profile_id}"}, "sk": _CLEARED}


def _milliseconds(moment: datetime) -> dict[str, str]:
    return {"N": str(epoch_milliseconds(moment))}


def _is_point(item: Mapping[str, Any]) -> bool:
    return "position_seconds" in item


def _point(item: Mapping[str, Any]) -> ResumePoint:
    return ResumePoint(
        profile_id=item["pk"]["S"].removeprefix("PROFILE#"),
        title_id=item["sk"]["S"].removeprefix("TITLE#"),
        position_seconds=float(item["position_seconds"]["N"]),
        duration_seconds=float(item["duration_seconds"]["N"]),
        recorded_at=datetime.fromisoformat(item["recorded_at"]["S"]),
    )


def _cleared_at(items: Sequence[Mapping[str, Any]]) -> int:
    """Milliseconds since 1970; before all moments when nothing was cleared."""
    found = [int(item["cleared_at_ms"]["N"]) for item in items if item["sk"] == _CLEARED]
    return max(found, default=-1)


def _visible(items: Sequence[Mapping[str, Any]]) -> list[ResumePoint]:
    cleared_at = _cleared_at(items)
    return [
        _point(item)
        for item in items
        if _is_point(item) and int(item["recorded_at_ms"]["N"]) > cleared_at
    ]


@dataclass(frozen=True)
class DynamoResumePoints:
    """`ResumePoints` in DynamoDB: keeping is one conditional write."""

    client: DynamoDBClient
    table: str

    def keep(self, point: ResumePoint) -> bool:
        """Record it, unless it is not after what is recorded."""
        # A removal has no position: nothing of its moment comes after it.
        condition = (
            "attribute_not_exists(pk) OR recorded_at_ms < :moment "
            "OR (recorded_at_ms = :moment AND position_seconds < :position)"
        )
        position = {"N": repr(point.position_seconds)}
        item = {
            **_key(point.profile_id, point.title_id),
            "position_seconds": position,
            "duration_seconds": {"N": repr(point.duration_seconds)},
            "recorded_at": {"S": point.recorded_at.isoformat()},
            "recorded_at_ms": _milliseconds(point.recorded_at),
        }
        values = {":moment": _milliseconds(point.recorded_at), ":position": position}
        return self._put(item, condition, values)

    def get(self, profile_id: str, title_id: str) -> ResumePoint | None:
        """The profile's resume point in the title."""
        keys = [_key(profile_id, title_id), _cleared_key(profile_id)]
        items = read(self.client, self.table, keys, consistent=True)
        return next(iter(_visible(items)), None)

    def of_profile(self, profile_id: str) -> Sequence[ResumePoint]:
        """All of a profile's resume points, the latest first."""
        return latest_first(_visible(self._items(profile_id)))

    def remove(self, point: ResumePoint, at: datetime) -> bool:
        """Take it out of the history."""
        seen = epoch_milliseconds(point.recorded_at)
        item = {
            **_key(point.profile_id, point.title_id),
            "recorded_at_ms": {"N": str(max(seen, epoch_milliseconds(at)))},
            "expires_at": {"N": str(int((at + REMOVAL_KEPT).timestamp()))},
        }
        condition = "recorded_at_ms = :seen AND position_seconds = :position"
        values = {":seen": {"N": str(seen)}, ":position": {"N": repr(point.position_seconds)}}
        return self._put(item, condition, values)

    def clear(self, profile_id: str, at: datetime) -> None:
        """Take everything out of the history."""
        moment = _milliseconds(at)
        item = {**_cleared_key(profile_id), "cleared_at_ms": moment}
        unless_later = "attribute_not_exists(pk) OR cleared_at_ms < :moment"
        self._put(item, unless_later, {":moment": moment})
        for item in self._items(profile_id):
            if not _is_point(item):
                continue
            try:
                self.client.delete_item(
                    TableName=self.table,
                    Key={"pk": item["pk"], "sk": item["sk"]},
                    ConditionExpression="recorded_at_ms <= :moment",
                    ExpressionAttributeValues={":moment": moment},
                )
            except self.client.exceptions.ConditionalCheckFailedException:
                # Watched since.
                continue

    def forget(self, profile_id: str) -> int:
        """Delete all that there is of a profile; done again, it deletes what is left."""
        items = self._items(profile_id)
        for item in items:
            self.client.delete_item(TableName=self.table, Key={"pk": item["pk"], "sk": item["sk"]})
        return len(items)

    def _items(self, profile_id: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :profile",
            ExpressionAttributeValues={":profile": {"S": f"PROFILE#{profile_id}"}},
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]

    def _put(self, item: dict[str, Any], condition: str, values: dict[str, Any]) -> bool:
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
