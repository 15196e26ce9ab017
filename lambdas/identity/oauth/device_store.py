"""Devices that wait to be let in, and the forms that decide about them, in the domain's table.

DEVICE#<digest>       DEVICE     a device by its own code
USERCODE#<code>       USERCODE   which device shows that code
TICKET#<digest>       TICKET     a form that was shown and not yet sent
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from identity.items import (
    ABSENT,
    BUSY,
    Item,
    epoch,
    is_refused,
    key,
    milliseconds,
    moment,
    number,
    precise_moment,
    text,
)
from identity.oauth.device_grants import DeviceGrant, Status
from identity.oauth.ports import Ticket
from identity.single_use import SingleUse
from kernel.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TEXTS = ("user_code", "client_id", "scope", "device_name", "asked_from", "status", "account_id")
_TICKET_TEXTS = ("visit_digest", "account_id", "user_code")


@dataclass(frozen=True)
class DynamoDeviceGrants:
    """`DeviceGrants` in DynamoDB: deciding and taking are one conditional write each."""

    client: DynamoDBClient
    table: str

    def keep(self, grant: DeviceGrant) -> bool:
        """Record a device; False when another one waits under its user code."""
        claim = {
            **key("USERCODE", grant.user_code),
            **text(code_digest=grant.code_digest),
            "expires_at": epoch(grant.expires_at),
        }
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self.table,
                            "Item": claim,
                            # TTL deletes late: a code whose time is over is free again.
                            "ConditionExpression": f"{ABSENT} OR expires_at <= :now",
                            "ExpressionAttributeValues": {":now": epoch(grant.asked_at)},
                        }
                    },
                    {
                        "Put": {
                            "TableName": self.table,
                            "Item": _item(grant),
                            "ConditionExpression": ABSENT,
                        }
                    },
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise UnavailableError(BUSY) from error
            return False
        return True

    def by_device_code(self, code_digest: str) -> DeviceGrant | None:
        """The device."""
        item = self._get(key("DEVICE", code_digest))
        return None if item is None else _grant(code_digest, item)

    def by_user_code(self, user_code: str) -> DeviceGrant | None:
        """The device that shows that code."""
        claim = self._get(key("USERCODE", user_code))
        return None if claim is None else self.by_device_code(claim["code_digest"]["S"])

    def note_poll(self, grant: DeviceGrant) -> None:
        """Record when it was asked for last, and how long to wait now."""
        if grant.polled_at is None:
            return
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key("DEVICE", grant.code_digest),
                UpdateExpression="SET polled_at = :at, poll_interval = :interval",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={
                    ":at": milliseconds(grant.polled_at),
                    ":interval": number(int(grant.interval.total_seconds())),
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def decide(
        self, code_digest: str, *, status: Status, account_id: str, scope: str, now: datetime
    ) -> bool:
        """Approve or deny it; False when that was done before or its time is over."""
        values = text(
            **{":status": status, ":account": account_id, ":scope": scope, ":pending": "pending"}
        )
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key("DEVICE", code_digest),
                UpdateExpression="SET #status = :status, account_id = :account, #scope = :scope",
                ConditionExpression="#status = :pending AND expires_at > :now",
                ExpressionAttributeNames={"#status": "status", "#scope": "scope"},
                ExpressionAttributeValues={**values, ":now": epoch(now)},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def take(self, code_digest: str) -> DeviceGrant | None:
        """The device, if it is approved, exactly once; its codes are gone then."""
        try:
            answer = self.client.delete_item(
                TableName=self.table,
                Key=key("DEVICE", code_digest),
                ConditionExpression="#status = :approved",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=text(**{":approved": "approved"}),
                ReturnValues="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return None
        return _grant(code_digest, answer["Attributes"])

    def _get(self, item_key: dict[str, Any]) -> Item | None:
        answer = self.client.get_item(TableName=self.table, Key=item_key, ConsistentRead=True)
        return answer.get("Item")


@dataclass(frozen=True)
class DynamoTickets:
    """`Tickets` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def keep(self, ticket: Ticket) -> None:
        """Record a ticket."""
        self._forms.keep(
            ticket.digest,
            {
                **text(**{name: getattr(ticket, name) for name in _TICKET_TEXTS}),
                "expires_at": epoch(ticket.expires_at),
            },
        )

    def take(self, ticket_digest: str) -> Ticket | None:
        """The ticket, exactly once."""
        item = self._forms.take(ticket_digest)
        if item is None:
            return None
        return Ticket(
            digest=ticket_digest,
            expires_at=moment(item, "expires_at"),
            **{name: item[name]["S"] for name in _TICKET_TEXTS},
        )

    @property
    def _forms(self) -> SingleUse:
        return SingleUse(self.client, self.table, "TICKET")


def _item(grant: DeviceGrant) -> dict[str, Any]:
    return {
        **key("DEVICE", grant.code_digest),
        **text(**{name: getattr(grant, name) for name in _TEXTS}),
        "asked_at": milliseconds(grant.asked_at),
        "expires_at": epoch(grant.expires_at),
        "poll_interval": number(int(grant.interval.total_seconds())),
    }


def _grant(code_digest: str, item: Item) -> DeviceGrant:
    texts = {name: item[name]["S"] for name in _TEXTS}
    return DeviceGrant(
        code_digest=code_digest,
        **{**texts, "status": cast(Any, texts["status"])},
        asked_at=precise_moment(item, "asked_at"),
        expires_at=moment(item, "expires_at"),
        interval=timedelta(seconds=int(item["poll_interval"]["N"])),
        polled_at=precise_moment(item, "polled_at") if "polled_at" in item else None,
    )
