"""Resume points keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from progress.domain import ResumePoint
from progress.ports import ResumePoints
from progress.store import DynamoResumePoints
from tests.fakes.progress import FakeResumePoints

SECOND = timedelta(seconds=1)


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
    assert not points.keep(latest)
    assert points.get("prf_1", "ttl_1") == latest


def test_of_one_moment_the_place_further_on_counts(points: ResumePoints, now: datetime) -> None:
    points.keep(ResumePoint("prf_1", "ttl_1", 9.5, 60.0, now))

    assert points.keep(ResumePoint("prf_1", "ttl_1", 10.0, 60.0, now))
    assert not points.keep(ResumePoint("prf_1", "ttl_1", 9.75, 60.0, now))


def test_what_was_taken_out_comes_back_by_a_later_moment_alone(
    points: ResumePoints, now: datetime
) -> None:
    point = ResumePoint("prf_1", "ttl_1", 5.0, 60.0, now)
    points.keep(point)
    other = ResumePoint("prf_1", "ttl_2", 5.0, 60.0, now)
    points.keep(other)

    assert points.remove(point, now + SECOND)

    assert points.get("prf_1", "ttl_1") is None
    assert list(points.of_profile("prf_1")) == [other]
    for late in (now, now + SECOND):
        assert not points.keep(ResumePoint("prf_1", "ttl_1", 60.0, 60.0, late))
    later = ResumePoint("prf_1", "ttl_1", 1.0, 60.0, now + 2 * SECOND)
    assert points.keep(later)
    assert points.get("prf_1", "ttl_1") == later


def test_what_moved_since_it_was_seen_is_not_taken_out(points: ResumePoints, now: datetime) -> None:
    seen = ResumePoint("prf_1", "ttl_1", 5.0, 60.0, now)
    points.keep(seen)
    moved = ResumePoint("prf_1", "ttl_1", 6.0, 60.0, now + SECOND)
    points.keep(moved)

    assert not points.remove(seen, now + 2 * SECOND)
    assert points.get("prf_1", "ttl_1") == moved


def test_a_cleared_history_holds_off_what_it_never_knew(
    points: ResumePoints, now: datetime
) -> None:
    points.keep(ResumePoint("prf_1", "ttl_1", 5.0, 60.0, now))
    other = ResumePoint("prf_2", "ttl_1", 5.0, 60.0, now)
    points.keep(other)

    points.clear("prf_1", now + SECOND)
    points.clear("prf_1", now)

    for title_id in ("ttl_1", "ttl_unknown"):
        points.keep(ResumePoint("prf_1", title_id, 6.0, 60.0, now + SECOND))
        assert points.get("prf_1", title_id) is None
    assert list(points.of_profile("prf_1")) == []
    assert list(points.of_profile("prf_2")) == [other]
    later = ResumePoint("prf_1", "ttl_1", 7.0, 60.0, now + 2 * SECOND)
    points.keep(later)
    assert points.get("prf_1", "ttl_1") == later


def test_a_long_history_is_read_in_full(points: ResumePoints, now: datetime) -> None:
    for number in range(130):
        moment = now + number * SECOND
        points.keep(ResumePoint("prf_1", f"ttl_{-number % 130}", 1.0, 60.0, moment))

    watched = points.of_profile("prf_1")

    assert [point.recorded_at for point in watched] == [
        now + number * SECOND for number in reversed(range(130))
    ]


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
    points.remove(ResumePoint("prf_1", "ttl_0", 1.0, 60.0, now), now)

    assert points.forget("prf_1") == 120
    assert points.forget("prf_1") == 0
    assert list(points.of_profile("prf_1")) == []
    assert list(points.of_profile("prf_2")) == [other]


PROFILES = count()
MOMENT = datetime.fromisoformat("2026-11-01T12:00:00+00:00")


@settings(
    max_examples=settings().max_examples // 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    places=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60)), min_size=1, max_size=8),
    data=st.data(),
)
def test_the_latest_place_stands_in_whatever_order_and_however_often_it_was_told(
    points: ResumePoints, places: list[tuple[int, int]], data: st.DataObject
) -> None:
    profile = f"prf_{next(PROFILES)}"
    again = data.draw(st.lists(st.sampled_from(places)))

    for second, position in data.draw(st.permutations([*places, *again])):
        points.keep(ResumePoint(profile, "ttl_1", float(position), 60.0, MOMENT + second * SECOND))

    second, position = max(places)
    latest = ResumePoint(profile, "ttl_1", float(position), 60.0, MOMENT + second * SECOND)
    assert points.get(profile, "ttl_1") == latest


@pytest.mark.race
def test_of_places_that_devices_tell_at_once_the_latest_stands(
    table_of: Callable[[str], str], now: datetime
) -> None:
    points = DynamoResumePoints(boto3.client("dynamodb"), table_of("progress"))
    told = [
        ResumePoint("prf_1", "ttl_1", 9.0 - each, 60.0, now + each * SECOND) for each in range(8)
    ]

    with ThreadPoolExecutor(8) as devices:
        kept = list(devices.map(points.keep, told))

    assert kept[-1]
    assert points.get("prf_1", "ttl_1") == told[-1]


@pytest.mark.race
def test_a_place_that_is_told_while_the_one_before_is_taken_out_stands(
    table_of: Callable[[str], str], now: datetime
) -> None:
    points = DynamoResumePoints(boto3.client("dynamodb"), table_of("progress"))
    before = ResumePoint("prf_1", "ttl_1", 5.0, 60.0, now)
    after = ResumePoint("prf_1", "ttl_1", 6.0, 60.0, now + SECOND)
    points.keep(before)

    with ThreadPoolExecutor(2) as devices:
        works = [
            devices.submit(points.remove, before, now),
            devices.submit(points.keep, after),
        ]
        _, kept = [work.result() for work in works]

    assert kept
    assert points.get("prf_1", "ttl_1") == after
