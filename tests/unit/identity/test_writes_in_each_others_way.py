"""A write that met another one, or a throttle, is no answer about what it asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from identity.domain import Account, EmailTakenError
from identity.oauth.device_grants import DeviceGrant
from identity.oauth.device_store import DynamoDeviceGrants
from identity.store import DynamoAccounts
from kernel.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Write = Callable[["DynamoDBClient", datetime], object]


def cancelled(*reasons: str) -> DynamoDBClient:
    """A client whose transaction is cancelled for these reasons, one for each item."""
    client = boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    stub = Stubber(client)
    stub.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": [{"Code": reason} for reason in reasons]},
    )
    stub.activate()
    return client


def add(client: DynamoDBClient, now: datetime) -> None:
    ada = Account("acc_1", "ada@example.com", "hash", ("member",), "prf_1", now)
    DynamoAccounts(client, "table").add(ada)


def keep(client: DynamoDBClient, now: datetime) -> bool:
    grant = DeviceGrant(
        code_digest="d1",
        user_code="BCDFGHJK",
        client_id="tv",
        scope="member",
        device_name="",
        asked_from="192.0.2.1",
        asked_at=now,
        expires_at=now + timedelta(minutes=10),
    )
    return DynamoDeviceGrants(client, "table").keep(grant)


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
@pytest.mark.parametrize("write", [add, keep])
def test_what_was_only_in_the_way_is_worth_another_try(
    write: Write, reason: str, now: datetime
) -> None:
    with pytest.raises(UnavailableError, match="Try again"):
        write(cancelled(reason, "None"), now)


def test_an_address_is_taken_only_by_its_claim(now: datetime) -> None:
    with pytest.raises(EmailTakenError):
        add(cancelled("ConditionalCheckFailed", "None"), now)


def test_another_device_waits_only_under_a_code_that_is_kept(now: datetime) -> None:
    assert keep(cancelled("ConditionalCheckFailed", "None"), now) is False
