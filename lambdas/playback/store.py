"""Sessions and the read model in DynamoDB, by its API's own operations.

Items: `TITLE#<id>/TITLE` with its asset's keys copied in, `ACCOUNT#<id>/ACCOUNT`,
`CONTENT#<asset>/KEYS`, `CONTENT#<asset>/TITLE#<id>` (which titles play an asset) and
`SESSION#<id>/SESSION`. Conditions compare plain attributes; the rest is one JSON document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kernel.aws.json_client import AwsJson, ConditionFailedError
from kernel.errors import ConflictError, UnavailableError
from playback import records
from playback.domain import (
    MOST_LICENCES,
    REMEMBERED_GONE,
    UNTOLD,
    Allowance,
    AssetKeys,
    Session,
    Title,
    Viewer,
)
from playback.ports import StartFacts

Item = dict[str, dict[str, str]]
"""Attributes as DynamoDB has them: `{"N": "1"}`, `{"S": "text"}`."""

READ_ATTEMPTS = 3
"""A batched read may leave keys unread under load; the third time it is the service's problem."""


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _json(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def _epoch(moment: datetime) -> str:
    return str(int(moment.timestamp()))


class DynamoPlayback:
    """The playback table: sessions, licences' counters and the read model."""

    def __init__(self, dynamodb: AwsJson, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def facts(self, title_id: str, account_id: str) -> StartFacts:
        """Title and account in one batched read; UnavailableError when it stays incomplete."""
        title_key = _key(f"TITLE#{title_id}", "TITLE")
        items = self._read([title_key, _key(f"ACCOUNT#{account_id}", "ACCOUNT")])
        title = items.get(f"TITLE#{title_id}")
        account = items.get(f"ACCOUNT#{account_id}", {})
        return StartFacts(
            title=None if title is None or "document" not in title else _title(title_id, title),
            account_blocked="blocked_at" in account,
            allowance=_allowance(account),
        )

    def _read(self, keys: list[Item]) -> dict[str, Item]:
        """Items by partition key, however many calls it takes within reason."""
        items: dict[str, Item] = {}
        for _ in range(READ_ATTEMPTS):
            answer = self._dynamodb.call(
                "BatchGetItem", RequestItems={self._table_name: {"Keys": keys}}
            )
            for item in answer["Responses"].get(self._table_name, []):
                items[item["pk"]["S"]] = item
            unread = answer.get("UnprocessedKeys", {}).get(self._table_name)
            if not unread:
                return items
            keys = [_key(key["pk"]["S"], key["sk"]["S"]) for key in unread["Keys"]]
        raise UnavailableError("Titles cannot be read right now; try again.")

    def open(self, session: Session) -> None:
        """Keep a new play; ConflictError when its id was drawn before."""
        try:
            self._dynamodb.call(
                "PutItem",
                TableName=self._table_name,
                Item=_session_item(session),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ConditionFailedError as error:
            raise ConflictError("This play has already been started.") from error

    def find(self, session_id: str) -> Session | None:
        """A play as last written, None when there is none."""
        answer = self._dynamodb.call(
            "GetItem",
            TableName=self._table_name,
            Key=_key(f"SESSION#{session_id}", "SESSION"),
            ConsistentRead=True,
        )
        item = answer.get("Item")
        return None if item is None else _session(session_id, item)

    def end(self, session_id: str, account_id: str, now: datetime) -> bool:
        """End an account's play; the first end stands."""
        return self._update(
            _key(f"SESSION#{session_id}", "SESSION"),
            "SET ended_at = if_not_exists(ended_at, :now)",
            "account_id = :account",
            {":now": {"N": _epoch(now)}, ":account": {"S": account_id}},
        )

    def use(self, session_id: str, viewer: Viewer, now: datetime) -> Session | None:
        """Count a licence of a viewer's play that lives and has some left: one atomic write."""
        try:
            answer = self._dynamodb.call(
                "UpdateItem",
                TableName=self._table_name,
                Key=_key(f"SESSION#{session_id}", "SESSION"),
                UpdateExpression="ADD licences :one",
                ConditionExpression=(
                    "account_id = :account AND profile_id = :profile AND device_id = :device"
                    " AND attribute_not_exists(ended_at) AND expires_at > :now"
                    " AND licences < :most"
                ),
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":account": {"S": viewer.account_id},
                    ":profile": {"S": viewer.profile_id},
                    ":device": {"S": viewer.device_id},
                    ":now": {"N": _epoch(now)},
                    ":most": {"N": str(MOST_LICENCES)},
                },
                ReturnValues="ALL_NEW",
            )
        except ConditionFailedError:
            return None
        return _session(session_id, answer["Attributes"])

    def save_title(self, title: Title) -> None:
        """Keep a title unless a newer one is kept, and which asset it plays."""
        asset = f"CONTENT#{title.asset_id}"
        self._dynamodb.call(
            "PutItem", TableName=self._table_name, Item=_key(asset, f"TITLE#{title.title_id}")
        )
        self._update(
            _key(f"TITLE#{title.title_id}", "TITLE"),
            "SET event_sequence = :sequence, asset_id = :asset, document = :document",
            "attribute_not_exists(event_sequence) OR event_sequence < :sequence",
            {
                ":sequence": {"N": str(title.sequence)},
                ":asset": {"S": title.asset_id},
                ":document": {"S": _json(records.title_document(title))},
            },
        )

    def withdraw_title(self, title_id: str, sequence: int) -> None:
        """Keep nothing of a title but the sequence of its end."""
        self._update(
            _key(f"TITLE#{title_id}", "TITLE"),
            "SET event_sequence = :sequence"
            " REMOVE document, keys_asset, keys_sequence, keys_document, asset_id",
            "attribute_not_exists(event_sequence) OR event_sequence < :sequence",
            {":sequence": {"N": str(sequence)}},
        )

    def save_keys(self, keys: AssetKeys) -> None:
        """Keep an asset's keys unless newer ones are kept."""
        self._update(
            _key(f"CONTENT#{keys.content_id}", "KEYS"),
            "SET event_sequence = :sequence, document = :document",
            "attribute_not_exists(event_sequence) OR event_sequence < :sequence",
            {
                ":sequence": {"N": str(keys.sequence)},
                ":document": {"S": _json(records.keys_document(keys))},
            },
        )

    def save_allowance(self, account_id: str, allowance: Allowance, sequence: int) -> None:
        """Keep what an account's plan allows, unless something newer is kept."""
        self._update(
            _key(f"ACCOUNT#{account_id}", "ACCOUNT"),
            "SET event_sequence = :sequence, streams = :streams, max_height = :height",
            "attribute_not_exists(expires_at) AND"
            " (attribute_not_exists(event_sequence) OR event_sequence < :sequence)",
            {
                ":sequence": {"N": str(sequence)},
                ":streams": {"N": str(allowance.streams)},
                ":height": {"N": str(allowance.max_height)},
            },
        )

    def forget_account(self, account_id: str, deleted_at: datetime) -> None:
        """Leave only that the account may not play, which expires."""
        gone = {
            **_key(f"ACCOUNT#{account_id}", "ACCOUNT"),
            "blocked_at": {"N": _epoch(deleted_at)},
            "expires_at": {"N": _epoch(deleted_at + REMEMBERED_GONE)},
        }
        self._dynamodb.call("PutItem", TableName=self._table_name, Item=gone)

    def join(self, asset_id: str) -> None:
        """Copy an asset's keys to its titles.

        Both events write first and join after, reading consistently: whichever comes second
        sees the other's write, so the keys arrive in every order.
        """
        items = list(self._content(asset_id))
        kept = next((item for item in items if item["sk"]["S"] == "KEYS"), None)
        if kept is None:
            return
        titles = [item["sk"]["S"] for item in items if item["sk"]["S"].startswith("TITLE#")]
        for title in titles:
            self._copy_keys(title, asset_id, kept)

    def _content(self, asset_id: str) -> Iterator[Item]:
        """What is kept of an asset, page by page."""
        page: dict[str, Any] = {}
        while not page or "LastEvaluatedKey" in page:
            begin = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if page else {}
            page = self._dynamodb.call(
                "Query",
                TableName=self._table_name,
                KeyConditionExpression="pk = :asset",
                ExpressionAttributeValues={":asset": {"S": f"CONTENT#{asset_id}"}},
                ConsistentRead=True,
                **begin,
            )
            yield from page["Items"]

    def _copy_keys(self, title: str, asset_id: str, kept: Item) -> None:
        self._update(
            _key(title, "TITLE"),
            "SET keys_asset = :asset, keys_sequence = :sequence, keys_document = :document",
            "asset_id = :asset AND (attribute_not_exists(keys_asset) OR keys_asset <> :asset"
            " OR keys_sequence < :sequence)",
            {
                ":asset": {"S": asset_id},
                ":sequence": {"N": kept["event_sequence"]["N"]},
                ":document": {"S": kept["document"]["S"]},
            },
        )

    def _update(self, key: Item, update: str, condition: str, values: Item) -> bool:
        """Update an item; False when the condition does not hold."""
        try:
            self._dynamodb.call(
                "UpdateItem",
                TableName=self._table_name,
                Key=key,
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except ConditionFailedError:
            return False
        return True


def _allowance(account: Item) -> Allowance:
    if "streams" not in account:
        return UNTOLD
    return Allowance(int(account["streams"]["N"]), int(account["max_height"]["N"]))


def _title(title_id: str, item: Item) -> Title:
    keys = item.get("keys_document")
    return records.title_from(
        title_id,
        item["asset_id"]["S"],
        int(item["event_sequence"]["N"]),
        json.loads(item["document"]["S"]),
        None if keys is None else records.keys_from(json.loads(keys["S"])),
    )


def _session_item(session: Session) -> Item:
    viewer = session.viewer
    return {
        **_key(f"SESSION#{session.session_id}", "SESSION"),
        "account_id": {"S": viewer.account_id},
        "profile_id": {"S": viewer.profile_id},
        "device_id": {"S": viewer.device_id},
        "expires_at": {"N": _epoch(session.expires_at)},
        "licences": {"N": str(session.licences)},
        "document": {"S": _json(records.session_document(session))},
    }


def _session(session_id: str, item: Item) -> Session:
    ended_at = item.get("ended_at")
    return records.session_from(
        session_id,
        Viewer(item["account_id"]["S"], item["profile_id"]["S"], item["device_id"]["S"]),
        json.loads(item["document"]["S"]),
        expires_at=int(item["expires_at"]["N"]),
        ended_at=None if ended_at is None else int(ended_at["N"]),
        licences=int(item["licences"]["N"]),
    )
