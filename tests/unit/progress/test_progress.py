"""Resume points: the latest moment wins, and only their owner writes them."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.web.payload import answering
from progress.domain import ResumePoint
from progress.routes import routes
from progress.service import ProgressTracker
from tests.fakes.gateway import MEMBER, call
from tests.fakes.progress import FakeResumePoints


@pytest.fixture
def points() -> FakeResumePoints:
    return FakeResumePoints()


@pytest.fixture
def answer(points: FakeResumePoints, now: datetime) -> Any:
    return answering(routes(ProgressTracker(points, lambda: now)))


def put(body: object, claims: dict[str, str] | None = MEMBER) -> dict[str, Any]:
    path = {"title_id": "ttl_1"}
    return call("PUT", "/v1/progress/ttl_1", body=body, parameters=path, claims=claims)


def stopped_at(seconds: float, moment: datetime) -> dict[str, Any]:
    return {
        "position_seconds": seconds,
        "duration_seconds": 100,
        "recorded_at": moment.isoformat(),
    }


def resumed(answer: Any) -> Any:
    event = call("GET", "/v1/progress/ttl_1", parameters={"title_id": "ttl_1"}, claims=MEMBER)
    return answer(event, None)


def test_a_profile_goes_on_where_it_stopped(answer: Any, now: datetime) -> None:
    assert answer(put(stopped_at(42.5, now)), None)["statusCode"] == 204

    point = json.loads(resumed(answer)["body"])
    assert (point["position_seconds"], point["finished"]) == (42.5, False)


@given(seed=st.integers(0, 10_000))
def test_the_latest_moment_wins_in_whatever_order_they_arrive(seed: int) -> None:
    start = datetime.fromisoformat("2026-11-01T12:00:00+00:00")
    points = FakeResumePoints()
    tracker = ProgressTracker(points, lambda: start + timedelta(hours=1))
    writes = [(float(i), start + timedelta(seconds=i)) for i in range(8)] * 2
    random.Random(seed).shuffle(writes)

    for position, moment in writes:
        tracker.record(
            "prf", "ttl_1", position_seconds=position, duration_seconds=100, recorded_at=moment
        )

    assert tracker.resume("prf", "ttl_1").position_seconds == 7


def test_past_nine_tenths_it_is_finished(now: datetime) -> None:
    assert not ResumePoint("p", "t", 89.9, 100, now).finished
    assert ResumePoint("p", "t", 90, 100, now).finished


def test_a_title_never_watched_has_no_resume_point(answer: Any) -> None:
    assert resumed(answer)["statusCode"] == 404


def test_the_list_has_what_was_watched_last_first(answer: Any, now: datetime) -> None:
    answer(put(stopped_at(1, now - timedelta(hours=1))), None)
    other = call(
        "PUT",
        "/v1/progress/ttl_2",
        body=stopped_at(2, now),
        parameters={"title_id": "ttl_2"},
        claims=MEMBER,
    )
    answer(other, None)

    listed = json.loads(answer(call("GET", "/v1/progress", claims=MEMBER), None)["body"])
    assert [point["title_id"] for point in listed["progress"]] == ["ttl_2", "ttl_1"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"position_seconds": -1}, "position_seconds"),
        ({"position_seconds": 101}, "position_seconds"),
        ({"position_seconds": "1"}, "position_seconds"),
        ({"position_seconds": True}, "position_seconds"),
        ({"position_seconds": 10**400}, "position_seconds"),
        ({"duration_seconds": 0}, "duration_seconds"),
        ({"duration_seconds": 1e9}, "duration_seconds"),
        ({"position_seconds": 0, "duration_seconds": 1e-200}, "duration_seconds"),
        ({"recorded_at": "yesterday"}, "recorded_at"),
        ({"recorded_at": 20261101}, "recorded_at"),
        ({"recorded_at": "2026-11-01T12:00:00"}, "recorded_at"),
        ({"recorded_at": "2036-11-01T12:00:00Z"}, "recorded_at"),
        ({"profile_id": "prf_2"}, "profile_id"),
    ],
)
def test_what_cannot_be_true_is_refused_by_the_name_of_its_field(
    answer: Any, points: FakeResumePoints, now: datetime, change: dict[str, Any], field: str
) -> None:
    refused = answer(put({**stopped_at(1, now), **change}), None)

    assert refused["statusCode"] == 422
    assert json.loads(refused["body"])["field"] == field
    assert not points.points


def test_a_place_is_kept_to_the_millisecond(answer: Any, now: datetime) -> None:
    answer(put(stopped_at(1e-200, now)), None)

    assert json.loads(resumed(answer)["body"])["position_seconds"] == 0


@pytest.mark.parametrize("title_id", ["", "ttl_", "film", f"ttl_{'1' * 2_000}"])
def test_what_cannot_be_a_title_has_no_resume_point(
    answer: Any, points: FakeResumePoints, now: datetime, title_id: str
) -> None:
    named = {"title_id": title_id}
    body = stopped_at(1, now)
    kept = answer(call("PUT", "/v1/progress/x", body=body, parameters=named, claims=MEMBER), None)
    found = answer(call("GET", "/v1/progress/x", parameters=named, claims=MEMBER), None)

    assert (kept["statusCode"], json.loads(kept["body"])["field"]) == (422, "title_id")
    assert found["statusCode"] == 404
    assert not points.points


@pytest.mark.parametrize("body", ["", "[]", "{", '{"position_seconds": NaN}'])
def test_what_is_no_json_object_of_ours_is_refused(answer: Any, body: str) -> None:
    assert answer(put(body), None)["statusCode"] == 422


def test_nobody_writes_without_a_token(
    answer: Any, points: FakeResumePoints, now: datetime
) -> None:
    assert answer(put(stopped_at(1, now), claims=None), None)["statusCode"] == 401
    assert not points.points


def test_a_deleted_account_has_watched_nothing(now: datetime) -> None:
    points = FakeResumePoints()
    for profile in ("prf_1", "prf_2"):
        points.keep(ResumePoint(profile, "ttl_1", 1.0, 60.0, now))

    assert ProgressTracker(points, lambda: now).forget(["prf_1"]) == 1

    assert points.get("prf_1", "ttl_1") is None
    assert points.get("prf_2", "ttl_1") is not None
