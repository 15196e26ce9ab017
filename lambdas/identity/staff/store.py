"""What staff do to accounts: blocks, on their items, and the end of second steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from identity.accounts.store import TableWrites
from identity.domain import Account, Block
from identity.items import is_refused
from identity.passkeys.items import passkey_keys
from identity.store import app_key, recovery_key
from kernel.clock import epoch_milliseconds, moment_of
from kernel.events import Event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class DynamoBlocks:
    """`Blocks` in DynamoDB: a block, the end of all sign-ins and its events are one transaction."""

    client: DynamoDBClient
    table: str

    def block(self, account: Account, block: Block, told: Sequence[Event]) -> bool:
        """Block an account and end every sign-in that began before."""
        change = self._write.change_account(
            account,
            "SET blocked_at = :at, block_reason = :reason, block_note = :note, "
            "blocked_by = :by, sessions_from = :at",
            "attribute_exists(pk) AND attribute_not_exists(blocked_at)",
            at=epoch_milliseconds(block.at),
            reason=block.reason,
            note=block.note,
            by=block.by,
        )
        return self._done(change, told)

    def unblock(self, account: Account, block: Block, told: Sequence[Event]) -> bool:
        """Free an account of that block."""
        change = self._write.change_account(
            account,
            "REMOVE blocked_at, block_reason, block_note, blocked_by",
            "blocked_at = :at",
            at=epoch_milliseconds(block.at),
        )
        return self._done(change, told)

    def _done(self, change: Mapping[str, Any], told: Sequence[Event]) -> bool:
        return _all_done(self._write, (change,), told)

    @property
    def _write(self) -> TableWrites:
        return TableWrites(self.client, self.table)


@dataclass(frozen=True)
class DynamoSecondSteps:
    """`SecondSteps` in DynamoDB: they go in one transaction, whose condition is how many passkeys
    the account counts, so that none is added between (ADR 469)."""

    client: DynamoDBClient
    table: str

    def remove(self, account: Account, told: Sequence[Event], now: datetime) -> bool:
        """Forget app, recovery codes and passkeys, and end every sign-in."""
        write, account_id = TableWrites(self.client, self.table), account.account_id
        change = write.change_account(
            account,
            "SET sessions_from = :now REMOVE factors, passkeys",
            "attribute_exists(pk) AND "
            "(passkeys = :passkeys OR (:passkeys = :none AND attribute_not_exists(passkeys)))",
            now=epoch_milliseconds(now),
            passkeys=account.passkeys,
            none=0,
        )
        kept = (
            app_key(account_id),
            recovery_key(account_id),
            *passkey_keys(self.client, self.table, account_id),
        )
        return _all_done(write, (change, *(write.remove(each) for each in kept)), told)


def _all_done(
    write: TableWrites, parts: Sequence[Mapping[str, Any]], told: Sequence[Event]
) -> bool:
    """Whether all was done and told, or nothing."""
    events = (write.event(event, moment_of(event.sequence)) for event in told)
    try:
        write.all_of(*parts, *events)
    except write.client.exceptions.TransactionCanceledException as error:
        if not is_refused(error.response):
            raise
        return False
    return True
