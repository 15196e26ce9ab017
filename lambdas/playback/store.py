"""Sessions and the read model in DynamoDB, by its API's own operations.

Items: `TITLE#<id>/TITLE` with its asset's keys copied in, `CONTENT#<asset>/KEYS` and
`CONTENT#<asset>/TITLE#<id>` (which titles play an asset), whose conditions compare plain
attributes and whose rest is one JSON document; `ACCOUNT#<id>/ACCOUNT` with what the account may do
and the leases of its plays, and `ACCOUNT#<id>/DEVICE#<id>`, what a device is called. Of what is
gone the item stays for a while without all that, so that what is told late brings nothing back.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from kernel.aws.dynamodb import REQUEST_TOKEN_BYTES
from kernel.aws.json_client import AwsJson, ConditionFailedError, TransactionCancelledError
from kernel.clock import epoch_milliseconds, moment_of
from kernel.errors import UnavailableError
from kernel.events import outbox_item
from kernel.events.playback import PlayRevoked
from kernel.ids import new_ulid
from playback import records
from playback.account_write import AccountWrite
from playback.domain import (
    MOST_LICENCES,
    REMEMBERED_GONE,
    Allowance,
    AssetKeys,
    Session,
    Title,
    Viewer,
)
from playback.leases import Account, Reason, revocation
from playback.play_items import Value, account_from, epoch, number
from playback.ports import Names, StartFacts

Item = dict[str, Value]
"""Attributes as DynamoDB has them."""

READ_ATTEMPTS = 3
"""A batched read may leave keys unread under load; the third time it is the service's problem."""


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _account_key(account_id: str) -> Item:
    return _key(f"ACCOUNT#{account_id}", "ACCOUNT")


DEVICE = "DEVICE#"


def _device_key(account_id: str, device_id: str) -> Item:
    return _key(f"ACCOUNT#{account_id}", f"{DEVICE}{device_id}")


def _name(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


_OF_VIEWER = "plays.#play.profile_id = :profile AND plays.#play.device_id = :device"


def _viewer_values(viewer: Viewer) -> Item:
    return {":profile": {"S": viewer.profile_id}, ":device": {"S": viewer.device_id}}


_NO_NEWER_BLOCK = (
    "attribute_not_exists(expires_at) AND"
    " (attribute_not_exists(block_sequence) OR block_sequence < :sequence)"
)
"""Of a deleted account nothing is newer than that."""


def _json(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


class DynamoPlayback:
    """The playback table: sessions, licences' counters and the read model."""

    def __init__(self, dynamodb: AwsJson, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def facts(self, title_id: str, account_id: str) -> StartFacts:
        """Title and account in one batched read; UnavailableError when it stays incomplete."""
        title_key, account_key = _key(f"TITLE#{title_id}", "TITLE"), _account_key(account_id)
        items = self._read([title_key, account_key])
        title = items.get(_name(title_key))
        published = None if title is None or "document" not in title else _title(title_id, title)
        return StartFacts(
            title=published,
            account=account_from(account_id, items.get(_name(account_key), {})),
            was_withdrawn=title is not None and published is None,
        )

    def _read(self, keys: list[Item]) -> dict[tuple[str, str], Item]:
        """Items by key as last written, however many calls it takes within reason."""
        items: dict[tuple[str, str], Item] = {}
        for _ in range(READ_ATTEMPTS):
            # Consistently: who has just left a screen is not to find it taken.
            asked = {"Keys": keys, "ConsistentRead": True}
            answer = self._dynamodb.call("BatchGetItem", RequestItems={self._table_name: asked})
            for item in answer["Responses"].get(self._table_name, []):
                items[_name(item)] = item
            unread = answer.get("UnprocessedKeys", {}).get(self._table_name)
            if not unread:
                return items
            keys = [_key(*_name(key)) for key in unread["Keys"]]
        raise UnavailableError("Titles cannot be read right now; try again.")

    def account(self, account_id: str) -> Account:
        """An account as last written."""
        return account_from(account_id, self._item(_account_key(account_id)) or {})

    def _item(self, key: Item) -> Item | None:
        answer = self._dynamodb.call(
            "GetItem", TableName=self._table_name, Key=key, ConsistentRead=True
        )
        found: Item | None = answer.get("Item")
        return found

    def open(
        self, session: Session, account: Account, giving_way: Mapping[str, Reason], now: datetime
    ) -> bool:
        """Keep a new play; False when the account is not as it was read.

        How many leases there are is counted by the write's own condition, never by what was read.
        """
        write = AccountWrite(account.account_id, now)
        write.admit(session, account, giving_way)
        told = [revocation(account.plays[key], reason, now) for key, reason in giving_way.items()]
        return self._write(write, [event for event in told if event is not None], now)

    def revoke(self, account: Account, ending: Mapping[str, Reason], now: datetime) -> bool:
        """End an account's plays and tell of each; False when one has ended meanwhile."""
        write = AccountWrite(account.account_id, now)
        for session_id, reason in ending.items():
            write.end(session_id, reason)
        write.forget(account.forgettable(len(ending)))
        told = [revocation(account.plays[key], reason, now) for key, reason in ending.items()]
        return self._write(write, [event for event in told if event is not None], now)

    def _write(self, write: AccountWrite, told: list[PlayRevoked], now: datetime) -> bool:
        """Change an account's item, and with it the outbox where there is something to tell."""
        update = {"TableName": self._table_name, **write.parameters()}
        try:
            if told:
                events = [self._telling(event, now) for event in told]
                self._dynamodb.call(
                    "TransactWriteItems", TransactItems=[{"Update": update}, *events]
                )
            else:
                self._dynamodb.call("UpdateItem", **update)
        except ConditionFailedError:
            return False
        except TransactionCancelledError as error:
            reasons = {reason["Code"] for reason in error.response["CancellationReasons"]}
            if not reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                raise
            return False
        return True

    def _telling(self, event: PlayRevoked, now: datetime) -> dict[str, Any]:
        item = outbox_item(event, new_ulid(now), now)
        attributes = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in item.items()
        }
        return {"Put": {"TableName": self._table_name, "Item": attributes}}

    def names(self, plays: Collection[Session]) -> Names:
        """What the plays' devices and titles are called, in one batched read."""
        if not plays:
            return Names({}, {})
        devices = {
            play.viewer.device_id: _device_key(play.viewer.account_id, play.viewer.device_id)
            for play in plays
        }
        titles = {play.title_id: _key(f"TITLE#{play.title_id}", "TITLE") for play in plays}
        items = self._read([*devices.values(), *titles.values()])
        called = {
            device_id: items[_name(key)]["device_name"]["S"]
            for device_id, key in devices.items()
            if "device_name" in items.get(_name(key), {})
        }
        documents = {
            title_id: json.loads(items[_name(key)]["document"]["S"])
            for title_id, key in titles.items()
            if "document" in items.get(_name(key), {})
        }
        return Names(called, {title_id: kept["name"] for title_id, kept in documents.items()})

    def renew(self, session_id: str, viewer: Viewer, until: datetime) -> Session | None:
        """Hold a play's screen; a beacon that comes late shortens no lease."""
        try:
            answer = self._dynamodb.call(
                "UpdateItem",
                TableName=self._table_name,
                Key=_account_key(viewer.account_id),
                UpdateExpression="SET plays.#play.held_until = :until",
                ConditionExpression=f"{_OF_VIEWER} AND plays.#play.held_until < :until",
                ExpressionAttributeNames={"#play": session_id},
                ExpressionAttributeValues={**_viewer_values(viewer), ":until": epoch(until)},
                ReturnValues="ALL_NEW",
            )
        except ConditionFailedError:
            return None
        return account_from(viewer.account_id, answer["Attributes"]).plays[session_id]

    def leave(self, session_id: str, account_id: str, now: datetime) -> bool:
        """End a play that was left."""
        write = AccountWrite(account_id, now)
        write.end(session_id, "left")
        return self._write(write, [], now)

    def use(self, session_id: str, viewer: Viewer, now: datetime) -> Session | None:
        """Count a licence of a viewer's play that is held and has some left: one atomic write."""
        try:
            answer = self._dynamodb.call(
                "UpdateItem",
                TableName=self._table_name,
                Key=_account_key(viewer.account_id),
                UpdateExpression="ADD plays.#play.licences :one",
                ConditionExpression=(
                    f"{_OF_VIEWER} AND plays.#play.held_until > :now"
                    " AND plays.#play.expires_at > :now"
                    " AND plays.#play.licences < :most AND attribute_not_exists(blocked_at)"
                ),
                ExpressionAttributeNames={"#play": session_id},
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    **_viewer_values(viewer),
                    ":now": epoch(now),
                    ":most": {"N": str(MOST_LICENCES)},
                },
                ReturnValues="ALL_NEW",
            )
        except ConditionFailedError:
            return None
        return account_from(viewer.account_id, answer["Attributes"]).plays[session_id]

    def give_back(self, session_id: str, viewer: Viewer) -> None:
        """Count one licence less, in a transaction because its token keeps a call that is made
        again from counting twice."""
        update = {
            "TableName": self._table_name,
            "Key": _account_key(viewer.account_id),
            "UpdateExpression": "ADD plays.#play.licences :less",
            "ConditionExpression": f"{_OF_VIEWER} AND plays.#play.licences > :none",
            "ExpressionAttributeNames": {"#play": session_id},
            "ExpressionAttributeValues": {
                **_viewer_values(viewer),
                ":less": {"N": "-1"},
                ":none": {"N": "0"},
            },
        }
        try:
            self._dynamodb.call(
                "TransactWriteItems",
                TransactItems=[{"Update": update}],
                ClientRequestToken=secrets.token_hex(REQUEST_TOKEN_BYTES),
            )
        except TransactionCancelledError:
            # The play has ended, or is being changed: then the licence stays counted.
            return

    def keys(self, asset_id: str) -> AssetKeys | None:
        """An asset's keys."""
        item = self._item(_key(f"CONTENT#{asset_id}", "KEYS"))
        return None if item is None else records.keys_from(json.loads(item["document"]["S"]))

    def sign_out(self, account_id: str, ended: str, at: datetime) -> Account:
        """Keep that a sign-in or a device ended."""
        return self._mark(account_id, "#mark", {"#mark": ended}, at)

    def sign_out_everywhere(self, account_id: str, at: datetime) -> Account:
        """Keep that all sign-ins up to then ended."""
        return self._mark(account_id, "signed_out_ms", {}, at)

    def _mark(self, account_id: str, mark: str, names: dict[str, str], at: datetime) -> Account:
        self._update(
            _account_key(account_id),
            f"SET {mark} = :at",
            f"attribute_not_exists({mark}) OR {mark} < :at",
            {":at": number(epoch_milliseconds(at))},
            names,
        )
        return self.account(account_id)

    def block(self, account_id: str, sequence: int) -> Account:
        """Keep that an account may not play."""
        self._update(
            _account_key(account_id),
            "SET blocked_at = :at, block_sequence = :sequence",
            _NO_NEWER_BLOCK,
            {":sequence": number(sequence), ":at": epoch(moment_of(sequence))},
        )
        return self.account(account_id)

    def unblock(self, account_id: str, sequence: int) -> None:
        """Keep that it may play again."""
        self._update(
            _account_key(account_id),
            "SET block_sequence = :sequence REMOVE blocked_at",
            _NO_NEWER_BLOCK,
            {":sequence": number(sequence)},
        )

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
            "SET event_sequence = :sequence, streams = :streams, max_height = :height,"
            " downloads = :downloads",
            "attribute_not_exists(expires_at) AND"
            " (attribute_not_exists(event_sequence) OR event_sequence < :sequence)",
            {
                ":sequence": {"N": str(sequence)},
                ":streams": {"N": str(allowance.streams)},
                ":height": {"N": str(allowance.max_height)},
                ":downloads": {"N": str(allowance.downloads)},
            },
        )

    def forget_account(self, account_id: str, deleted_at: datetime) -> None:
        """Leave only that the account may not play, which expires."""
        gone = {
            **_account_key(account_id),
            "blocked_at": epoch(deleted_at),
            "expires_at": epoch(deleted_at + REMEMBERED_GONE),
        }
        self._dynamodb.call("PutItem", TableName=self._table_name, Item=gone)
        for item in self._under(f"ACCOUNT#{account_id}"):
            if item["sk"]["S"].startswith(DEVICE):
                self._delete(_key(*_name(item)))

    def save_device(self, account_id: str, device_id: str, name: str, sequence: int) -> None:
        """Keep what a device is called."""
        key = _device_key(account_id, device_id)
        is_kept = self._update(
            key,
            "SET event_sequence = :sequence, device_name = :name REMOVE expires_at",
            "attribute_not_exists(event_sequence) OR event_sequence < :sequence",
            {":sequence": number(sequence), ":name": {"S": name}},
        )
        # Written first and looked after: whichever of this and a deletion is second sees the other.
        if is_kept and "expires_at" in (self._item(_account_key(account_id)) or {}):
            self._delete(key)

    def forget_device(self, account_id: str, device_id: str, removed_at: datetime) -> None:
        """Keep of a removed device only when that was, which expires."""
        self._update(
            _device_key(account_id, device_id),
            "SET event_sequence = :sequence, expires_at = :end REMOVE device_name",
            "attribute_not_exists(event_sequence) OR event_sequence <= :sequence",
            {
                ":sequence": number(epoch_milliseconds(removed_at)),
                ":end": epoch(removed_at + REMEMBERED_GONE),
            },
        )

    def _delete(self, key: Item) -> None:
        self._dynamodb.call("DeleteItem", TableName=self._table_name, Key=key)

    def join(self, asset_id: str) -> None:
        """Copy an asset's keys to its titles.

        Both events write first and join after, reading consistently: whichever comes second
        sees the other's write, so the keys arrive in every order.
        """
        items = list(self._under(f"CONTENT#{asset_id}"))
        kept = next((item for item in items if item["sk"]["S"] == "KEYS"), None)
        if kept is None:
            return
        titles = [item["sk"]["S"] for item in items if item["sk"]["S"].startswith("TITLE#")]
        for title in titles:
            self._copy_keys(title, asset_id, kept)

    def _under(self, pk: str) -> Iterator[Item]:
        """What is kept under a partition key, page by page."""
        page: dict[str, Any] = {}
        while not page or "LastEvaluatedKey" in page:
            begin = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if page else {}
            page = self._dynamodb.call(
                "Query",
                TableName=self._table_name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
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

    def _update(
        self,
        key: Item,
        update: str,
        condition: str,
        values: Item,
        names: dict[str, str] | None = None,
    ) -> bool:
        """Update an item; False when the condition does not hold."""
        try:
            self._dynamodb.call(
                "UpdateItem",
                TableName=self._table_name,
                Key=key,
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                **({"ExpressionAttributeNames": names} if names else {}),
            )
        except ConditionFailedError:
            return False
        return True


def _title(title_id: str, item: Item) -> Title:
    keys = item.get("keys_document")
    return records.title_from(
        title_id,
        item["asset_id"]["S"],
        int(item["event_sequence"]["N"]),
        json.loads(item["document"]["S"]),
        None if keys is None else records.keys_from(json.loads(keys["S"])),
    )
