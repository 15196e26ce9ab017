"""The reader of beacons as Lambda loads it, on a table that is asked for too much."""

from __future__ import annotations

import base64
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest

from kernel import tokens
from kernel.beacons import TICKET
from kernel.tokens import MacKey
from progress.store import DynamoResumePoints

NAME = "progress.handlers.beacons"
SECRET = "t" * 64


@pytest.fixture
def reader(
    table_of: Callable[[str], str], function_environment: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    ticket = boto3.client("secretsmanager").create_secret(Name="ticket", SecretString=SECRET)
    function_environment.setenv("TICKET_SECRET", ticket["ARN"])
    function_environment.setenv("TABLE_NAME", table_of("progress"))
    # How often the SDK asks again is its own; here it is the second try that counts.
    function_environment.setenv("AWS_MAX_ATTEMPTS", "1")
    yield importlib.import_module(NAME)
    sys.modules.pop(NAME, None)


def told(sequence: int, position: float, at: datetime) -> dict[str, Any]:
    """A record of the stream: a place that was reached."""
    names = {"session": "ses_1", "account": "acc_1", "profile": "prf_1", "device": "dev_1"}
    claims = {**names, "title": "ttl_1"}
    key = MacKey(SECRET.encode())
    beacon = {
        "kind": "position",
        "at": at.isoformat(),
        "position_seconds": position,
        "duration_seconds": 60,
    }
    body = {
        "ticket": tokens.make(TICKET, claims, at + timedelta(hours=4), key),
        "sent_at": at.isoformat(),
        "beacons": [beacon],
    }
    return {
        "kinesis": {
            "data": base64.b64encode(json.dumps(body).encode()).decode(),
            "approximateArrivalTimestamp": at.timestamp(),
            "sequenceNumber": str(sequence),
            "partitionKey": "acc_1",
        }
    }


def test_places_that_are_throttled_come_again_from_the_first_and_none_is_lost(
    reader: ModuleType, throttled: set[str]
) -> None:
    points = DynamoResumePoints(boto3.client("dynamodb"), "progress")
    now = datetime.now(UTC)
    records = [told(1, 5.0, now), told(2, 6.0, now + timedelta(seconds=1))]

    throttled.add("PutItem")
    answer = reader.handler({"Records": records}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert points.get("prf_1", "ttl_1") is None
    throttled.clear()
    assert reader.handler({"Records": records}, None) == {"batchItemFailures": []}
    kept = points.get("prf_1", "ttl_1")
    assert kept is not None
    assert kept.position_seconds == 6.0
