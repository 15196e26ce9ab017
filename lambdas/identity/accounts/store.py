"""What the accounts package keeps in identity's table, beside the accounts themselves.

CHALLENGE#<digest>   CHALLENGE          a code that waits to be entered, with its tries
LIMIT#<name>#<digest> LIMIT             the arrival time of the next attempt (`limits`)
DELETIONS            <due>#<account>    accounts to be deleted, in the order of their time
EVENT#<id>           EVENT              the outbox

Addresses stand in no key but that of their claim: limits are kept by digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from identity.accounts.domain import (
    WRONG_CODE,
    Challenge,
    Purpose,
    TooManyAttemptsError,
    WrongCodeError,
)
from identity.accounts.limits import Limit
from identity.domain import Account, EmailTakenError
from identity.items import ABSENT, is_refused, key
from identity.oauth.grants import digest
from identity.passkeys.items import passkey_keys
from identity.profiles import document
from identity.profiles.domain import Profile
from identity.store import (
    DynamoAccounts,
    account_item,
    app_key,
    consents_key,
    email_claim,
    recovery_key,
)
from kernel.clock import epoch_milliseconds, moment_of
from kernel.errors import ConflictError, UnavailableError
from kernel.events import Event, outbox_item
from kernel.ids import new_ulid

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

DUE_AT_ONCE = 100
"""Notes of due deletions that one call reads: a few seconds' work."""

COUNT_ATTEMPTS = 5
"""A limit's number moves under us only while its subject is being tried by many at once."""

REMEMBERED = timedelta(hours=1)
"""How long a limit's item outlives the last moment at which it counts."""

_TAKEN = "There is an account with that e-mail address."
_CHANGED = "The account was changed a moment ago. Try again."


def _attribute(value: str | int) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _item(values: Mapping[str, str | int]) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in values.items()}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def sign_ins_kept(account: Account) -> tuple[str, dict[str, int]]:
    """That an account's sign-ins have not ended since it was read: a condition and its values.

    What a thief began does not go on once the owner has chosen another password, not even when
    both are written in the same moment.
    """
    if account.sessions_from is None:
        return "attribute_not_exists(sessions_from)", {}
    return "sessions_from = :ended", {"ended": epoch_milliseconds(account.sessions_from)}


@dataclass(frozen=True)
class TableWrites:
    """One table's writes."""

    client: DynamoDBClient
    table: str

    def put(self, item: Mapping[str, Any], condition: str | None = None) -> dict[str, Any]:
        """A part of a transaction."""
        only = {} if condition is None else {"ConditionExpression": condition}
        return {"Put": {"TableName": self.table, "Item": item, **only}}

    def remove(self, key: Mapping[str, Any], **only: Any) -> dict[str, Any]:
        """A part of a transaction."""
        return {"Delete": {"TableName": self.table, "Key": key, **only}}

    def event(self, event: Event, now: datetime) -> dict[str, Any]:
        """An event, told if the rest of the transaction is done."""
        return self.put(_item(outbox_item(event, new_ulid(now), now)))

    def change_account(
        self, account: Account, expression: str, unless_changed: str, **values: str | int
    ) -> dict[str, Any]:
        """A change of an account that is as it was read."""
        return {
            "Update": {
                "TableName": self.table,
                "Key": key("ACCOUNT", account.account_id),
                "UpdateExpression": expression,
                "ConditionExpression": unless_changed,
                "ExpressionAttributeValues": {
                    f":{name}": _attribute(value) for name, value in values.items()
                },
            }
        }

    def all_of(self, *parts: Mapping[str, Any]) -> None:
        """All or nothing."""
        self.client.transact_write_items(
            TransactItems=cast("list[TransactWriteItemTypeDef]", list(parts))
        )


def _deletion_key(account_id: str, due: datetime) -> dict[str, Any]:
    # To the millisecond that the account keeps, which is rounded: a note is found by it again.
    when = moment_of(epoch_milliseconds(due)).isoformat(timespec="milliseconds")
    return _item({"pk": "DELETIONS", "sk": f"{when}#{account_id}"})


@dataclass(frozen=True)
class DynamoMembers:
    """`Members` in DynamoDB: a change and what is told of it are one transaction."""

    client: DynamoDBClient
    table: str

    def by_email(self, email: str) -> Account | None:
        """The account with that canonical address."""
        return DynamoAccounts(self.client, self.table).by_email(email)

    def by_id(self, account_id: str) -> Account | None:
        """The account."""
        return DynamoAccounts(self.client, self.table).by_id(account_id)

    def create(self, account: Account, told: Event, now: datetime) -> None:
        """Record a new account; EmailTakenError when its address has one."""
        claim = email_claim(account.email, account.account_id)
        try:
            self._write.all_of(
                self._write.put(claim, ABSENT),
                self._write.put(account_item(account), ABSENT),
                self._write.event(told, now),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            raise EmailTakenError(_TAKEN, field="email") from error

    def change_password(
        self, account: Account, password_hash: str, told: Sequence[Event], now: datetime
    ) -> None:
        """Another password; ConflictError when it was changed since the account was read."""
        change = self._write.change_account(
            account,
            "SET password_hash = :new, sessions_from = :now REMOVE deletion_due",
            "password_hash = :old",
            new=password_hash,
            old=account.password_hash,
            now=epoch_milliseconds(now),
        )
        self._change(change, *self._kept_on(account, told, now))

    def recover(
        self, account: Account, password_hash: str, told: Sequence[Event], now: datetime
    ) -> None:
        """Another password and no passkeys; ConflictError when either was changed meanwhile."""
        passkeys = passkey_keys(self.client, self.table, account.account_id)
        change = self._write.change_account(
            account,
            "SET password_hash = :new, sessions_from = :now REMOVE deletion_due, passkeys",
            "password_hash = :old AND "
            "(passkeys = :passkeys OR (:passkeys = :none AND attribute_not_exists(passkeys)))",
            new=password_hash,
            old=account.password_hash,
            now=epoch_milliseconds(now),
            passkeys=account.passkeys,
            none=0,
        )
        gone = [self._write.remove(passkey) for passkey in passkeys]
        self._change(change, *gone, *self._kept_on(account, told, now))

    def upgrade_hash(self, account: Account, password_hash: str) -> None:
        """The same password under another hash; a change that came first stands."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key("ACCOUNT", account.account_id),
                UpdateExpression="SET password_hash = :new",
                ConditionExpression="password_hash = :old",
                ExpressionAttributeValues={
                    ":new": {"S": password_hash},
                    ":old": {"S": account.password_hash},
                },
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def change_email(self, account: Account, email: str, told: Event, now: datetime) -> None:
        """Another address; EmailTakenError when that one has an account, ConflictError when this
        one was blocked, or its address changed, or its sign-ins ended, since it was read."""
        kept, ended = sign_ins_kept(account)
        try:
            self._write.all_of(
                self._write.put(email_claim(email, account.account_id), ABSENT),
                self._write.change_account(
                    account,
                    "SET email = :new",
                    f"email = :old AND attribute_not_exists(blocked_at) AND {kept}",
                    new=email,
                    old=account.email,
                    **ended,
                ),
                self._write.remove(key("EMAIL", account.email)),
                self._write.event(told, now),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            claim, *_ = cast("dict[str, Any]", error.response)["CancellationReasons"]
            if claim["Code"] == "ConditionalCheckFailed":
                raise EmailTakenError(_TAKEN, field="email") from error
            raise ConflictError(_CHANGED) from error

    def request_deletion(self, account: Account, due: datetime, told: Event, now: datetime) -> None:
        """End every sign-in and note when the account is to be deleted."""
        self._change(
            self._write.change_account(
                account,
                "SET deletion_due = :due, sessions_from = :now",
                "attribute_exists(pk) AND attribute_not_exists(deletion_due)",
                due=epoch_milliseconds(due),
                now=epoch_milliseconds(now),
            ),
            self._write.put(
                {
                    **_deletion_key(account.account_id, due),
                    "account_id": {"S": account.account_id},
                }
            ),
            self._write.event(told, now),
        )

    def change_profiles(
        self, account: Account, profiles: Sequence[Profile], told: Sequence[Event], now: datetime
    ) -> None:
        """Other profiles; ConflictError when they were changed since the account was read."""
        self._change(
            self._write.change_account(
                account,
                "SET profiles = :new, profiles_version = :next",
                "attribute_exists(pk) AND "
                "(profiles_version = :old OR (:old = :none AND attribute_not_exists(profiles)))",
                new=document.written(profiles),
                next=account.profiles_version + 1,
                old=account.profiles_version,
                none=0,
            ),
            *(self._write.event(event, now) for event in told),
        )

    def due_for_deletion(self, now: datetime) -> Iterator[str]:
        """Ids of the accounts whose deletion is due, the longest waiting first, page by page."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :deletions AND sk < :now",
            ExpressionAttributeValues={
                ":deletions": {"S": "DELETIONS"},
                ":now": {"S": now.astimezone(UTC).isoformat(timespec="milliseconds")},
            },
            PaginationConfig={"PageSize": DUE_AT_ONCE},
            ConsistentRead=True,
        )
        return (item["account_id"]["S"] for page in pages for item in page["Items"])

    def delete(self, account: Account, told: Event, now: datetime) -> bool:
        """Forget the account, its address, its passkeys and the note."""
        due = account.deletion_due
        if due is None:
            return False
        only = {
            "ConditionExpression": "deletion_due = :due",
            "ExpressionAttributeValues": {":due": _attribute(epoch_milliseconds(due))},
        }
        passkeys = passkey_keys(self.client, self.table, account.account_id)
        try:
            self._write.all_of(
                self._write.remove(key("ACCOUNT", account.account_id), **only),
                self._write.remove(key("EMAIL", account.email)),
                self._write.remove(_deletion_key(account.account_id, due)),
                self._write.remove(app_key(account.account_id)),
                self._write.remove(recovery_key(account.account_id)),
                self._write.remove(consents_key(account.account_id)),
                *(self._write.remove(passkey) for passkey in passkeys),
                self._write.event(told, now),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            return False
        return True

    @property
    def _write(self) -> TableWrites:
        return TableWrites(self.client, self.table)

    def _kept_on(
        self, account: Account, told: Sequence[Event], now: datetime
    ) -> Iterator[dict[str, Any]]:
        """An account that its owner has again is not deleted."""
        if account.deletion_due is not None:
            yield self._write.remove(_deletion_key(account.account_id, account.deletion_due))
        yield from (self._write.event(event, now) for event in told)

    def _change(self, *parts: Mapping[str, Any]) -> None:
        try:
            self._write.all_of(*parts)
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            raise ConflictError(_CHANGED) from error


@dataclass(frozen=True)
class DynamoChallenges:
    """`Challenges` in DynamoDB: a try is counted before the code is compared."""

    client: DynamoDBClient
    table: str

    def open(self, challenge: Challenge, told: Event | None, now: datetime) -> None:
        """Record a challenge with its event, or with an item of no use in its place."""
        write = TableWrites(self.client, self.table)
        item = key("CHALLENGE", challenge.secret_digest) | _item(
            {
                "purpose": challenge.purpose,
                "account_id": challenge.account_id,
                "email": challenge.email,
                "password_hash": challenge.password_hash,
                "language": challenge.language,
                "code_digest": challenge.code_digest,
                "tries_left": challenge.tries_left,
                "expires_at": _seconds(challenge.expires_at),
                # When it was asked for decides whether what ended the account's sign-ins ends it.
                "ends_at": epoch_milliseconds(challenge.expires_at),
            }
        )
        gone = {"expires_at": _attribute(_seconds(challenge.expires_at))}
        nothing = write.put({**key("NOTHING", new_ulid(now)), **gone})
        second = nothing if told is None else write.event(told, now)
        write.all_of(write.put(item, ABSENT), second)

    def find(self, secret_digest: str) -> Challenge | None:
        """The challenge, whatever became of its time and tries."""
        answer = self.client.get_item(
            TableName=self.table, Key=key("CHALLENGE", secret_digest), ConsistentRead=True
        )
        return _challenge(secret_digest, answer["Item"]) if "Item" in answer else None

    def answer(
        self, secret_digest: str, code_digest: str, purpose: Purpose, now: datetime
    ) -> Challenge:
        """The challenge, exactly once, when the code is its own."""
        where, account_id = key("CHALLENGE", secret_digest), ""
        try:
            tried = self.client.update_item(
                TableName=self.table,
                Key=where,
                UpdateExpression="SET tries_left = tries_left - :one",
                ConditionExpression=(
                    "purpose = :purpose AND tries_left >= :one AND expires_at > :now"
                ),
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":purpose": {"S": purpose},
                    ":now": {"N": str(_seconds(now))},
                },
                ReturnValues="ALL_NEW",
            )
            account_id = tried["Attributes"]["account_id"]["S"]
            self.client.delete_item(
                TableName=self.table,
                Key=where,
                ConditionExpression="code_digest = :given",
                ExpressionAttributeValues={":given": {"S": code_digest}},
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise WrongCodeError(WRONG_CODE, account_id=account_id) from error
        return _challenge(secret_digest, tried["Attributes"])


def _challenge(secret_digest: str, item: Mapping[str, Any]) -> Challenge:
    return Challenge(
        secret_digest=secret_digest,
        purpose=item["purpose"]["S"],
        account_id=item["account_id"]["S"],
        email=item["email"]["S"],
        password_hash=item["password_hash"]["S"],
        language=item["language"]["S"],
        code_digest=item["code_digest"]["S"],
        tries_left=int(item["tries_left"]["N"]),
        expires_at=_ends_at(item),
    )


def _ends_at(item: Mapping[str, Any]) -> datetime:
    if "ends_at" in item:
        return moment_of(int(item["ends_at"]["N"]))
    # One that waits since before that was kept.
    return datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)


@dataclass(frozen=True)
class DynamoLimits:
    """`Limits` in DynamoDB: each attempt is one conditional write, or two while there are many."""

    client: DynamoDBClient
    table: str

    def take(self, limit: Limit, subject: str, now: datetime) -> None:
        """Count an attempt; TooManyAttemptsError."""
        now_ms = epoch_milliseconds(now)
        for _ in range(COUNT_ATTEMPTS):
            if self._first(limit, subject, now_ms):
                return
            arrival_ms = self._one_more(limit, subject, now_ms)
            if arrival_ms is None:
                return
            if arrival_ms > now_ms:
                raise TooManyAttemptsError(limit.retry_after_seconds(arrival_ms, now_ms))
        raise UnavailableError("That could not be counted. Try again.")

    def give_back(self, limit: Limit, subject: str) -> None:
        """The attempt does not count after all."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_limit_key(limit, subject),
                UpdateExpression="ADD arrival :back",
                ConditionExpression="attribute_exists(arrival)",
                ExpressionAttributeValues={":back": _attribute(-limit.step_ms)},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def _first(self, limit: Limit, subject: str, now_ms: int) -> bool:
        """After a pause, the arrival time starts from now."""
        return self._set(
            limit,
            subject,
            now_ms,
            "arrival = :next",
            "attribute_not_exists(arrival) OR arrival <= :now",
            next=now_ms + limit.step_ms,
            now=now_ms,
        )[0]

    def _one_more(self, limit: Limit, subject: str, now_ms: int) -> int | None:
        """Move the arrival time on; None when it moved, else where it stands."""
        moved, arrival_ms = self._set(
            limit,
            subject,
            now_ms,
            "arrival = arrival + :step",
            "arrival > :now AND arrival <= :latest",
            step=limit.step_ms,
            now=now_ms,
            latest=now_ms + limit.reach_ms - limit.step_ms,
        )
        return None if moved else arrival_ms

    def _set(
        self,
        limit: Limit,
        subject: str,
        now_ms: int,
        change: str,
        condition: str,
        **values: int,
    ) -> tuple[bool, int]:
        gone = now_ms // 1000 + limit.reach_ms // 1000 + int(REMEMBERED.total_seconds())
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_limit_key(limit, subject),
                UpdateExpression=f"SET {change}, expires_at = :gone",
                ConditionExpression=condition,
                ExpressionAttributeValues={
                    f":{name}": _attribute(value)
                    for name, value in {**values, "gone": gone}.items()
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            item = cast("dict[str, Any]", error.response).get("Item", {})
            return False, int(item["arrival"]["N"]) if "arrival" in item else 0
        return True, 0


def _limit_key(limit: Limit, subject: str) -> dict[str, Any]:
    return key("LIMIT", f"{limit.name}#{digest(subject)}")


@dataclass(frozen=True)
class DynamoAnnouncements:
    """`Announcements` through the outbox."""

    client: DynamoDBClient
    table: str

    def tell(self, event: Event, now: datetime) -> None:
        """Publish an event."""
        self.client.put_item(
            TableName=self.table, Item=_item(outbox_item(event, new_ulid(now), now))
        )
