"""Titles in DynamoDB: TITLE#<id> with TITLE, and SERIES#<id> with an item for each episode.

Titles are the same for everybody and change rarely, so a process remembers them for a while.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from progress.titles import EpisodeOf, Title, in_order

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REMEMBERED = timedelta(minutes=1)
"""How late a new episode may be in the row; what is not known yet is asked for each time."""

MOST_KEYS = 100
"""DynamoDB's limit of a BatchGetItem."""


def _title_key(title_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"TITLE#{title_id}"}, "sk": {"S": "TITLE"}}


def _episode_key(title: Title) -> dict[str, Any] | None:
    """Where the title stands among its series' episodes."""
    of = title.episode_of
    if of is None or title.withdrawn:
        return None
    place = f"{of.season:06d}#{of.episode:06d}#{title.title_id}"
    return {"pk": {"S": f"SERIES#{of.series_id}"}, "sk": {"S": place}}


def _item(title: Title) -> dict[str, Any]:
    item: dict[str, Any] = {
        "title_id": {"S": title.title_id},
        "duration_seconds": {"N": repr(title.duration_seconds)},
        "withdrawn": {"BOOL": title.withdrawn},
    }
    if title.credits_at_seconds is not None:
        item["credits_at_seconds"] = {"N": repr(title.credits_at_seconds)}
    if title.episode_of is not None:
        item["series_id"] = {"S": title.episode_of.series_id}
        item["season"] = {"N": str(title.episode_of.season)}
        item["episode"] = {"N": str(title.episode_of.episode)}
    return item


def _title(item: Mapping[str, Any]) -> Title:
    credits_at, series_id = item.get("credits_at_seconds"), item.get("series_id")
    return Title(
        title_id=item["title_id"]["S"],
        duration_seconds=float(item["duration_seconds"]["N"]),
        credits_at_seconds=float(credits_at["N"]) if credits_at else None,
        episode_of=EpisodeOf(series_id["S"], int(item["season"]["N"]), int(item["episode"]["N"]))
        if series_id
        else None,
        withdrawn=item["withdrawn"]["BOOL"],
    )


@dataclass
class _Remembered:
    """Answers of the last minute."""

    titles: dict[str, tuple[float, Title]] = field(default_factory=dict)
    episodes: dict[str, tuple[float, Sequence[Title]]] = field(default_factory=dict)


@dataclass(frozen=True)
class DynamoTitles:
    """`Titles` in DynamoDB."""

    client: DynamoDBClient
    table: str
    remembered: timedelta = REMEMBERED
    _memory: _Remembered = field(default_factory=_Remembered)

    def keep(self, title: Title, sequence: int) -> bool:
        """Record it, unless something newer is recorded."""
        before = self._recorded(title.title_id)
        if before is not None and int(before["sequence"]["N"]) >= sequence:
            return False
        self._write(title, sequence, before)
        return True

    def withdraw(self, title_id: str, sequence: int) -> bool:
        """The same for a title that may not be watched any more."""
        before = self._recorded(title_id)
        title = Title(title_id, 0.0) if before is None else _title(before)
        return self.keep(replace(title, withdrawn=True), sequence)

    def known(self, title_ids: Iterable[str]) -> Mapping[str, Title]:
        """Those of them that were ever told of."""
        since = time.monotonic() - self.remembered.total_seconds()
        wanted = sorted(set(title_ids))
        found: dict[str, Title] = {}
        for title_id in wanted:
            at, title = self._memory.titles.get(title_id, (-1.0, None))
            if title is not None and at > since:
                found[title_id] = title
        asked = [title_id for title_id in wanted if title_id not in found]
        for start in range(0, len(asked), MOST_KEYS):
            for title in self._read(asked[start : start + MOST_KEYS]):
                found[title.title_id] = title
                self._memory.titles[title.title_id] = (time.monotonic(), title)
        return found

    def episodes(self, series_id: str) -> Sequence[Title]:
        """The episodes that may be watched, in order."""
        at, known = self._memory.episodes.get(series_id, (-1.0, ()))
        if known and at > time.monotonic() - self.remembered.total_seconds():
            return known
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :series",
            ExpressionAttributeValues={":series": {"S": f"SERIES#{series_id}"}},
        )
        episodes = in_order([_title(item) for page in pages for item in page["Items"]])
        self._memory.episodes[series_id] = (time.monotonic(), episodes)
        return episodes

    def _recorded(self, title_id: str) -> dict[str, Any] | None:
        answer = self.client.get_item(
            TableName=self.table, Key=_title_key(title_id), ConsistentRead=True
        )
        return answer.get("Item")

    def _write(self, title: Title, sequence: int, before: Mapping[str, Any] | None) -> None:
        """Both items, or none; the event comes again when another write was quicker."""
        put: dict[str, Any] = {
            "TableName": self.table,
            "Item": {
                **_title_key(title.title_id),
                **_item(title),
                "sequence": {"N": str(sequence)},
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if before is not None:
            put["ConditionExpression"] = "#sequence = :before"
            put["ExpressionAttributeNames"] = {"#sequence": "sequence"}
            put["ExpressionAttributeValues"] = {":before": before["sequence"]}
        stood = None if before is None else _episode_key(_title(before))
        stands = _episode_key(title)
        writes: list[dict[str, Any]] = [{"Put": put}]
        if stood is not None and stood != stands:
            writes.append({"Delete": {"TableName": self.table, "Key": stood}})
        if stands is not None:
            item = {**stands, **_item(title)}
            writes.append({"Put": {"TableName": self.table, "Item": item}})
        self.client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]

    def _read(self, title_ids: Sequence[str]) -> list[Title]:
        keys: Any = [_title_key(title_id) for title_id in title_ids]
        found: list[Title] = []
        while keys:
            answer = self.client.batch_get_item(RequestItems={self.table: {"Keys": keys}})
            found += [_title(item) for item in answer["Responses"].get(self.table, [])]
            left: Any = answer.get("UnprocessedKeys", {}).get(self.table, {})
            keys = left.get("Keys", [])
        return found
