"""Ends of plays keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from progress.play_ends import END_KEPT, DynamoPlayEnds
from progress.ports import PlayEnds
from tests.fakes.progress import FakePlayEnds


@pytest.fixture(params=["memory", "dynamodb"])
def ends(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> PlayEnds:
    if request.param == "memory":
        return FakePlayEnds()
    return DynamoPlayEnds(boto3.client("dynamodb"), table_of("progress"))


def test_the_earliest_end_of_a_play_stands(ends: PlayEnds, now: datetime) -> None:
    assert ends.of("ses_1") is None

    for moment in (now, now - timedelta(minutes=1), now + timedelta(minutes=1)):
        ends.keep("ses_1", moment)

    assert ends.of("ses_1") == now - timedelta(minutes=1)
    assert ends.of("ses_2") is None


def test_an_end_goes_by_itself(table_of: Callable[[str], str], now: datetime) -> None:
    client, table = boto3.client("dynamodb"), table_of("progress")

    DynamoPlayEnds(client, table).keep("ses_1", now)

    (item,) = client.scan(TableName=table)["Items"]
    assert item["expires_at"] == {"N": str(int((now + END_KEPT).timestamp()))}
