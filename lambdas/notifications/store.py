"""The ledger of letters in DynamoDB: LETTER#<key>, LETTER.

A letter is claimed by a conditional put before it is sent, and marked after. An item without
`sent` is a claim, good until `claimed_until`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from notifications.domain import CLAIM, REMEMBERED, StillSendingError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def _key(key: str) -> dict[str, Any]:
    return {"pk": {"S": f"LETTER#{key}"}, "sk": {"S": "LETTER"}}


def _epoch(moment: datetime) -> dict[str, str]:
    return {"N": str(int(moment.timestamp()))}


@dataclass(frozen=True)
class DynamoLedger:
    """`Ledger` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def claim(self, key: str, now: datetime) -> bool:
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

    def sent(self, key: str) -> None:
        """It was sent."""
        self.client.update_item(
            TableName=self.table,
            Key=_key(key),
            UpdateExpression="SET sent = :yes",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def release(self, key: str) -> None:
        """It was not sent: there is no claim any more."""
        self.client.delete_item(TableName=self.table, Key=_key(key))
