"""Titles in DynamoDB.

    TITLE#<id>   TITLE   a title; `shelf` = "published" puts it on the index of that name;
                         an episode has `series_id`, `series`, `season` and `episode`, too;
                         one that staff changed has `edition`, `edited_by` and `edited_at`

The index has one key, which every reader of the home page would share: `ShelfCache` keeps that
to one read per process and refresh, whatever the number of viewers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from catalog.domain import EpisodeOf, Rights, Title
from catalog.markers import Markers, Span
from catalog.ports import Titles
from kernel.clock import Clock, epoch_milliseconds
from kernel.events import Event, outbox_item
from kernel.events.catalog import TitleWithdrawn
from kernel.ids import new_ulid
from kernel.maturity import UNRATED
from kernel.republish import Page, key_at, position

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHELF_INDEX = "shelf"
_PUBLISHED = "published"
_WITHDRAWN = "withdrawn_at"

FRESH_FOR = timedelta(seconds=5)
"""How old a process's copy of the shelf may be: less than anybody waits for a new title."""


def _attribute(value: str | int) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _item(title: Title) -> dict[str, Any]:
    plain: dict[str, str | int] = {
        "pk": f"TITLE#{title.title_id}",
        "sk": "TITLE",
        "shelf": _PUBLISHED,
        "published_at": title.published_at.isoformat(),
        "title_id": title.title_id,
        "asset_id": title.asset_id,
        "name": title.name,
        "duration_seconds": repr(title.duration_seconds),
        "path": title.path,
        "manifests": json.dumps(title.manifests),
        "poster": title.poster,
        "rights": json.dumps(title.rights.on_the_bus()),
        "sequence": title.sequence,
        "maturity": title.maturity,
    }
    if title.classes:
        plain["classes"] = json.dumps(title.classes)
    if title.storyboard is not None:
        plain["storyboard"] = title.storyboard
    if title.episode_of is not None:
        plain.update(vars(title.episode_of))
    if title.edition:
        plain["markers"] = _markers_text(title.markers)
        plain["edition"] = title.edition
    return {name: _attribute(value) for name, value in plain.items()}


def _title(item: Mapping[str, Any]) -> Title:
    rights = json.loads(item["rights"]["S"])
    ends_at = rights["ends_at"]
    return Title(
        title_id=item["title_id"]["S"],
        asset_id=item["asset_id"]["S"],
        name=item["name"]["S"],
        duration_seconds=float(item["duration_seconds"]["S"]),
        path=item["path"]["S"],
        manifests=json.loads(item["manifests"]["S"]),
        poster=item["poster"]["S"],
        rights=Rights(
            tuple(rights["territories"]),
            datetime.fromisoformat(rights["starts_at"]),
            datetime.fromisoformat(ends_at) if ends_at else None,
        ),
        published_at=datetime.fromisoformat(item["published_at"]["S"]),
        sequence=int(item["sequence"]["N"]),
        classes=tuple(json.loads(item["classes"]["S"])) if "classes" in item else (),
        storyboard=item["storyboard"]["S"] if "storyboard" in item else None,
        episode_of=_episode_of(item),
        # Titles from before there were ratings have none.
        maturity=int(item["maturity"]["N"]) if "maturity" in item else UNRATED,
        markers=_markers(item),
        edition=int(item["edition"]["N"]) if "edition" in item else 0,
    )


def _markers_text(markers: Markers) -> str:
    intro = markers.intro
    return json.dumps(
        {
            "intro": [intro.starts_at_seconds, intro.ends_at_seconds] if intro else None,
            "credits_at": markers.credits_at_seconds,
        }
    )


def _markers(item: Mapping[str, Any]) -> Markers:
    if "markers" not in item:
        return Markers()
    told = json.loads(item["markers"]["S"])
    return Markers(Span(*told["intro"]) if told["intro"] else None, told["credits_at"])


def _episode_of(item: Mapping[str, Any]) -> EpisodeOf | None:
    if "series_id" not in item:
        return None
    return EpisodeOf(
        series_id=item["series_id"]["S"],
        series=item["series"]["S"],
        season=int(item["season"]["N"]),
        episode=int(item["episode"]["N"]),
    )


@dataclass(frozen=True)
class DynamoTitles:
    """`Titles` in DynamoDB."""

    client: DynamoDBClient
    table: str
    changes: bool = False
    """Whether what is read is changed: then it is read as it is, at twice the price."""

    def get(self, title_id: str) -> Title | None:
        """The title."""
        key = {"pk": {"S": f"TITLE#{title_id}"}, "sk": {"S": "TITLE"}}
        item = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=self.changes).get(
            "Item"
        )
        return None if item is None or _WITHDRAWN in item else _title(item)

    def all(self) -> Sequence[Title]:
        """Every published title."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=SHELF_INDEX,
            KeyConditionExpression="shelf = :published",
            ExpressionAttributeValues={":published": {"S": _PUBLISHED}},
        )
        return [_title(item) for page in pages for item in page["Items"]]

    def put(self, title: Title, now: datetime) -> bool:
        """Record a title with its event, unless the record is as new or staff have changed it."""
        values = {":new": _attribute(title.sequence)}
        condition = f"attribute_not_exists(pk) OR (#sequence < :new AND {_same_edition(title)})"
        values |= _edition_value(title)
        return self._record(_item(title), condition, values, title.published(now), now)

    def edit(self, title: Title, by: str, now: datetime) -> bool:
        """Record what staff have changed with its event, unless others were quicker."""
        before = replace(title, edition=title.edition - 1)
        item = {
            **_item(title),
            "edited_by": _attribute(by),
            "edited_at": _attribute(now.isoformat()),
        }
        values = {":read": _attribute(title.sequence)} | _edition_value(before)
        condition = f"#sequence = :read AND {_same_edition(before)}"
        return self._record(item, condition, values, title.published(now), now)

    def withdraw(self, title_id: str, asset_id: str, sequence: int, now: datetime) -> bool:
        """Leave a record without a shelf, so that an older publication stays without effect."""
        gone: dict[str, str | int] = {
            "pk": f"TITLE#{title_id}",
            "sk": "TITLE",
            "sequence": sequence,
            _WITHDRAWN: now.isoformat(),
        }
        told = TitleWithdrawn(
            sequence=epoch_milliseconds(now), title_id=title_id, asset_id=asset_id
        )
        item = {name: _attribute(value) for name, value in gone.items()}
        condition = "attribute_not_exists(pk) OR #sequence < :new"
        return self._record(item, condition, {":new": _attribute(sequence)}, told, now)

    def _record(
        self,
        item: dict[str, Any],
        condition: str,
        values: dict[str, dict[str, str]],
        told: Event,
        now: datetime,
    ) -> bool:
        event = outbox_item(told, new_ulid(now), now)
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self.table,
                            "Item": item,
                            "ConditionExpression": condition,
                            "ExpressionAttributeNames": {"#sequence": "sequence"},
                            "ExpressionAttributeValues": values,
                        }
                    },
                    {
                        "Put": {
                            "TableName": self.table,
                            "Item": {name: _attribute(value) for name, value in event.items()},
                        }
                    },
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not _outdated(error.response):
                raise
            return False
        return True

    def page(self, after: str | None, items: int) -> Page[Title]:
        """Some titles, from the table itself."""
        start = {} if after is None else {"ExclusiveStartKey": key_at(after)}
        answer = self.client.scan(
            TableName=self.table,
            FilterExpression=f"sk = :title AND attribute_not_exists({_WITHDRAWN})",
            ExpressionAttributeValues={":title": {"S": "TITLE"}},
            Limit=items,
            ConsistentRead=True,
            **start,  # type: ignore[arg-type] # a key is what the last scan answered
        )
        titles = [_title(item) for item in answer["Items"]]
        return Page(titles, position(answer.get("LastEvaluatedKey")))

    def tell_again(self, title: Title, now: datetime) -> bool:
        """Publish a title as it is; False when it has changed since it was read."""
        event = outbox_item(title.published(now), new_ulid(now), now)
        key = {"pk": {"S": f"TITLE#{title.title_id}"}, "sk": {"S": "TITLE"}}
        unchanged = {
            "TableName": self.table,
            "Key": key,
            "ConditionExpression": f"#sequence = :read AND {_same_edition(title)}",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": {
                ":read": _attribute(title.sequence),
                **_edition_value(title),
            },
        }
        item = {name: _attribute(value) for name, value in event.items()}
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {"ConditionCheck": unchanged},  # type: ignore[typeddict-item] # see put
                    {"Put": {"TableName": self.table, "Item": item}},
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not _outdated(error.response):
                raise
            return False
        return True


def _same_edition(title: Title) -> str:
    """That nobody has changed the record since it was read; with `_edition_value`."""
    return "edition = :edition" if title.edition else "attribute_not_exists(edition)"


def _edition_value(title: Title) -> dict[str, dict[str, str]]:
    return {":edition": _attribute(title.edition)} if title.edition else {}


def _outdated(response: Mapping[str, Any]) -> bool:
    """Whether a transaction failed because the record is as new, not for want of capacity."""
    return any(
        reason.get("Code") == "ConditionalCheckFailed"
        for reason in response.get("CancellationReasons", [])
    )


@dataclass
class ShelfCache:
    """`Titles` that reads the whole shelf at most once per `FRESH_FOR` in one process."""

    titles: Titles
    clock: Clock
    _shelf: Sequence[Title] = ()
    _read_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    def get(self, title_id: str) -> Title | None:
        """The title, as it is now."""
        return self.titles.get(title_id)

    def all(self) -> Sequence[Title]:
        """Every published title, as of a few seconds ago."""
        now = self.clock()
        if now - self._read_at >= FRESH_FOR:
            self._shelf, self._read_at = self.titles.all(), now
        return self._shelf

    def put(self, title: Title, now: datetime) -> bool:
        """Record a title."""
        return self.titles.put(title, now)

    def edit(self, title: Title, by: str, now: datetime) -> bool:
        """Record what staff have changed of a title."""
        return self.titles.edit(title, by, now)

    def withdraw(self, title_id: str, asset_id: str, sequence: int, now: datetime) -> bool:
        """Take a title off the catalogue."""
        return self.titles.withdraw(title_id, asset_id, sequence, now)
