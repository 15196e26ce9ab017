"""Subscriptions in DynamoDB: ACCOUNT#<id>, SUBSCRIPTION; a gone account's item expires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.domain import KEPT_PLANS, REMEMBERED_GONE, Subscription, UnknownAccountError
from kernel.clock import moment_of
from kernel.errors import ConflictError
from kernel.events import outbox_item
from kernel.events.billing import SubscriptionChanged
from kernel.ids import new_ulid
from kernel.republish import Page, key_at, position

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KIND = "SUBSCRIPTION"
NEVER_KEPT = "attribute_not_exists(pk)"
TOLD_BEFORE = "(attribute_not_exists(told_ms) OR told_ms < :now)"
KEPT_AND_OLDER = f"(attribute_exists(plan_name) AND since_ms < :now AND {TOLD_BEFORE})"
"""All that was told of the subscription is older than now: by itself, or since, once more."""


def _key(account_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"ACCOUNT#{account_id}"}, "sk": {"S": KIND}}


def _subscription(item: Mapping[str, Any]) -> Subscription:
    return Subscription(
        account_id=item["pk"]["S"].removeprefix("ACCOUNT#"),
        plan=KEPT_PLANS[item["plan_name"]["S"]],
        since=moment_of(int(item["since_ms"]["N"])),
    )


@dataclass(frozen=True)
class DynamoSubscriptions:
    """`Subscriptions` in DynamoDB: a change and its event are one conditional transaction."""

    client: DynamoDBClient
    table: str

    def of(self, account_id: str) -> Subscription | None:
        """The account's subscription."""
        item = self._item(account_id)
        return None if item is None or "plan_name" not in item else _subscription(item)

    def begin(self, first: Subscription) -> None:
        """Record an account's first subscription, unless it has one or is gone."""
        self._record(first, NEVER_KEPT, {})

    def change(self, changed: Subscription, by: str) -> None:
        """Record another one; UnknownAccountError or ConflictError."""
        condition = f"{NEVER_KEPT} OR {KEPT_AND_OLDER}"
        if self._record(changed, condition, {":now": {"N": str(changed.sequence)}}, by):
            return
        if self.of(changed.account_id) is None:
            raise UnknownAccountError("There is no such account.", account_id=changed.account_id)
        raise ConflictError("The plan was changed in this moment, too; look again.")

    def forget(self, account_id: str, now: datetime) -> None:
        """Keep nothing of an account but that it is gone."""
        gone = {"expires_at": {"N": str(int((now + REMEMBERED_GONE).timestamp()))}}
        self.client.put_item(TableName=self.table, Item={**_key(account_id), **gone})

    def page(self, after: str | None, items: int) -> Page[Subscription]:
        """Some subscriptions, from the table itself."""
        start = {} if after is None else {"ExclusiveStartKey": key_at(after)}
        answer = self.client.scan(
            TableName=self.table,
            FilterExpression="sk = :kind AND attribute_exists(plan_name)",
            ExpressionAttributeValues={":kind": {"S": KIND}},
            Limit=items,
            ConsistentRead=True,
            **start,  # type: ignore[arg-type] # a key is what the last scan answered
        )
        found = [_subscription(item) for item in answer["Items"]]
        return Page(found, position(answer.get("LastEvaluatedKey")))

    def tell_again(self, subscription: Subscription, now: datetime) -> bool:
        """Publish a subscription as it is; False when it has changed since it was read, or was
        told as late."""
        told = subscription.told(now)
        # Noted in the item: a change whose clock was read before is not told as the older one.
        noting = {
            "TableName": self.table,
            "Key": _key(subscription.account_id),
            "UpdateExpression": "SET told_ms = :now",
            "ConditionExpression": f"since_ms = :read AND {KEPT_AND_OLDER}",
            "ExpressionAttributeValues": {
                ":read": {"N": str(subscription.sequence)},
                ":now": {"N": str(told.sequence)},
            },
        }
        return self._tell({"Update": noting}, told, now)

    def _item(self, account_id: str) -> Mapping[str, Any] | None:
        answer = self.client.get_item(
            TableName=self.table, Key=_key(account_id), ConsistentRead=True
        )
        return answer.get("Item")

    def _record(
        self, recorded: Subscription, condition: str, values: dict[str, Any], by: str = ""
    ) -> bool:
        put = {
            "TableName": self.table,
            "Item": {
                **_key(recorded.account_id),
                "plan_name": {"S": recorded.plan.name},
                "since_ms": {"N": str(recorded.sequence)},
            },
            "ConditionExpression": condition,
            **({"ExpressionAttributeValues": values} if values else {}),
        }
        return self._tell({"Put": put}, recorded.told(recorded.since, by), recorded.since)

    def _tell(self, bound_to: dict[str, Any], told: SubscriptionChanged, now: datetime) -> bool:
        """Publish it together with what that is bound to; False when its condition fails."""
        event = outbox_item(told, new_ulid(now), now)
        item: dict[str, Any] = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in event.items()
        }
        try:
            self.client.transact_write_items(
                TransactItems=[
                    bound_to,  # type: ignore[list-item] # one of the operations, as above
                    {"Put": {"TableName": self.table, "Item": item}},
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            reasons: list[Mapping[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
            if not any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                raise
            return False
        return True
