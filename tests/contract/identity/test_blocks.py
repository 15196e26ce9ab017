"""Blocks of accounts keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import boto3
import pytest

from identity.domain import Account, Block
from identity.ports import Accounts
from identity.staff.ports import Blocks
from identity.staff.store import DynamoBlocks
from identity.store import DynamoAccounts
from kernel.events.identity import AccountBlocked
from tests.fakes.staff import FakeBlocks

TOLD = (AccountBlocked(sequence=1, account_id="acc_1"),)


@dataclass
class Kept:
    blocks: Blocks
    accounts: Accounts

    @property
    def ada(self) -> Account:
        found = self.accounts.by_id("acc_1")
        assert found
        return found


@pytest.fixture(params=["memory", "dynamodb"])
def kept(request: pytest.FixtureRequest, table_of: Callable[[str], str], now: datetime) -> Kept:
    account = Account("acc_1", "ada@example.com", "hash", ("member",), "prf_1", now)
    if request.param == "memory":
        fake = FakeBlocks()
        fake.accounts.add(account)
        return Kept(fake, fake.accounts)
    client, table = boto3.client("dynamodb"), table_of("identity")
    accounts = DynamoAccounts(client, table)
    accounts.add(account)
    return Kept(DynamoBlocks(client, table), accounts)


@pytest.fixture
def block(now: datetime) -> Block:
    return Block("sharing", "Five households.", "acc_2", now)


def test_a_blocked_account_keeps_no_sign_in_and_says_who_blocked_it(
    kept: Kept, block: Block, now: datetime
) -> None:
    assert kept.blocks.block(kept.ada, block, TOLD)

    assert kept.ada.block == block
    assert not kept.ada.keeps(now + timedelta(days=1))


def test_an_account_that_is_let_go_keeps_only_sign_ins_from_after_its_block(
    kept: Kept, block: Block, now: datetime
) -> None:
    kept.blocks.block(kept.ada, block, TOLD)

    assert kept.blocks.unblock(kept.ada, block, TOLD)

    assert kept.ada.block is None
    assert not kept.ada.keeps(now)
    assert kept.ada.keeps(now + timedelta(seconds=1))


def test_only_the_block_that_was_seen_is_lifted(kept: Kept, block: Block) -> None:
    other = replace(block, at=block.at + timedelta(seconds=1))
    assert not kept.blocks.unblock(kept.ada, block, TOLD)
    kept.blocks.block(kept.ada, other, TOLD)

    assert not kept.blocks.unblock(kept.ada, block, TOLD)

    assert kept.ada.block == other


def test_an_account_that_is_gone_is_not_made_by_a_block(kept: Kept, block: Block) -> None:
    gone = replace(kept.ada, account_id="acc_9")

    assert not kept.blocks.block(gone, block, TOLD)

    assert kept.accounts.by_id("acc_9") is None


@pytest.mark.race
def test_of_many_who_block_at_once_one_does_and_one_tells(kept: Kept, block: Block) -> None:
    ada = kept.ada
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: kept.blocks.block(ada, block, TOLD), range(8)))

    assert done.count(True) == 1
