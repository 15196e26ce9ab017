"""Consents in the domain's table.

ACCOUNT#<account>   CONSENTS   what each app may do: `scopes#<client>`, `since#<client>`
ASKED#<digest>      ASKED      a page that waits for an answer

One item holds all of an account's: there are few apps, and it goes with the account at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from identity.consent.domain import AskedConsent, Consent
from identity.items import (
    Item,
    epoch,
    is_refused,
    milliseconds,
    moment,
    precise_moment,
    telling,
    text,
)
from identity.single_use import SingleUse
from identity.store import consents_key
from kernel.events.identity import AppAllowed, AppStopped

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SCOPES = "scopes#"
_SINCE = "since#"


@dataclass(frozen=True)
class DynamoConsents:
    """`Consents` in DynamoDB: a change and what is told of it are one transaction."""

    client: DynamoDBClient
    table: str

    def ask(self, asked: AskedConsent) -> None:
        """Record a page."""
        self._pages.keep(
            asked.digest,
            {
                **text(account_id=asked.account_id, methods=asked.methods),
                "signed_in_at": milliseconds(asked.signed_in_at),
                "expires_at": epoch(asked.expires_at),
            },
        )

    def take(self, asked_digest: str) -> AskedConsent | None:
        """The page, exactly once."""
        item = self._pages.take(asked_digest)
        if item is None:
            return None
        return AskedConsent(
            digest=asked_digest,
            account_id=item["account_id"]["S"],
            methods=item["methods"]["S"],
            signed_in_at=precise_moment(item, "signed_in_at"),
            expires_at=moment(item, "expires_at"),
        )

    @property
    def _pages(self) -> SingleUse:
        return SingleUse(self.client, self.table, "ASKED")

    def of(self, account_id: str) -> Sequence[Consent]:
        """All that an account allowed, the oldest first."""
        answer = self.client.get_item(
            TableName=self.table, Key=consents_key(account_id), ConsistentRead=True
        )
        item = answer.get("Item", {})
        found = [
            Consent(
                client_id=name.removeprefix(_SCOPES),
                scopes=frozenset(value["SS"]),
                since=moment(item, _SINCE + name.removeprefix(_SCOPES)),
            )
            for name, value in item.items()
            if name.startswith(_SCOPES)
        ]
        return sorted(found, key=lambda each: each.since)

    def remember(self, told: AppAllowed, now: datetime) -> None:
        """Allow that, beside what was allowed before, and tell of it."""
        allowing = {
            "UpdateExpression": "ADD #scopes :scopes SET #since = if_not_exists(#since, :now)",
            "ExpressionAttributeValues": {
                ":scopes": {"SS": told.scope.split()},
                ":now": epoch(now),
            },
        }
        self._change(told, now, allowing)

    def withdraw(self, told: AppStopped, now: datetime) -> None:
        """Allow nothing any more, and tell of it; again is no error, and is not told again."""
        stopping = {
            "UpdateExpression": "REMOVE #scopes, #since",
            "ConditionExpression": "attribute_exists(#scopes)",
        }
        try:
            self._change(told, now, stopping)
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise

    def _change(self, told: AppAllowed | AppStopped, now: datetime, change: Item) -> None:
        update: Any = {
            "TableName": self.table,
            "Key": consents_key(told.account_id),
            "ExpressionAttributeNames": _names(told.client_id),
            **change,
        }
        self.client.transact_write_items(
            TransactItems=[{"Update": update}, telling(self.table, told, now)]
        )


def _names(client_id: str) -> dict[str, str]:
    return {"#scopes": _SCOPES + client_id, "#since": _SINCE + client_id}
