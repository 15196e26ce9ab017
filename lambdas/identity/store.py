"""Accounts in the domain's DynamoDB table.

ACCOUNT#<id>      ACCOUNT   an account
ACCOUNT#<id>      FACTOR#totp, RECOVERY   its second step (`mfa.store`), gone when it is
EMAIL#<address>   EMAIL     which account an address belongs to
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from identity.domain import Account, Block, EmailTakenError
from identity.items import (
    ABSENT,
    BUSY,
    Item,
    epoch,
    is_refused,
    key,
    moment,
    number,
    precise_moment,
    text,
)
from identity.profiles import document
from kernel.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from identity.mfa.domain import AuthenticatorApp


NOBODY = "acc_00000000000000000000000000"
"""An id that no account has."""


def account_item(account: Account) -> dict[str, Any]:
    """A new account as it is stored."""
    # DynamoDB has no empty sets.
    factors = {"factors": {"SS": sorted(account.factors)}} if account.factors else {}
    return {
        **factors,
        **key("ACCOUNT", account.account_id),
        **text(
            account_id=account.account_id,
            email=account.email,
            password_hash=account.password_hash,
            scopes=" ".join(account.scopes),
            profile_id=account.profile_id,
            language=account.language,
        ),
        "created_at": epoch(account.created_at),
    }


def email_claim(email: str, account_id: str) -> dict[str, Any]:
    """Which account an address belongs to, as it is stored."""
    return {**key("EMAIL", email), **text(account_id=account_id)}


def app_key(account_id: str) -> dict[str, Any]:
    """Where an account's authenticator app is kept."""
    return text(pk=f"ACCOUNT#{account_id}", sk="FACTOR#totp")


def app_item(account_id: str, app: AuthenticatorApp, since: datetime) -> dict[str, Any]:
    """An account's authenticator app as it is stored."""
    return {
        **app_key(account_id),
        **text(sealed_secret=app.sealed_secret),
        "last_step": number(app.last_step),
        "since": epoch(since),
    }


def recovery_key(account_id: str) -> dict[str, Any]:
    """Where an account's recovery codes are kept."""
    return text(pk=f"ACCOUNT#{account_id}", sk="RECOVERY")


def consents_key(account_id: str) -> dict[str, Any]:
    """Where it stands what an account allowed other apps."""
    return text(pk=f"ACCOUNT#{account_id}", sk="CONSENTS")


def _perhaps(item: Item, name: str) -> datetime | None:
    return precise_moment(item, name) if name in item else None


def _block(item: Item) -> Block | None:
    if "blocked_at" not in item:
        return None
    return Block(
        reason=item["block_reason"]["S"],
        note=item["block_note"]["S"],
        by=item["blocked_by"]["S"],
        at=precise_moment(item, "blocked_at"),
    )


@dataclass(frozen=True)
class DynamoAccounts:
    """`Accounts` in DynamoDB: an address is claimed in the transaction that makes its account."""

    client: DynamoDBClient
    table: str

    def add(self, account: Account, app: AuthenticatorApp | None = None) -> None:
        """Record a new account, with an app when it has one; EmailTakenError when its address has
        an account."""
        items = [email_claim(account.email, account.account_id), account_item(account)]
        if app is not None:
            items.append(app_item(account.account_id, app, account.created_at))
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
                    for new in items
                ]
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise UnavailableError(BUSY) from error
            raise EmailTakenError(
                "There is an account with that e-mail address.", field="email"
            ) from error

    def by_email(self, email: str) -> Account | None:
        """The account with that canonical address."""
        claim = self._get(key("EMAIL", email))
        # Read in either case: how long it takes does not tell whether there is one.
        account = self.by_id(NOBODY if claim is None else claim["account_id"]["S"])
        # The address may have passed to another account between the two reads.
        return account if account is not None and account.email == email else None

    def by_id(self, account_id: str) -> Account | None:
        """The account."""
        item = self._get(key("ACCOUNT", account_id))
        if item is None:
            return None
        return Account(
            account_id=item["account_id"]["S"],
            email=item["email"]["S"],
            password_hash=item["password_hash"]["S"],
            scopes=tuple(item["scopes"]["S"].split(" ")),
            profile_id=item["profile_id"]["S"],
            created_at=moment(item, "created_at"),
            language=item["language"]["S"] if "language" in item else "en",
            sessions_from=_perhaps(item, "sessions_from"),
            deletion_due=_perhaps(item, "deletion_due"),
            block=_block(item),
            profiles=document.read(item["profiles"]["S"]) if "profiles" in item else (),
            profiles_version=int(item["profiles_version"]["N"]) if "profiles" in item else 0,
            factors=frozenset(item["factors"]["SS"]) if "factors" in item else frozenset(),
            passkeys=int(item["passkeys"]["N"]) if "passkeys" in item else 0,
        )

    def _get(self, item_key: dict[str, Any]) -> Item | None:
        answer = self.client.get_item(TableName=self.table, Key=item_key, ConsistentRead=True)
        return answer.get("Item")
