"""Codes, families and refresh tokens in the domain's DynamoDB table.

CODE#<digest>      CODE         an authorization code, kept when spent so that replay is noticed
REFRESH#<digest>   REFRESH      a refresh token, kept when spent so that a second use is noticed
ACCOUNT#<account>  FAMILY#<id>  one sign-in; its last rotation; whether it was revoked
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
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
    telling,
    text,
)
from identity.oauth.clients import AuthorizationRequest
from identity.oauth.errors import InvalidGrantError
from identity.oauth.grants import (
    REFRESH_LIFE,
    AuthorizationCode,
    Family,
    RefreshToken,
    Rotation,
)
from kernel.clock import epoch_milliseconds
from kernel.errors import UnavailableError
from kernel.events.identity import SessionEnded

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REVOKE_TRIES = 5
"""How often an end that met a renewal of the same sign-in is tried."""

_FAMILY_TEXTS = ("family_id", "account_id", "client_id", "device_id", "scope")
_REFRESH_TEXTS = (*_FAMILY_TEXTS, "key_thumbprint")


def _family_key(account_id: str, family_id: str) -> dict[str, Any]:
    return text(pk=f"ACCOUNT#{account_id}", sk=f"FAMILY#{family_id}")


@dataclass(frozen=True)
class DynamoGrants:
    """`Grants` in DynamoDB: spending is one conditional write."""

    client: DynamoDBClient
    table: str

    def keep_code(self, code: AuthorizationCode) -> None:
        """Record a code."""
        asked = dataclasses.asdict(code.request)
        self.client.put_item(
            TableName=self.table,
            Item={
                **key("CODE", code.code_digest),
                **text(
                    account_id=code.account_id,
                    scope=code.scope,
                    methods=code.methods,
                    **{f"asked_{name}": value for name, value in asked.items()},
                ),
                "expires_at": epoch(code.expires_at),
                # When it was given out decides whether a new password since has ended it.
                "ends_at": milliseconds(code.expires_at),
                **_signed_in(code.signed_in_at),
            },
            ConditionExpression=ABSENT,
        )

    def spend_code(self, code_digest: str, family_id: str) -> AuthorizationCode | None:
        """The code, from now on spent for that family; None when there is no such code."""
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=key("CODE", code_digest),
                UpdateExpression="SET spent_for = :family",
                ConditionExpression="attribute_exists(pk) AND attribute_not_exists(spent_for)",
                ExpressionAttributeValues=text(**{":family": family_id}),
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            spent = cast("Item | None", error.response.get("Item"))
            return None if spent is None else _code(code_digest, spent)
        return _code(code_digest, answer["Attributes"])

    def start(self, family: Family, token: RefreshToken) -> None:
        """Record a sign-in with its first refresh token."""
        item = {
            **_family_key(family.account_id, family.family_id),
            **_texts(family, (*_FAMILY_TEXTS, "methods")),
            **text(profile_id=family.profile_id),
            "started_at": epoch(family.started_at),
            "expires_at": epoch(family.expires_at),
        }
        puts = (item, _refresh_item(token))
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self.table,
                            "Item": new,
                            "ConditionExpression": ABSENT,
                        }
                    }
                    for new in puts
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise UnavailableError(BUSY) from error
            raise InvalidGrantError("The sign-in was ended before it began.") from error

    def refresh_token(self, token_digest: str) -> RefreshToken | None:
        """The refresh token, spent or not."""
        item = self._get(key("REFRESH", token_digest))
        if item is None or "key_thumbprint" not in item:
            # Tokens from before sign-ins were kept as families end with this version.
            return None
        return RefreshToken(
            token_digest=token_digest,
            expires_at=moment(item, "expires_at"),
            is_spent="spent_at" in item,
            methods=_methods(item),
            device_registered="device_registered" in item,
            signed_in_at=_signed_in_at(item),
            **{name: item[name]["S"] for name in _REFRESH_TEXTS},
        )

    def family(self, account_id: str, family_id: str) -> Family | None:
        """The sign-in that tokens descend from."""
        item = self._get(_family_key(account_id, family_id))
        if item is None or "started_at" not in item:
            return None
        return Family(
            **{name: item[name]["S"] for name in _FAMILY_TEXTS},
            started_at=moment(item, "started_at"),
            expires_at=moment(item, "expires_at"),
            is_revoked="revoked_at" in item,
            rotation=_rotation(item),
            profile_id=item["profile_id"]["S"] if "profile_id" in item else "",
            methods=_methods(item),
            arrival_ms=int(item["arrival"]["N"]) if "arrival" in item else 0,
        )

    def rotate(
        self,
        spent: RefreshToken,
        successor: RefreshToken,
        sealed_successor: str,
        now: datetime,
        *,
        arrival_ms: int,
    ) -> bool:
        """Spend a refresh token for its successor, all or nothing."""
        last = text(
            **{
                ":spent": spent.token_digest,
                ":sealed": sealed_successor,
                ":key": successor.key_thumbprint,
            }
        )
        in_family = {
            "Key": _family_key(spent.account_id, spent.family_id),
            "UpdateExpression": (
                "SET last_spent = :spent, last_sealed = :sealed, last_key = :key, "
                "rotated_at = :now, expires_at = :until, arrival = :arrival"
            ),
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(revoked_at)",
            "ExpressionAttributeValues": {
                **last,
                ":now": milliseconds(now),
                ":until": epoch(successor.expires_at),
                ":arrival": number(arrival_ms),
            },
        }
        spending = {
            "Key": key("REFRESH", spent.token_digest),
            "UpdateExpression": "SET spent_at = :now",
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(spent_at)",
            "ExpressionAttributeValues": {":now": epoch(now)},
        }
        try:
            self.client.transact_write_items(
                TransactItems=[
                    {"Update": {"TableName": self.table, **in_family}},  # type: ignore[typeddict-item]
                    {"Update": {"TableName": self.table, **spending}},  # type: ignore[typeddict-item]
                    {"Put": {"TableName": self.table, "Item": _refresh_item(successor)}},
                ]
            )
        except self.client.exceptions.TransactionCanceledException:
            return False
        return True

    def enter(self, account_id: str, family_id: str, profile_id: str) -> bool:
        """Whose the sign-in's tokens are from the next one on; False when it has ended."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_family_key(account_id, family_id),
                UpdateExpression="SET profile_id = :profile",
                ConditionExpression=(
                    "attribute_exists(started_at) AND attribute_not_exists(revoked_at)"
                ),
                ExpressionAttributeValues=text(**{":profile": profile_id}),
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def revoke(self, account_id: str, family_id: str, now: datetime) -> None:
        """End a sign-in and tell of it; one that has not begun yet cannot begin any more, and
        nobody is told."""
        for _ in range(REVOKE_TRIES):
            family = self.family(account_id, family_id)
            if family is not None and family.is_revoked:
                return
            begun = "attribute_exists" if family is not None else "attribute_not_exists"
            ending = {
                "Key": _family_key(account_id, family_id),
                "UpdateExpression": "SET revoked_at = :now, expires_at = :until REMOVE last_sealed",
                "ConditionExpression": f"attribute_not_exists(revoked_at) AND {begun}(started_at)",
                "ExpressionAttributeValues": {
                    ":now": epoch(now),
                    ":until": epoch(now + REFRESH_LIFE),
                },
            }
            told = [] if family is None else [_ended(family, now)]
            try:
                self.client.transact_write_items(
                    TransactItems=[
                        {"Update": {"TableName": self.table, **ending}},  # type: ignore[typeddict-item]
                        *(telling(self.table, event, now) for event in told),
                    ]
                )
            except self.client.exceptions.TransactionCanceledException:
                # It began, ended or was renewed meanwhile.
                continue
            return
        raise UnavailableError("This sign-in is being renewed elsewhere. Try again.")

    def _get(self, item_key: dict[str, Any]) -> Item | None:
        answer = self.client.get_item(TableName=self.table, Key=item_key, ConsistentRead=True)
        return answer.get("Item")


def _ended(family: Family, now: datetime) -> SessionEnded:
    return SessionEnded(
        sequence=epoch_milliseconds(now),
        account_id=family.account_id,
        device_id=family.device_id,
        family_id=family.family_id,
    )


def _texts(record: Family | RefreshToken, names: tuple[str, ...]) -> dict[str, Any]:
    return text(**{name: getattr(record, name) for name in names})


def _refresh_item(token: RefreshToken) -> dict[str, Any]:
    registered = {"device_registered": {"BOOL": True}} if token.device_registered else {}
    return {
        **registered,
        **key("REFRESH", token.token_digest),
        **_texts(token, (*_REFRESH_TEXTS, "methods")),
        "expires_at": epoch(token.expires_at),
        **_signed_in(token.signed_in_at),
    }


def _signed_in(at: datetime | None) -> dict[str, Any]:
    return {} if at is None else {"signed_in_at": milliseconds(at)}


def _signed_in_at(item: Item) -> datetime | None:
    return precise_moment(item, "signed_in_at") if "signed_in_at" in item else None


def _methods(item: Item) -> str:
    """How the owner was known; before that was written down, by the password."""
    return item["methods"]["S"] if "methods" in item else "pwd"


def _rotation(item: Item) -> Rotation | None:
    if "last_sealed" not in item:
        return None
    return Rotation(
        spent_digest=item["last_spent"]["S"],
        sealed_successor=item["last_sealed"]["S"],
        key_thumbprint=item["last_key"]["S"],
        at=precise_moment(item, "rotated_at"),
    )


def _code(code_digest: str, item: Item) -> AuthorizationCode:
    asked = {
        field.name: item[f"asked_{field.name}"]["S"]
        for field in dataclasses.fields(AuthorizationRequest)
        # A code from before this version lacks what came with it.
        if f"asked_{field.name}" in item
    }
    return AuthorizationCode(
        code_digest=code_digest,
        request=AuthorizationRequest(**asked),
        account_id=item["account_id"]["S"],
        scope=item["scope"]["S"],
        expires_at=precise_moment(item, "ends_at"),
        spent_for=item["spent_for"]["S"] if "spent_for" in item else "",
        methods=_methods(item),
        signed_in_at=_signed_in_at(item),
    )
