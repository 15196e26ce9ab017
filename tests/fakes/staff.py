"""What staff do to accounts, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from identity.domain import Account, Block
from kernel.events import Event
from tests.fakes.identity import FakeAccounts
from tests.fakes.mfa import FakeFactors
from tests.fakes.passkeys import FakePasskeys


@dataclass
class FakeBlocks:
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    told: list[Event] = field(default_factory=list)

    def block(self, account: Account, block: Block, told: Sequence[Event]) -> bool:
        current = self.accounts.by_id(account.account_id)
        if current is None or current.block is not None:
            return False
        self._put(replace(current, block=block, sessions_from=block.at), told)
        return True

    def unblock(self, account: Account, block: Block, told: Sequence[Event]) -> bool:
        current = self.accounts.by_id(account.account_id)
        if current is None or current.block is None or current.block.at != block.at:
            return False
        self._put(replace(current, block=None), told)
        return True

    def _put(self, account: Account, told: Sequence[Event]) -> None:
        self.accounts.accounts[account.account_id] = account
        self.told += told


@dataclass
class FakeSecondSteps:
    factors: FakeFactors
    passkeys: FakePasskeys
    told: list[Event] = field(default_factory=list)

    def remove(self, account: Account, told: Sequence[Event], now: datetime) -> bool:
        kept = self.factors.accounts.accounts
        current = kept.get(account.account_id)
        if current is None or current.passkeys != account.passkeys:
            return False
        self.passkeys.forget(account.account_id)
        self.factors.apps.pop(account.account_id, None)
        self.factors.recovery.pop(account.account_id, None)
        kept[account.account_id] = replace(
            current, factors=frozenset(), passkeys=0, sessions_from=now
        )
        self.told += told
        return True
