"""Devices in identity's table; sessions are the families that `oauth.store` keeps there.

ACCOUNT#<account>  DEVICE#<id>  a device; one without a place is forgotten with its sign-in
ACCOUNT#<account>  DEVICES      places: how many the plan allows, are taken, were given up lately;
                                of a deleted account only when that may be forgotten
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from identity.devices.domain import (
    LEAST_DEVICES,
    REMEMBERED_GONE,
    Device,
    Household,
    Kind,
    Places,
    Session,
)
from identity.items import (
    Item,
    epoch,
    key,
    milliseconds,
    moment,
    number,
    precise_moment,
    telling,
    text,
)
from identity.oauth.grants import REFRESH_LIFE
from kernel.events import Event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_NOT_GONE = "attribute_not_exists(expires_at)"
"""Of places: only those of a deleted account end, and there is no other one by its id later."""

_REGISTERED, _VISITING = {"S": "registered"}, {"S": "visiting"}


def _device_key(account_id: str, device_id: str) -> dict[str, Any]:
    return text(pk=f"ACCOUNT#{account_id}", sk=f"DEVICE#{device_id}")


def _places_key(account_id: str) -> dict[str, Any]:
    return text(pk=f"ACCOUNT#{account_id}", sk="DEVICES")


@dataclass(frozen=True)
class DynamoDevices:
    """`Devices` in DynamoDB: a place is taken by one conditional write on the account's item."""

    client: DynamoDBClient
    table: str

    def of(self, account_id: str, now: datetime) -> Household:
        """All of the account's devices and the sessions that have not ended."""
        items = self._items(account_id)
        kinds = {kind: [i for i in items if _is(i, kind)] for kind in ("DEVICE#", "FAMILY#")}
        places = next((item for item in items if _is_of_places(item)), None)
        return Household(
            places=_places(places),
            devices=[_device(item) for item in kinds["DEVICE#"]],
            sessions=[_session(item) for item in kinds["FAMILY#"] if _is_live(item, now)],
        )

    def places(self, account_id: str) -> Places:
        """How many the account may have, and has."""
        answer = self.client.get_item(
            TableName=self.table, Key=_places_key(account_id), ConsistentRead=True
        )
        return _places(answer.get("Item"))

    def seen(self, account_id: str, device_id: str, now: datetime) -> Device | None:
        """The device, noted to have been seen now."""
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=_device_key(account_id, device_id),
                UpdateExpression="SET last_seen = :now",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":now": epoch(now)},
                ReturnValues="ALL_NEW",
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return None
        return _device(answer["Attributes"])

    def add(
        self, account_id: str, device: Device, places: Places, told: Sequence[Event], now: datetime
    ) -> bool:
        """Record a device. One without a place stays as long as a sign-in can."""
        item = {
            **_device_key(account_id, device.device_id),
            **text(device_id=device.device_id, name=device.name, kind=device.kind),
            "first_seen": epoch(device.first_seen),
            "last_seen": epoch(device.last_seen),
            "standing": _REGISTERED if device.is_registered else _VISITING,
        }
        if not device.is_registered:
            item["expires_at"] = epoch(now + REFRESH_LIFE)
        putting = {
            "Put": {
                "TableName": self.table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk) OR standing = :visiting",
                "ExpressionAttributeValues": {":visiting": _VISITING},
            }
        }
        parts = [putting, *(telling(self.table, event, now) for event in told)]
        if device.is_registered:
            parts.append(
                self._change_places(
                    account_id,
                    "SET taken = if_not_exists(taken, :none) + :one, "
                    "removals = if_not_exists(removals, :none)",
                    "(attribute_not_exists(taken) OR taken < :most)",
                    places,
                    {":one": number(1), ":most": number(places.most_taken(now))},
                )
            )
        return self._all_of(parts)

    def rename(
        self, account_id: str, device_id: str, name: str, told: Sequence[Event], now: datetime
    ) -> bool:
        """Another name."""
        naming = {
            "Update": {
                "TableName": self.table,
                "Key": _device_key(account_id, device_id),
                "UpdateExpression": "SET #name = :name",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeNames": {"#name": "name"},
                "ExpressionAttributeValues": text(**{":name": name}),
            }
        }
        return self._all_of([naming, *(telling(self.table, event, now) for event in told)])

    def remove(
        self, account_id: str, device: Device, places: Places, told: Event, now: datetime
    ) -> bool:
        """Forget a device; of a registered one the moment is kept."""
        standing = _REGISTERED if device.is_registered else _VISITING
        parts: list[dict[str, Any]] = [
            {
                "Delete": {
                    "TableName": self.table,
                    "Key": _device_key(account_id, device.device_id),
                    "ConditionExpression": "standing = :standing",
                    "ExpressionAttributeValues": {":standing": standing},
                }
            },
            telling(self.table, told, now),
        ]
        if device.is_registered:
            counted = [milliseconds(at) for at in (*places.lately(now), now)]
            parts.append(
                self._change_places(
                    account_id,
                    "SET taken = taken - :one, removed_at = :counted, "
                    "removals = if_not_exists(removals, :none) + :one",
                    "taken >= :one",
                    places,
                    {":one": number(1), ":counted": {"L": counted}},
                )
            )
        return self._all_of(parts)

    def end_all(self, account_id: str, told: Event, now: datetime) -> None:
        """End every sign-in that began before now."""
        ending = {
            "Update": {
                "TableName": self.table,
                "Key": key("ACCOUNT", account_id),
                "UpdateExpression": "SET sessions_from = :now",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": {":now": milliseconds(now)},
            }
        }
        self.client.transact_write_items(
            TransactItems=cast(
                "list[TransactWriteItemTypeDef]", [ending, telling(self.table, told, now)]
            )
        )

    def allow(self, account_id: str, devices: int, sequence: int) -> bool:
        """How many the account's plan allows."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_places_key(account_id),
                UpdateExpression="SET allowed = :devices, plan_sequence = :sequence",
                ConditionExpression=(
                    f"{_NOT_GONE} AND"
                    " (attribute_not_exists(plan_sequence) OR plan_sequence < :sequence)"
                ),
                ExpressionAttributeValues={
                    ":devices": number(devices),
                    ":sequence": number(sequence),
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def forget(self, account_id: str, deleted_at: datetime) -> int:
        """Delete devices and sign-ins, and leave of the places only that the account is gone."""
        gone = {
            **_places_key(account_id),
            "expires_at": epoch(deleted_at + REMEMBERED_GONE),
        }
        # First, so that no device has a place any more that would not be found below.
        self.client.put_item(TableName=self.table, Item=gone)
        items = self._items(account_id)
        for item in items:
            self.client.delete_item(TableName=self.table, Key={"pk": item["pk"], "sk": item["sk"]})
        return len(items)

    def _items(self, account_id: str) -> list[Item]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            # Devices, places and families stand side by side; `$` follows `#`.
            KeyConditionExpression="pk = :account AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=text(
                **{":account": f"ACCOUNT#{account_id}", ":first": "DEVICE", ":last": "FAMILY$"}
            ),
            ConsistentRead=True,
        )
        found = (item for page in pages for item in page["Items"])
        return [i for i in found if _is_of_places(i) or _is(i, "DEVICE#", "FAMILY#")]

    def _change_places(
        self,
        account_id: str,
        change: str,
        condition: str,
        places: Places,
        values: dict[str, Any],
    ) -> dict[str, Any]:
        """A change of places from which no device was removed since they were read, of an account
        that is not gone."""
        counted = number(places.removals)
        return {
            "Update": {
                "TableName": self.table,
                "Key": _places_key(account_id),
                "UpdateExpression": change,
                "ConditionExpression": (
                    f"{condition} AND {_NOT_GONE} AND"
                    " (attribute_not_exists(removals) OR removals = :removals)"
                ),
                "ExpressionAttributeValues": {
                    ":none": number(0),
                    ":removals": counted,
                    **values,
                },
            }
        }

    def _all_of(self, parts: Sequence[dict[str, Any]]) -> bool:
        """All or nothing; False when a condition, or another transaction, was in the way."""
        try:
            self.client.transact_write_items(
                TransactItems=cast("list[TransactWriteItemTypeDef]", list(parts))
            )
        except self.client.exceptions.TransactionCanceledException as error:
            reasons = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if not reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                raise
            return False
        return True


def _is(item: Item, *kinds: str) -> bool:
    return str(item["sk"]["S"]).startswith(kinds)


def _is_of_places(item: Item) -> bool:
    return item["sk"]["S"] == "DEVICES" and "expires_at" not in item


def _is_live(item: Item, now: datetime) -> bool:
    return "started_at" in item and "revoked_at" not in item and moment(item, "expires_at") > now


def _places(item: Item | None) -> Places:
    found = item if item is not None and _is_of_places(item) else {}
    return Places(
        limit=int(found["allowed"]["N"]) if "allowed" in found else LEAST_DEVICES,
        taken=int(found["taken"]["N"]) if "taken" in found else 0,
        removed_at=tuple(
            precise_moment({"at": at}, "at")
            for at in (found["removed_at"]["L"] if "removed_at" in found else ())
        ),
        removals=int(found["removals"]["N"]) if "removals" in found else 0,
    )


def _device(item: Item) -> Device:
    return Device(
        device_id=item["device_id"]["S"],
        name=item["name"]["S"],
        kind=cast("Kind", item["kind"]["S"]),
        first_seen=moment(item, "first_seen"),
        last_seen=moment(item, "last_seen"),
        is_registered=item["standing"] == _REGISTERED,
    )


def _session(item: Item) -> Session:
    began = moment(item, "started_at")
    return Session(
        session_id=item["family_id"]["S"],
        device_id=item["device_id"]["S"],
        client_id=item["client_id"]["S"],
        began=began,
        # Every renewal leaves its moment there: what was used last costs no write of its own.
        last_used=precise_moment(item, "rotated_at") if "rotated_at" in item else began,
    )
