"""Ends of plays keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from playback.downloads.domain import LICENCE_LIFE
from playback.downloads.service import LATE_BEACONS
from progress.domain import BEFORE_ALL
from progress.play_ends import END_KEPT, GONE_KEPT, DynamoPlayEnds
from progress.ports import PlayEnds
from tests.fakes.progress import FakePlayEnds


@pytest.fixture(params=["memory", "dynamodb"])
def ends(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> PlayEnds:
    if request.param == "memory":
        return FakePlayEnds()
    return DynamoPlayEnds(boto3.client("dynamodb"), table_of("progress"))


def test_the_earliest_end_of_a_play_stands(ends: PlayEnds, now: datetime) -> None:
    assert ends.of("ses_1", "prf_1") is None

    for moment in (now, now - timedelta(minutes=1), now + timedelta(minutes=1)):
        ends.keep("ses_1", moment)

    assert ends.of("ses_1", "prf_1") == now - timedelta(minutes=1)
    assert ends.of("ses_2", "prf_1") is None


def test_the_plays_of_a_profile_that_is_no_more_ended_before_they_began(
    ends: PlayEnds, now: datetime
) -> None:
    ends.keep("ses_1", now)

    for _ in range(2):
        ends.keep_gone("prf_1", now)

    assert ends.of("ses_1", "prf_1") == ends.of("ses_2", "prf_1") == BEFORE_ALL
    assert ends.of("ses_1", "prf_2") == now


def test_an_end_goes_by_itself(table_of: Callable[[str], str], now: datetime) -> None:
    client, table = boto3.client("dynamodb"), table_of("progress")

    DynamoPlayEnds(client, table).keep("ses_1", now)

    (item,) = client.scan(TableName=table)["Items"]
    assert item["expires_at"] == {"N": str(int((now + END_KEPT).timestamp()))}


def test_that_a_profile_is_gone_is_known_for_as_long_as_a_ticket_of_it_lives(
    table_of: Callable[[str], str], now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("progress")

    DynamoPlayEnds(client, table).keep_gone("prf_1", now)

    (item,) = client.scan(TableName=table)["Items"]
    assert item["expires_at"] == {"N": str(int((now + GONE_KEPT).timestamp()))}
    assert LICENCE_LIFE + LATE_BEACONS + timedelta(days=1) <= GONE_KEPT
