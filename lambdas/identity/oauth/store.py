"""Codes and families in the domain's DynamoDB table.

CODE#<digest>      CODE         an authorization code, kept when spent so that replay is noticed
ACCOUNT#<account>  FAMILY#<id>  one sign-in: digests of the secrets of its refresh tokens; its last
                                rotation; whether it was revoked
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from identity.items import (
    ABSENT,
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
from identity.oauth.clients import AuthorizationRequest
from identity.oauth.errors import InvalidGrantError
from identity.oauth.grants import (
    REFRESH_LIFE,
    AuthorizationCode,
    Family,
    Rotation,
)
from kernel.clock import epoch_milliseconds
from kernel.errors import UnavailableError
from kernel.events.identity import SessionEnded

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REVOKE_TRIES = 5
"""How often an end that met a renewal of the same sign-in is tried."""

_FAMILY_TEXTS = (
    "family_id",
    "account_id",
    "client_id",
    "device_id",
    "scope",
    "family_digest",
    "token_digest",
    "key_thumbprint",
    "profile_id",
    "methods",
)


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

    def find_code(self, code_digest: str) -> AuthorizationCode | None:
        """The code, spent or not."""
        item = self._get(key("CODE", code_digest))
        return None if item is None else _code(code_digest, item)

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

    def start(self, family: Family) -> None:
        """Record a sign-in."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_family_key(family.account_id, family.family_id),
                    **text(**{name: getattr(family, name) for name in _FAMILY_TEXTS}),
                    "started_at": epoch(family.started_at),
                    "expires_at": epoch(family.expires_at),
                    "device_registered": {"BOOL": family.device_registered},
                    **_signed_in(family.signed_in_at),
                },
                ConditionExpression=ABSENT,
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise InvalidGrantError("The sign-in was ended before it began.") from error

    def family(self, account_id: str, family_id: str) -> Family | None:
        """The sign-in that tokens descend from."""
        return _family(self._get(_family_key(account_id, family_id)))

    def rotate(self, family: Family, renewed: Family) -> bool:
        """Spend a refresh token for its successor: one write, of the family's item alone."""
        last = renewed.rotation
        assert last is not None
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_family_key(family.account_id, family.family_id),
                UpdateExpression=(
                    "SET token_digest = :next, key_thumbprint = :key, "
                    "device_registered = :registered, last_spent = :before, last_sealed = :sealed, "
                    "last_key = :last_key, rotated_at = :now, expires_at = :until, "
                    "arrival = :arrival"
                ),
                ConditionExpression="token_digest = :before AND attribute_not_exists(revoked_at)",
                ExpressionAttributeValues={
                    **text(
                        **{
                            ":before": family.token_digest,
                            ":next": renewed.token_digest,
                            ":key": renewed.key_thumbprint,
                            ":last_key": last.key_thumbprint,
                            ":sealed": last.sealed_successor,
                        }
                    ),
                    ":registered": {"BOOL": renewed.device_registered},
                    ":now": milliseconds(last.at),
                    ":until": epoch(renewed.expires_at),
                    ":arrival": number(renewed.arrival_ms),
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
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
        nobody is told. Again is no error."""
        for _ in range(REVOKE_TRIES):
            item = self._get(_family_key(account_id, family_id))
            if item is not None and "revoked_at" in item:
                return
            family = _family(item)
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


def _family(item: Item | None) -> Family | None:
    """The sign-in; None for one that has not begun, or was ended before it did."""
    if item is None or "started_at" not in item:
        return None
    return Family(
        **{name: item[name]["S"] for name in _FAMILY_TEXTS},
        started_at=moment(item, "started_at"),
        expires_at=moment(item, "expires_at"),
        is_revoked="revoked_at" in item,
        rotation=_rotation(item),
        device_registered=item["device_registered"]["BOOL"],
        signed_in_at=_signed_in_at(item),
        arrival_ms=int(item["arrival"]["N"]) if "arrival" in item else 0,
    )


def _ended(family: Family, now: datetime) -> SessionEnded:
    return SessionEnded(
        sequence=epoch_milliseconds(now),
        account_id=family.account_id,
        device_id=family.device_id,
        family_id=family.family_id,
    )


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
