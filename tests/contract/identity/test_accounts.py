"""Accounts keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
import pytest

from identity.domain import Account, EmailTakenError
from identity.ports import Accounts
from identity.store import DynamoAccounts
from tests.fakes.identity import FakeAccounts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["memory", "dynamodb", "lean dynamodb"])
def accounts(
    request: pytest.FixtureRequest, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> Accounts:
    if request.param == "memory":
        return FakeAccounts()
    client = lean_dynamodb if request.param == "lean dynamodb" else boto3.client("dynamodb")
    return DynamoAccounts(client, table_of("identity"))


@pytest.fixture
def ada(now: datetime) -> Account:
    return Account("acc_1", "ada@example.com", "hash", ("member", "staff"), "prf_1", now)


def test_an_account_is_found_by_address_and_by_id(accounts: Accounts, ada: Account) -> None:
    accounts.add(ada)

    assert accounts.by_email("ada@example.com") == accounts.by_id("acc_1") == ada
    assert accounts.by_email("bob@example.com") is None


def test_an_address_is_claimed_once(accounts: Accounts, ada: Account) -> None:
    accounts.add(ada)

    with pytest.raises(EmailTakenError):
        accounts.add(dataclasses.replace(ada, account_id="acc_2"))
    assert accounts.by_id("acc_2") is None
