"""Resume points keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from progress.domain import ResumePoint
from progress.ports import ResumePoints
from progress.store import DynamoResumePoints
from tests.fakes.progress import FakeResumePoints


@pytest.fixture(params=["memory", "dynamodb"])
def points(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> ResumePoints:
    if request.param == "memory":
        return FakeResumePoints()
    return DynamoResumePoints(boto3.client("dynamodb"), table_of("progress"))


def test_a_point_comes_back_as_it_was_kept(points: ResumePoints, now: datetime) -> None:
    point = ResumePoint("prf_1", "ttl_1", 12.25, 60.0, now)

    assert points.keep(point)
    assert points.get("prf_1", "ttl_1") == point
    assert points.get("prf_2", "ttl_1") is None


def test_an_earlier_or_equal_moment_changes_nothing(points: ResumePoints, now: datetime) -> None:
    latest = ResumePoint("prf_1", "ttl_1", 30.0, 60.0, now)
    points.keep(latest)

    for late in (now, now - timedelta(milliseconds=1)):
        assert not points.keep(ResumePoint("prf_1", "ttl_1", 5.0, 60.0, late))
    assert points.get("prf_1", "ttl_1") == latest


def test_a_profile_lists_its_own_the_latest_first(points: ResumePoints, now: datetime) -> None:
    first = ResumePoint("prf_1", "ttl_b", 1.0, 60.0, now)
    second = ResumePoint("prf_1", "ttl_a", 2.0, 60.0, now + timedelta(seconds=1))
    for point in (first, second, ResumePoint("prf_2", "ttl_a", 3.0, 60.0, now)):
        points.keep(point)

    assert list(points.of_profile("prf_1")) == [second, first]


def test_a_profile_that_is_forgotten_has_watched_nothing(
    points: ResumePoints, now: datetime
) -> None:
    for number in range(120):
        points.keep(ResumePoint("prf_1", f"ttl_{number}", 1.0, 60.0, now))
    other = ResumePoint("prf_2", "ttl_1", 1.0, 60.0, now)
    points.keep(other)

    assert points.forget("prf_1") == 120
    assert points.forget("prf_1") == 0
    assert list(points.of_profile("prf_1")) == []
    assert list(points.of_profile("prf_2")) == [other]
