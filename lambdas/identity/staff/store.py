"""Blocks, on the items of the accounts that they stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from identity.accounts.store import TableWrites
from identity.domain import Account, Block
from identity.items import is_refused
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

    @property
    def _write(self) -> TableWrites:
        return TableWrites(self.client, self.table)

    def _done(self, change: Mapping[str, Any], told: Sequence[Event]) -> bool:
        events = (self._write.event(event, moment_of(event.sequence)) for event in told)
        try:
            self._write.all_of(change, *events)
        except self.client.exceptions.TransactionCanceledException as error:
            if not is_refused(error.response):
                raise
            return False
        return True
