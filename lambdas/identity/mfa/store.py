"""Second factors in the domain's DynamoDB table.

PENDING#<digest>   PENDING       a page that waits for a code
ACCOUNT#<id>       FACTOR#totp   the account's authenticator app, its secret sealed
ACCOUNT#<id>       RECOVERY      digests of the recovery codes that are left

Which factors an account has stands in its own item, as a set: who signs in reads that anyway.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from identity.accounts.store import TableWrites, sign_ins_kept
from identity.domain import Account
from identity.items import (
    ABSENT,
    epoch,
    is_refused,
    key,
    milliseconds,
    moment,
    number,
    precise_moment,
    text,
)
from identity.mfa.domain import (
    CHANGED,
    TOTP,
    AuthenticatorApp,
    Pending,
    StaleSignInError,
    TwoStepIsOffError,
    TwoStepIsOnError,
)
from identity.single_use import SingleUse
from identity.store import app_item, app_key, recovery_key
from kernel.errors import ConflictError
from kernel.events import Event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class DynamoPendingSteps:
    """`PendingSteps` in DynamoDB."""

    client: DynamoDBClient
    table: str

    def keep(self, pending: Pending) -> None:
        """Record a page."""
        self._pages.keep(
            pending.digest,
            {
                **text(account_id=pending.account_id, sealed_secret=pending.sealed_secret),
                "began": milliseconds(pending.began),
                "expires_at": epoch(pending.expires_at),
            },
        )

    def find(self, digest: str) -> Pending | None:
        """The page, whether or not its time is over."""
        item = self._pages.find(digest)
        if item is None:
            return None
        return Pending(
            digest=digest,
            account_id=item["account_id"]["S"],
            began=precise_moment(item, "began"),
            expires_at=moment(item, "expires_at"),
            sealed_secret=item["sealed_secret"]["S"],
        )

    @property
    def _pages(self) -> SingleUse:
        return SingleUse(self.client, self.table, "PENDING")


@dataclass(frozen=True)
class DynamoFactors:
    """`Factors` in DynamoDB: a code is taken by one conditional write."""

    client: DynamoDBClient
    table: str

    def app(self, account_id: str) -> AuthenticatorApp | None:
        """The account's authenticator app."""
        answer = self.client.get_item(
            TableName=self.table, Key=app_key(account_id), ConsistentRead=True
        )
        item = answer.get("Item")
        if item is None:
            return None
        return AuthenticatorApp(item["sealed_secret"]["S"], int(item["last_step"]["N"]))

    def take_step(self, account_id: str, step: int) -> bool:
        """Take the code of that step; False when it or a later one was taken."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=app_key(account_id),
                UpdateExpression="SET last_step = :step",
                ConditionExpression="last_step < :step",
                ExpressionAttributeValues={":step": number(step)},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def take_recovery_code(self, account_id: str, digest: str, told: Event, now: datetime) -> bool:
        """Take a recovery code; False when it is none, or was taken."""
        taking = self._update(
            recovery_key(account_id),
            "DELETE codes :codes",
            "contains(codes, :code)",
            {":codes": {"SS": [digest]}, ":code": {"S": digest}},
        )
        try:
            self._write.all_of(taking, self._write.event(told, now))
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            return False
        return True

    def turn_on(
        self,
        account: Account,
        app: AuthenticatorApp,
        recovery_digests: Collection[str],
        told: Event,
        now: datetime,
    ) -> None:
        """Ask for a second step from now on; TwoStepIsOnError, StaleSignInError."""
        codes = [self._write.put(_recovery_item(account, recovery_digests))]
        kept, ended = sign_ins_kept(account)
        try:
            self._write.all_of(
                self._update(
                    key("ACCOUNT", account.account_id),
                    "ADD factors :factor",
                    f"attribute_exists(pk) AND attribute_not_exists(deletion_due) AND {kept}",
                    {
                        ":factor": {"SS": [TOTP]},
                        **{f":{name}": number(value) for name, value in ended.items()},
                    },
                ),
                self._write.put(app_item(account.account_id, app, now), ABSENT),
                *(codes if recovery_digests else ()),
                self._write.event(told, now),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            if self.app(account.account_id) is None:
                raise StaleSignInError(CHANGED) from error
            raise TwoStepIsOnError("You sign in in two steps already.") from error

    def turn_off(self, account: Account, told: Event, now: datetime) -> None:
        """Forget the app and the recovery codes; TwoStepIsOffError."""
        self._all_unless(
            TwoStepIsOffError("You do not sign in in two steps."),
            self._update(
                key("ACCOUNT", account.account_id),
                "DELETE factors :factor",
                "attribute_exists(pk)",
                {":factor": {"SS": [TOTP]}},
            ),
            self._write.remove(
                app_key(account.account_id), ConditionExpression="attribute_exists(pk)"
            ),
            self._write.remove(recovery_key(account.account_id)),
            self._write.event(told, now),
        )

    def replace_recovery_codes(
        self, account: Account, digests: Collection[str], told: Event, now: datetime
    ) -> None:
        """Only these codes are good from now on; TwoStepIsOffError."""
        # Set on the app, too, so that nobody who turned it off meanwhile is left with codes.
        self._all_unless(
            TwoStepIsOffError("You do not sign in in two steps."),
            self._update(
                app_key(account.account_id),
                "SET recovery_since = :now",
                "attribute_exists(pk)",
                {":now": epoch(now)},
            ),
            self._write.put(_recovery_item(account, digests)),
            self._write.event(told, now),
        )

    @property
    def _write(self) -> TableWrites:
        return TableWrites(self.client, self.table)

    def _update(
        self, where: dict[str, Any], change: str, condition: str, values: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self.table,
                "Key": where,
                "UpdateExpression": change,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }

    def _all_unless(self, refusal: ConflictError, *parts: dict[str, Any]) -> None:
        try:
            self._write.all_of(*parts)
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            raise refusal from error


def _recovery_item(account: Account, digests: Collection[str]) -> dict[str, Any]:
    return {**recovery_key(account.account_id), "codes": {"SS": sorted(digests)}}
