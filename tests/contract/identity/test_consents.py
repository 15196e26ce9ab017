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


def test_what_is_allowed_adds_up_and_is_taken_back_at_once(
    consents: Consents, now: datetime
) -> None:
    consents.remember("acc_1", "club", "openid member", now)
    consents.remember("acc_1", "club", "openid email", now + timedelta(days=1))
    consents.remember("acc_1", "radio", "openid", now + timedelta(days=2))

    club = Consent("club", frozenset(["openid", "email", "member"]), now)
    radio = Consent("radio", frozenset(["openid"]), now + timedelta(days=2))
    assert consents.of("acc_1") == [club, radio]
    assert consents.of("acc_2") == []

    consents.withdraw("acc_1", "club")
    consents.withdraw("acc_1", "club")
    consents.withdraw("acc_3", "club")
    assert consents.of("acc_1") == [radio]
    assert consents.of("acc_3") == []


def test_of_many_answers_at_once_one_is_taken(
    table_of: Callable[[str], str], now: datetime
) -> None:
    consents = DynamoConsents(boto3.client("dynamodb"), table_of("identity"))
    consents.ask(AskedConsent("d", "acc_1", "pwd", now, now + timedelta(minutes=10)))

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: consents.take("d"), range(6)))

    assert sum(one is not None for one in taken) == 1
