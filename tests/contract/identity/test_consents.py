"""What was allowed to apps is kept the same in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from identity.consent.domain import AskedConsent, Consent
from identity.consent.ports import Consents
from identity.consent.store import DynamoConsents
from kernel.events.identity import AppAllowed, AppStopped
from tests.fakes.identity import FakeConsents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["memory", "lean", "boto3"])
def consents(
    request: pytest.FixtureRequest, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> Consents:
    if request.param == "memory":
        return FakeConsents()
    client = lean_dynamodb if request.param == "lean" else boto3.client("dynamodb")
    return DynamoConsents(client, table_of("identity"))


def test_a_page_is_answered_once(consents: Consents, now: datetime) -> None:
    at = now + timedelta(milliseconds=5)
    asked = AskedConsent("d", "acc_1", "pwd otp mfa", at, now + timedelta(minutes=10))
    consents.ask(asked)

    assert consents.take("d") == asked
    assert consents.take("d") is None
    assert consents.take("other") is None


def allowed(account_id: str, client_id: str, scope: str) -> AppAllowed:
    return AppAllowed(sequence=1, account_id=account_id, client_id=client_id, scope=scope)


def stopped(account_id: str, client_id: str) -> AppStopped:
    return AppStopped(sequence=1, account_id=account_id, client_id=client_id)


def told(consents: Consents) -> list[str]:
    """What was told, by what it was."""
    if isinstance(consents, FakeConsents):
        return [event.detail_type for event in consents.told]
    items = boto3.client("dynamodb").scan(TableName="identity")["Items"]
    return sorted(item["detail_type"]["S"] for item in items if "detail_type" in item)


def test_what_is_allowed_adds_up_and_is_taken_back_at_once(
    consents: Consents, now: datetime
) -> None:
    consents.remember(allowed("acc_1", "club", "openid member"), now)
    consents.remember(allowed("acc_1", "club", "openid email"), now + timedelta(days=1))
    consents.remember(allowed("acc_1", "radio", "openid"), now + timedelta(days=2))

    club = Consent("club", frozenset(["openid", "email", "member"]), now)
    radio = Consent("radio", frozenset(["openid"]), now + timedelta(days=2))
    assert consents.of("acc_1") == [club, radio]
    assert consents.of("acc_2") == []

    consents.withdraw(stopped("acc_1", "club"), now)
    consents.withdraw(stopped("acc_1", "club"), now)
    consents.withdraw(stopped("acc_3", "club"), now)
    assert consents.of("acc_1") == [radio]
    assert consents.of("acc_3") == []
    assert told(consents) == ["AppAllowed"] * 3 + ["AppStopped"]


@pytest.mark.race
def test_of_many_answers_at_once_one_is_taken(
    table_of: Callable[[str], str], now: datetime
) -> None:
    consents = DynamoConsents(boto3.client("dynamodb"), table_of("identity"))
    consents.ask(AskedConsent("d", "acc_1", "pwd", now, now + timedelta(minutes=10)))

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: consents.take("d"), range(6)))

    assert sum(one is not None for one in taken) == 1
