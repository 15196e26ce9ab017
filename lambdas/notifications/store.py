"""Letters, and addresses that take none, in DynamoDB.

ACCOUNT#<account>  LETTER#<name>            a letter that was sent, or is being sent
ACCOUNT#<account>  UNDELIVERABLE#<digest>   an address of its letters that takes none
ADDRESS#<digest>   UNDELIVERABLE            the same by address, whoever is written to there

An address stands nowhere in words: whoever asks has it.

A letter is claimed by a conditional put before it is sent, and marked after. An item without
`sent` is a claim, good until `claimed_until`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from notifications.domain import (
    CLAIM,
    REMEMBERED,
    UNDELIVERABLE_FOR,
    LetterKey,
    StillSendingError,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def _key(key: LetterKey) -> dict[str, Any]:
    return {"pk": {"S": f"ACCOUNT#{key.account_id}"}, "sk": {"S": f"LETTER#{key.name}"}}


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}


@dataclass(frozen=True)
class DynamoLedger:
    """`Ledger` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def claim(self, key: LetterKey, now: datetime) -> bool:
        """Take a letter to send; a claim that is over counts for nothing."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_key(key),
                    "claimed_until": _epoch(now + CLAIM),
                    "expires_at": _epoch(now + REMEMBERED),
                },
                ConditionExpression=(
                    "attribute_not_exists(pk) OR "
                    "(attribute_not_exists(sent) AND claimed_until <= :now)"
                ),
                ExpressionAttributeValues={":now": _epoch(now)},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            found = cast("dict[str, Any]", error.response).get("Item", {})
            if "sent" in found:
                return False
            raise StillSendingError("Another function is sending this letter.") from error
        return True

    def sent(self, key: LetterKey) -> None:
        """It was sent."""
        self.client.update_item(
            TableName=self.table,
            Key=_key(key),
            UpdateExpression="SET sent = :yes",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def release(self, key: LetterKey) -> None:
        """It was not sent: there is no claim any more."""
        self.client.delete_item(TableName=self.table, Key=_key(key))

    def forget(self, account_id: str) -> int:
        """Delete all that is kept of a deleted account, by its addresses too."""
        items = account_items(self.client, self.table, account_id)
        for item in items:
            _, marked, digest = item["sk"]["S"].partition("UNDELIVERABLE#")
            if marked:
                self.client.delete_item(TableName=self.table, Key=_mark_key(digest))
            self.client.delete_item(TableName=self.table, Key={"pk": item["pk"], "sk": item["sk"]})
        return len(items)


def account_items(client: DynamoDBClient, table: str, account_id: str) -> list[Mapping[str, Any]]:
    """All that is kept of an account."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :account",
        ExpressionAttributeValues={":account": {"S": f"ACCOUNT#{account_id}"}},
        ConsistentRead=True,
    )
    return [item for page in pages for item in page["Items"]]


def _mark_key(digest: str) -> dict[str, Any]:
    return {"pk": {"S": f"ADDRESS#{digest}"}, "sk": {"S": "UNDELIVERABLE"}}


def address_digest(address: str) -> str:
    """What an address is known by, however it is cased."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


@dataclass(frozen=True)
class DynamoAddresses:
    """`Addresses` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def undeliverable(self, address: str, now: datetime) -> str | None:
        """Why an address takes no letters; TTL deletes late, so its time is looked at."""
        answer = self.client.get_item(
            TableName=self.table, Key=_mark_key(address_digest(address)), ConsistentRead=True
        )
        item = answer.get("Item")
        if item is None or int(item["expires_at"]["N"]) <= now.timestamp():
            return None
        return str(item["kind"]["S"])

    def mark(self, address: str, kind: str, account_id: str | None, now: datetime) -> None:
        """Send nothing there for a while."""
        digest = address_digest(address)
        facts = {
            "kind": {"S": kind},
            "marked_at": _epoch(now),
            "expires_at": _epoch(now + UNDELIVERABLE_FOR),
        }
        self.client.put_item(TableName=self.table, Item={**_mark_key(digest), **facts})
        if account_id is not None:
            key = {"pk": {"S": f"ACCOUNT#{account_id}"}, "sk": {"S": f"UNDELIVERABLE#{digest}"}}
            self.client.put_item(TableName=self.table, Item={**key, **facts})
