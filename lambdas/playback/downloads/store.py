"""Shelves in the playback table: `DOWNLOADS#<account>/DEVICE#<device>`, one item for each device.

The films are one JSON document, written only while `version` is what was read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kernel.aws.json_client import AwsJson, ConditionFailedError
from kernel.clock import epoch_milliseconds
from playback.domain import REMEMBERED_GONE
from playback.downloads.domain import Download, Shelf

Item = dict[str, dict[str, str]]
"""Attributes as DynamoDB has them."""


def shelves_key(account_id: str) -> str:
    """What an account's shelves lie under."""
    return f"DOWNLOADS#{account_id}"


def _key(account_id: str, device_id: str) -> Item:
    return {"pk": {"S": shelves_key(account_id)}, "sk": {"S": f"DEVICE#{device_id}"}}


class DynamoShelves:
    """What devices keep, in DynamoDB."""

    def __init__(self, dynamodb: AwsJson, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def shelf(self, account_id: str, device_id: str) -> Shelf:
        """A device's shelf, read consistently."""
        answer = self._dynamodb.call(
            "GetItem",
            TableName=self._table_name,
            Key=_key(account_id, device_id),
            ConsistentRead=True,
        )
        item = answer.get("Item")
        return Shelf(account_id, device_id) if item is None else _shelf(item)

    def shelves(self, account_id: str) -> list[Shelf]:
        """All shelves of an account."""
        return [_shelf(item) for item in self._items(account_id)]

    def save(self, shelf: Shelf) -> bool:
        """Write a shelf that nobody else wrote since, and whose device was not removed."""
        values: Item = {
            ":next": {"N": str(shelf.version + 1)},
            ":document": {"S": _document(shelf)},
        }
        unchanged = "attribute_not_exists(version)"
        if shelf.version:
            unchanged = "version = :version AND attribute_not_exists(removed_at)"
            values[":version"] = {"N": str(shelf.version)}
        update = "SET version = :next, document = :document"
        if shelf.downloads:
            last = max(one.expires_at for one in shelf.downloads.values())
            update += ", expires_at = :end"
            values[":end"] = _epoch(last + REMEMBERED_GONE)
        return self._update(shelf.account_id, shelf.device_id, update, unchanged, values)

    def device_removed(self, account_id: str, device_id: str, removed_at: datetime) -> None:
        """Leave only that the device is gone, which expires: its tokens end well before."""
        self._update(
            account_id,
            device_id,
            "SET removed_at = :moment, expires_at = :end REMOVE document ADD version :one",
            "attribute_not_exists(registered_at) OR registered_at < :moment",
            _moment(removed_at),
        )

    def device_registered(self, account_id: str, device_id: str, at: datetime) -> None:
        """Forget an earlier removal, and remember long enough to know one that is told late.

        What a device keeps already outlives that: a shelf with films goes when they go.
        """
        not_after = "(attribute_not_exists(removed_at) OR removed_at < :moment)"
        change = "SET registered_at = :moment{end} REMOVE removed_at ADD version :one"
        values = _moment(at)
        empty = f"attribute_not_exists(document) AND {not_after}"
        if self._update(
            account_id, device_id, change.format(end=", expires_at = :end"), empty, values
        ):
            return
        del values[":end"]
        filled = f"attribute_exists(document) AND {not_after}"
        self._update(account_id, device_id, change.format(end=""), filled, values)

    def account_deleted(self, account_id: str) -> None:
        """Delete every shelf of the account."""
        for item in self._items(account_id):
            self._dynamodb.call(
                "DeleteItem",
                TableName=self._table_name,
                Key={"pk": item["pk"], "sk": item["sk"]},
            )

    def _items(self, account_id: str) -> Iterator[Item]:
        page: dict[str, Any] = {}
        while not page or "LastEvaluatedKey" in page:
            begin = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if page else {}
            page = self._dynamodb.call(
                "Query",
                TableName=self._table_name,
                KeyConditionExpression="pk = :account",
                ExpressionAttributeValues={":account": {"S": f"DOWNLOADS#{account_id}"}},
                ConsistentRead=True,
                **begin,
            )
            yield from page["Items"]

    def _update(
        self, account_id: str, device_id: str, update: str, condition: str, values: Item
    ) -> bool:
        """Update an item; False when the condition does not hold."""
        try:
            self._dynamodb.call(
                "UpdateItem",
                TableName=self._table_name,
                Key=_key(account_id, device_id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except ConditionFailedError:
            return False
        return True


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}


def _moment(at: datetime) -> Item:
    return {
        ":moment": {"N": str(epoch_milliseconds(at))},
        ":end": _epoch(at + REMEMBERED_GONE),
        ":one": {"N": "1"},
    }


def _document(shelf: Shelf) -> str:
    films = {
        title_id: {
            "download_id": one.download_id,
            "name": one.name,
            "granted_at": one.granted_at.isoformat(),
            "expires_at": one.expires_at.isoformat(),
            "first_played_at": one.first_played_at and one.first_played_at.isoformat(),
            "drm": one.drm,
            "kids": list(one.kids),
            "licences": one.licences,
        }
        for title_id, one in shelf.downloads.items()
    }
    return json.dumps(films, separators=(",", ":"))


def _shelf(item: Item) -> Shelf:
    films = json.loads(item["document"]["S"]) if "document" in item else {}
    return Shelf(
        account_id=item["pk"]["S"].partition("#")[2],
        device_id=item["sk"]["S"].partition("#")[2],
        downloads={title_id: _download(title_id, film) for title_id, film in films.items()},
        version=int(item["version"]["N"]),
        is_removed="removed_at" in item,
    )


def _download(title_id: str, film: dict[str, Any]) -> Download:
    first = film["first_played_at"]
    return Download(
        download_id=film["download_id"],
        title_id=title_id,
        name=film["name"],
        granted_at=datetime.fromisoformat(film["granted_at"]),
        expires_at=datetime.fromisoformat(film["expires_at"]),
        first_played_at=None if first is None else datetime.fromisoformat(first),
        # Films kept before vendors licensed them have no word of it.
        drm=film.get("drm", "clearkey"),
        kids=tuple(film.get("kids", ())),
        licences=film.get("licences", 0),
    )
