"""Resume points and history over HTTP: only their owner sees and changes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.beacons import Batch, Beacon, DroppedError, Watching
from kernel.web.payload import answering
from progress.domain import ResumePoint
from progress.events import beacons_of
from progress.routes import routes
from progress.service import PlaceKeeper, ProgressTracker
from progress.titles import EpisodeOf, Title
from tests.fakes.gateway import MEMBER, call
from tests.fakes.progress import FakePlayEnds, FakeResumePoints, FakeTitles


@pytest.fixture
def points() -> FakeResumePoints:
    return FakeResumePoints()


@pytest.fixture
def titles() -> FakeTitles:
    return FakeTitles()


@pytest.fixture
def answer(points: FakeResumePoints, titles: FakeTitles, now: datetime) -> Any:
    def clock() -> datetime:
        return now

    tracker = ProgressTracker(points, titles, clock)
    return answering(routes(tracker))


def resumed(answer: Any) -> Any:
    event = call("GET", "/v1/progress/ttl_1", parameters={"title_id": "ttl_1"}, claims=MEMBER)
    return answer(event, None)


def test_a_profile_goes_on_where_it_stopped(
    answer: Any, points: FakeResumePoints, now: datetime
) -> None:
    points.keep(ResumePoint("prf_1", "ttl_1", 42.5, 100, now))

    point = json.loads(resumed(answer)["body"])
    assert (point["position_seconds"], point["finished"]) == (42.5, False)


def test_a_title_never_watched_has_no_resume_point(answer: Any) -> None:
    assert resumed(answer)["statusCode"] == 404


def test_the_list_has_what_was_watched_last_first(
    answer: Any, points: FakeResumePoints, now: datetime
) -> None:
    watched(points, now, "ttl_2", "ttl_1")

    listed = json.loads(answer(call("GET", "/v1/progress", claims=MEMBER), None)["body"])
    assert [point["title_id"] for point in listed["progress"]] == ["ttl_2", "ttl_1"]


def telling(now: datetime, **changes: Any) -> Batch:
    """A batch of one beacon as the stream's reader has it."""
    told = {"at": now, "position_seconds": 1.0, "duration_seconds": 100.0}
    title_id = changes.pop("title_id", "ttl_1")
    watching = Watching("ses_1", "acc_1", "prf_1", "dev_1", title_id)
    return Batch(watching, (Beacon("position", **{**told, **changes}),), now)


@pytest.mark.parametrize(
    "change",
    [
        {"position_seconds": -1.0},
        {"position_seconds": 101.0},
        {"duration_seconds": 0.0},
        {"duration_seconds": 1e9},
        {"position_seconds": 0.0, "duration_seconds": 1e-200},
        {"at": datetime(2036, 11, 1, tzinfo=UTC)},
        {"title_id": "film"},
        {"title_id": f"ttl_{'1' * 2_000}"},
    ],
)
def test_a_place_that_cannot_be_is_dropped(
    points: FakeResumePoints, now: datetime, change: dict[str, Any]
) -> None:
    take = beacons_of(PlaceKeeper(points, lambda: now), FakePlayEnds())

    with pytest.raises(DroppedError) as dropped:
        take(telling(now, **change))

    assert dropped.value.reason == "no_place"
    assert not points.points


def test_a_place_is_kept_to_the_millisecond(points: FakeResumePoints, now: datetime) -> None:
    beacons_of(PlaceKeeper(points, lambda: now), FakePlayEnds())(
        telling(now, position_seconds=1e-200)
    )

    assert [point.position_seconds for point in points.points.values()] == [0]


@pytest.mark.parametrize("title_id", ["", "ttl_", "film", f"ttl_{'1' * 2_000}"])
def test_what_cannot_be_a_title_has_no_resume_point(answer: Any, title_id: str) -> None:
    named = {"title_id": title_id}
    found = answer(call("GET", "/v1/progress/x", parameters=named, claims=MEMBER), None)

    assert found["statusCode"] == 404


def test_nobody_sees_a_place_without_a_token(answer: Any) -> None:
    for path, named in (("/v1/progress", None), ("/v1/progress/ttl_1", {"title_id": "ttl_1"})):
        assert answer(call("GET", path, parameters=named), None)["statusCode"] == 401


def test_a_deleted_account_has_watched_nothing(now: datetime) -> None:
    points = FakeResumePoints()
    for profile in ("prf_1", "prf_2"):
        points.keep(ResumePoint(profile, "ttl_1", 1.0, 60.0, now))

    assert PlaceKeeper(points, lambda: now).forget(["prf_1"]) == 1

    assert points.get("prf_1", "ttl_1") is None
    assert points.get("prf_2", "ttl_1") is not None


def watched(
    points: FakeResumePoints, now: datetime, *title_ids: str, position: float = 50, who: str = ""
) -> None:
    """So many titles, the first of them last."""
    profile_id = who or MEMBER["profile"]
    for seconds, title_id in enumerate(title_ids):
        moment = now - timedelta(seconds=seconds)
        points.keep(ResumePoint(profile_id, title_id, position, 100, moment))


def history(answer: Any, before: str | None = None) -> Any:
    query = {} if before is None else {"before": before}
    found = answer(call("GET", "/v1/history", claims=MEMBER, query=query), None)
    return found["statusCode"], json.loads(found["body"])


def take_out(answer: Any, title_id: str | None = None) -> int:
    path, named = "/v1/history", None
    if title_id is not None:
        path, named = f"/v1/history/{title_id}", {"title_id": title_id}
    return int(answer(call("DELETE", path, parameters=named, claims=MEMBER), None)["statusCode"])


def test_the_history_comes_in_pages(answer: Any, points: FakeResumePoints, now: datetime) -> None:
    watched(points, now, *(f"ttl_{number}" for number in range(120)))

    sizes, listed, cursor = [], [], None
    while True:
        _, page = history(answer, cursor)
        sizes.append(len(page["history"]))
        listed += [place["title_id"] for place in page["history"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert sizes == [50, 50, 20]
    assert listed == [f"ttl_{number}" for number in range(120)]


def test_a_title_is_taken_out_of_the_history_and_of_what_is_gone_on_with(
    answer: Any, points: FakeResumePoints, now: datetime
) -> None:
    watched(points, now, "ttl_1", "ttl_2")

    assert take_out(answer, "ttl_1") == 204

    assert [place["title_id"] for place in history(answer)[1]["history"]] == ["ttl_2"]
    listed = json.loads(answer(call("GET", "/v1/progress", claims=MEMBER), None)["body"])
    assert [entry["title_id"] for entry in listed["continue_watching"]] == ["ttl_2"]
    assert resumed(answer)["statusCode"] == 404


def test_a_history_is_cleared_for_its_profile_alone(
    answer: Any, points: FakeResumePoints, now: datetime
) -> None:
    watched(points, now, "ttl_1", "ttl_2")
    watched(points, now, "ttl_1", who="prf_other")

    assert take_out(answer) == 204

    assert history(answer) == (200, {"history": [], "next": None})
    assert len(points.of_profile("prf_other")) == 1


def test_what_a_fast_clock_told_is_taken_out_as_well(
    answer: Any, points: FakeResumePoints, now: datetime
) -> None:
    watched(points, now + timedelta(minutes=4), "ttl_1", "ttl_2")

    assert (take_out(answer, "ttl_1"), take_out(answer)) == (204, 204)

    assert history(answer)[1]["history"] == []


@pytest.mark.parametrize(
    ("title_id", "status"), [("ttl_never", 204), ("film", 404), (f"ttl_{'1' * 2_000}", 404)]
)
def test_what_is_not_in_the_history_is_taken_out_of_it_without_a_trace(
    answer: Any, points: FakeResumePoints, title_id: str, status: int
) -> None:
    assert take_out(answer, title_id) == status
    assert not points.removed


@pytest.mark.parametrize("before", ["", "yesterday", "1-ttl_1x!", "-1-ttl_1", "9" * 400])
def test_what_is_no_part_of_a_history_is_refused(answer: Any, before: str) -> None:
    status, problem = history(answer, before)

    assert (status, problem["field"]) == (422, "before")


@pytest.mark.parametrize(("method", "title_id"), [("GET", None), ("DELETE", None), ("DELETE", "t")])
def test_nobody_sees_or_changes_a_history_without_a_token(
    answer: Any, method: str, title_id: str | None
) -> None:
    named = {"title_id": title_id} if title_id else None
    path = f"/v1/history/{title_id}" if title_id else "/v1/history"

    assert answer(call(method, path, parameters=named, claims=None), None)["statusCode"] == 401


def test_the_next_episode_stands_in_place_of_the_finished_one(
    answer: Any, points: FakeResumePoints, titles: FakeTitles, now: datetime
) -> None:
    for number in (1, 2):
        of = EpisodeOf("srs_1", 1, number)
        titles.keep(Title(f"ttl_e{number}", 60.0, episode_of=of), 1)
    titles.keep(Title("ttl_marked", 100.0, credits_at_seconds=80.0), 1)
    watched(points, now, "ttl_e1", "ttl_marked", position=90)
    watched(points, now - timedelta(hours=1), "ttl_film")

    listed = json.loads(answer(call("GET", "/v1/progress", claims=MEMBER), None)["body"])

    assert listed["continue_watching"] == [
        {"title_id": "ttl_e2", "position_seconds": 0, "duration_seconds": 60, "is_next": True},
        {"title_id": "ttl_film", "position_seconds": 50, "duration_seconds": 100, "is_next": False},
    ]
    assert [place["finished"] for place in listed["progress"]] == [True, True, False]
