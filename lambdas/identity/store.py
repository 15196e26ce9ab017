"""Accounts, codes and refresh tokens in one DynamoDB table.

ACCOUNT#<id>      ACCOUNT   an account
EMAIL#<address>   EMAIL     which account an address belongs to
CODE#<digest>     CODE      an authorization code until it is spent
REFRESH#<digest>  REFRESH   a refresh token, kept when spent so that a second use is noticed
FAMILY#<id>       FAMILY    exists once a sign-in was revoked
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from identity.domain import (
    REFRESH_LIFE,
    Account,
    AuthorizationCode,
    AuthorizationRequest,
    EmailTakenError,
    InvalidGrantError,
    RefreshToken,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]
_ABSENT = "attribute_not_exists(pk)"


def _text(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


def _key(kind: str, name: str) -> dict[str, Any]:
    return _text(pk=f"{kind}#{name}", sk=kind)


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _moment(item: Item, name: str) -> datetime:
    return datetime.fromtimestamp(int(item[name]["N"]), UTC)


def _epoch(moment: datetime) -> dict[str, str]:
    return _number(int(moment.timestamp()))


@dataclass(frozen=True)
class DynamoAccounts:
    """`Accounts` in DynamoDB: an address is claimed in the transaction that makes its account."""

    client: DynamoDBClient
    table: str

    def add(self, account: Account) -> None:
        """Record a new account; EmailTakenError when its address has one."""
        item = {
            **_key("ACCOUNT", account.account_id),
            **_text(
                account_id=account.account_id,
                email=account.email,
                password_hash=account.password_hash,
                scopes=" ".join(account.scopes),
                profile_id=account.profile_id,
            ),
            "created_at": _epoch(account.created_at),
        }
        claim = {**_key("EMAIL", account.email), **_text(account_id=account.account_id)}
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self.table,
                            "Item": new,
                            "ConditionExpression": _ABSENT,
                        }
                    }
                    for new in (claim, item)
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            raise EmailTakenError(
                "There is an account with that e-mail address.", field="email"
            ) from error

    def by_email(self, email: str) -> Account | None:
        """The account with that canonical address."""
        claim = self._get(_key("EMAIL", email))
        return None if claim is None else self.by_id(claim["account_id"]["S"])

    def by_id(self, account_id: str) -> Account | None:
        """The account."""
        item = self._get(_key("ACCOUNT", account_id))
        if item is None:
            return None
        return Account(
            account_id=item["account_id"]["S"],
            email=item["email"]["S"],
            password_hash=item["password_hash"]["S"],
            scopes=tuple(item["scopes"]["S"].split(" ")),
            profile_id=item["profile_id"]["S"],
            created_at=_moment(item, "created_at"),
        )

    def _get(self, key: dict[str, Any]) -> Item | None:
        answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return answer.get("Item")


@dataclass(frozen=True)
class DynamoGrants:
    """`Grants` in DynamoDB: spending is one conditional write."""

    client: DynamoDBClient
    table: str

    def keep_code(self, code: AuthorizationCode) -> None:
        """Record a code."""
        self.client.put_item(
            TableName=self.table,
            Item={
                **_key("CODE", code.code_digest),
                **_text(
                    account_id=code.account_id,
                    scope=code.scope,
                    **{
                        f"asked_{name}": value
                        for name, value in dataclasses.asdict(code.request).items()
                    },
                ),
                "expires_at": _epoch(code.expires_at),
            },
            ConditionExpression=_ABSENT,
        )

    def spend_code(self, code_digest: str, now: datetime) -> AuthorizationCode:
        """The code, exactly once; InvalidGrantError when unknown, spent or expired."""
        answer = self.client.delete_item(
            TableName=self.table, Key=_key("CODE", code_digest), ReturnValues="ALL_OLD"
        )
        item = answer.get("Attributes")
        if item is None or _moment(item, "expires_at") <= now:
            raise InvalidGrantError("The code is unknown, used or expired.")
        asked = {
            field.name: item[f"asked_{field.name}"]["S"]
            for field in dataclasses.fields(AuthorizationRequest)
        }
        return AuthorizationCode(
            code_digest=code_digest,
            request=AuthorizationRequest(**asked),
            account_id=item["account_id"]["S"],
            scope=item["scope"]["S"],
            expires_at=_moment(item, "expires_at"),
        )

    def keep_refresh(self, token: RefreshToken) -> None:
        """Record the first refresh token of a sign-in."""
        self.client.put_item(
            TableName=self.table, Item=_refresh_item(token), ConditionExpression=_ABSENT
        )

    def rotate_refresh(
        self, token_digest: str, client_id: str, next_digest: str, now: datetime
    ) -> RefreshToken:
        """Spend a refresh token for its successor; reuse revokes the whole family first."""
        answer = self.client.get_item(
            TableName=self.table, Key=_key("REFRESH", token_digest), ConsistentRead=True
        )
        item = answer.get("Item")
        if item is None or item["client_id"]["S"] != client_id:
            raise InvalidGrantError("The refresh token is unknown.")
        spent = _refresh_token(token_digest, item)
        if "spent_at" in item:
            self._revoke(spent.family_id, now)
            raise InvalidGrantError("The refresh token was used before; sign in again.")
        if spent.expires_at <= now:
            raise InvalidGrantError("The refresh token has expired; sign in again.")
        successor = spent.followed_by(next_digest, now)
        self._swap(spent, successor, now)
        return successor

    def _swap(self, spent: RefreshToken, successor: RefreshToken, now: datetime) -> None:
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {
                        "ConditionCheck": {
                            "TableName": self.table,
                            "Key": _key("FAMILY", spent.family_id),
                            "ConditionExpression": _ABSENT,
                        }
                    },
                    {
                        "Update": {
                            "TableName": self.table,
                            "Key": _key("REFRESH", spent.token_digest),
                            "UpdateExpression": "SET spent_at = :now",
                            "ConditionExpression": "attribute_not_exists(spent_at)",
                            "ExpressionAttributeValues": {":now": _epoch(now)},
                        }
                    },
                    {"Put": {"TableName": self.table, "Item": _refresh_item(successor)}},
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            self._revoke(spent.family_id, now)
            raise InvalidGrantError("The refresh token is revoked; sign in again.") from error

    def _revoke(self, family_id: str, now: datetime) -> None:
        self.client.put_item(
            TableName=self.table,
            Item={**_key("FAMILY", family_id), "expires_at": _epoch(now + REFRESH_LIFE)},
        )


def _refresh_item(token: RefreshToken) -> dict[str, Any]:
    return {
        **_key("REFRESH", token.token_digest),
        **_text(
            family_id=token.family_id,
            account_id=token.account_id,
            client_id=token.client_id,
            device_id=token.device_id,
            scope=token.scope,
        ),
        "expires_at": _epoch(token.expires_at),
    }


def _refresh_token(token_digest: str, item: Item) -> RefreshToken:
    return RefreshToken(
        token_digest=token_digest,
        family_id=item["family_id"]["S"],
        account_id=item["account_id"]["S"],
        client_id=item["client_id"]["S"],
        device_id=item["device_id"]["S"],
        scope=item["scope"]["S"],
        expires_at=_moment(item, "expires_at"),
    )
