"""What staff do to accounts needs of the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from identity.domain import Account, Block
from kernel.events import Event


class Blocks(Protocol):
    """Blocks of accounts, changed together with what is told of the change."""

    def block(self, account: Account, block: Block, told: Sequence[Event]) -> bool:
        """Block an account and end every sign-in that began before; False when it is gone or
        somebody blocked it meanwhile."""

    def unblock(self, account: Account, block: Block, told: Sequence[Event]) -> bool:
        """Free an account of that block; False when it is gone or not blocked so any more."""


class SecondSteps(Protocol):
    """What an account signs in with beside the password."""

    def remove(self, account: Account, told: Sequence[Event], now: datetime) -> bool:
        """Forget app, recovery codes and passkeys, and end every sign-in; False when the account
        is gone, or has another number of passkeys by now."""
