"""Passkeys and their ceremonies in DynamoDB (`items` says where)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from identity.accounts.store import TableWrites, sign_ins_kept
from identity.domain import Account
from identity.items import (
    ABSENT,
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
from identity.passkeys.domain import (
    MOST_PASSKEYS,
    STALE,
    UNKNOWN,
    Assertion,
    Ceremony,
    KnownPasskeyError,
    Passkey,
    StaleCeremonyError,
    TooManyPasskeysError,
    UnknownPasskeyError,
)
from identity.passkeys.items import claim_key, passkey_items, passkey_key
from identity.single_use import SingleUse
from kernel.events import Event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TEXTS = ("passkey_id", "account_id", "name", "credential", "credential_id")
_THERE = "attribute_exists(pk)"


@dataclass(frozen=True)
class DynamoCeremonies:
    """`Ceremonies` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def begin(self, ceremony: Ceremony) -> None:
        """Record a ceremony."""
        self._kept.keep(
            ceremony.digest,
            {
                **text(account_id=ceremony.account_id),
                "began": milliseconds(ceremony.began),
                "expires_at": epoch(ceremony.expires_at),
            },
        )

    def find(self, digest: str) -> Ceremony | None:
        """The ceremony, whether or not its time is over."""
        return _ceremony(digest, self._kept.find(digest))

    def take(self, digest: str) -> Ceremony | None:
        """The ceremony, exactly once."""
        return _ceremony(digest, self._kept.take(digest))

    @property
    def _kept(self) -> SingleUse:
        return SingleUse(self.client, self.table, "CEREMONY")


@dataclass(frozen=True)
class DynamoPasskeys:
    """`Passkeys` in DynamoDB: the account counts them, so that no two writes make one too many."""

    client: DynamoDBClient
    table: str

    def of(self, account_id: str) -> Sequence[Passkey]:
        """All of an account."""
        return [_passkey(item) for item in passkey_items(self.client, self.table, account_id)]

    def find(self, account_id: str, passkey_id: str) -> Passkey | None:
        """One of an account."""
        answer = self.client.get_item(
            TableName=self.table, Key=passkey_key(account_id, passkey_id), ConsistentRead=True
        )
        return _passkey(answer["Item"]) if "Item" in answer else None

    def add(self, account: Account, passkey: Passkey, told: Event, now: datetime) -> None:
        """Record a passkey; TooManyPasskeysError, KnownPasskeyError, StaleCeremonyError."""
        kept, ended = sign_ins_kept(account)
        try:
            self._write.all_of(
                self._write.put(claim_key(passkey.passkey_id), ABSENT),
                self._write.change_account(
                    account,
                    "ADD passkeys :one",
                    f"{_THERE} AND attribute_not_exists(deletion_due) AND {kept} "
                    "AND (attribute_not_exists(passkeys) OR passkeys < :most)",
                    one=1,
                    most=MOST_PASSKEYS,
                    **ended,
                ),
                self._write.put(_item(passkey), ABSENT),
                self._write.event(told, now),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            reasons = cast("dict[str, Any]", error.response)["CancellationReasons"]
            if reasons[0]["Code"] == "ConditionalCheckFailed":
                raise KnownPasskeyError("That passkey is on an account already.") from error
            if len(self.of(account.account_id)) < MOST_PASSKEYS:
                raise StaleCeremonyError(STALE) from error
            raise TooManyPasskeysError(
                f"An account has at most {MOST_PASSKEYS} passkeys. Remove one first.",
                limit=MOST_PASSKEYS,
            ) from error

    def rename(self, account_id: str, passkey_id: str, name: str) -> None:
        """Call it something else; UnknownPasskeyError."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=passkey_key(account_id, passkey_id),
                UpdateExpression="SET #name = :name",
                ConditionExpression=_THERE,
                ExpressionAttributeNames={"#name": "name"},
                ExpressionAttributeValues=text(**{":name": name}),
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise UnknownPasskeyError(UNKNOWN) from error

    def remove(self, account_id: str, passkey_id: str, told: Event, now: datetime) -> None:
        """Forget it; UnknownPasskeyError."""
        fewer = {
            "TableName": self.table,
            "Key": key("ACCOUNT", account_id),
            "UpdateExpression": "ADD passkeys :less",
            "ConditionExpression": _THERE,
            "ExpressionAttributeValues": {":less": number(-1)},
        }
        try:
            self._write.all_of(
                self._write.remove(passkey_key(account_id, passkey_id), ConditionExpression=_THERE),
                self._write.remove(claim_key(passkey_id)),
                {"Update": fewer},
                self._write.event(told, now),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            raise UnknownPasskeyError(UNKNOWN) from error

    def use(self, passkey: Passkey, assertion: Assertion, now: datetime) -> bool:
        """Note a sign-in, if its counter is ahead of the last one's, or both count nothing."""
        is_ahead = "sign_count < :count" if assertion.sign_count else "sign_count = :count"
        try:
            self.client.update_item(
                TableName=self.table,
                Key=passkey_key(passkey.account_id, passkey.passkey_id),
                UpdateExpression=(
                    "SET sign_count = :count, is_backed_up = :backed_up, last_used_at = :now"
                ),
                ConditionExpression=f"{_THERE} AND {is_ahead}",
                ExpressionAttributeValues={
                    ":count": number(assertion.sign_count),
                    ":backed_up": {"BOOL": assertion.is_backed_up},
                    ":now": epoch(now),
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    @property
    def _write(self) -> TableWrites:
        return TableWrites(self.client, self.table)


def _ceremony(digest: str, item: Item | None) -> Ceremony | None:
    if item is None:
        return None
    return Ceremony(
        digest=digest,
        account_id=item["account_id"]["S"],
        began=precise_moment(item, "began"),
        expires_at=moment(item, "expires_at"),
    )


def _item(passkey: Passkey) -> dict[str, Any]:
    return {
        **passkey_key(passkey.account_id, passkey.passkey_id),
        **text(**{name: getattr(passkey, name) for name in _TEXTS}),
        "sign_count": number(passkey.sign_count),
        "is_backed_up": {"BOOL": passkey.is_backed_up},
        "created_at": epoch(passkey.created_at),
    }


def _passkey(item: Item) -> Passkey:
    return Passkey(
        **{name: item[name]["S"] for name in _TEXTS},
        sign_count=int(item["sign_count"]["N"]),
        is_backed_up=item["is_backed_up"]["BOOL"],
        created_at=moment(item, "created_at"),
        last_used_at=moment(item, "last_used_at") if "last_used_at" in item else None,
    )
