"""The rules of progress, held against whatever devices do: late, twice, and at the same time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kernel import tokens
from kernel.beacons import OLDEST, TICKET, Batch, Beacon, Watching, read_batch
from kernel.tokens import MacKey
from progress.domain import GLANCE, ResumePoint, latest_first
from progress.events import beacons_of
from progress.history import page_of
from progress.service import PlaceKeeper, ProgressTracker
from progress.store import REMOVAL_KEPT
from progress.titles import EpisodeOf, Title, continue_watching, in_order
from tests.fakes.progress import FakePlayEnds, FakeResumePoints, FakeTitles

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LENGTH = 1000.0
STREAM_KEEPS = timedelta(hours=24)


@dataclass(frozen=True)
class Told:
    """A beacon as a device tells it: of a title, so many milliseconds ago, at a place."""

    title_id: str
    ago_ms: int
    position: float

    @property
    def at(self) -> datetime:
        return NOW - timedelta(milliseconds=self.ago_ms)

    @property
    def point(self) -> ResumePoint:
        return ResumePoint("prf_1", self.title_id, self.position, LENGTH, self.at)


tellings = st.lists(
    st.builds(
        Told,
        title_id=st.sampled_from(["ttl_1", "ttl_2", "ttl_3"]),
        # Few moments, so that devices often tell of the same one.
        ago_ms=st.integers(0, 40),
        position=st.integers(0, 1000).map(float),
    ),
    min_size=1,
    max_size=30,
)


class Service:
    """The tracker with its stores in memory."""

    def __init__(self) -> None:
        self.points, self.titles = FakeResumePoints(), FakeTitles()
        self.ends = FakePlayEnds()
        self.keeper = PlaceKeeper(self.points, lambda: NOW)
        self.tracker = ProgressTracker(self.points, self.titles, lambda: NOW)

    def hear(self, *told: Told, profile_id: str = "prf_1") -> None:
        """One batch of one title."""
        watching = Watching("ses_1", "acc_1", profile_id, "dev_1", told[0].title_id)
        beacons = [Beacon("position", one.at, one.position, LENGTH) for one in told]
        beacons_of(self.keeper, self.ends)(Batch(watching, tuple(beacons), NOW))

    def places(self, profile_id: str = "prf_1") -> dict[str, float]:
        watched = self.tracker.watched(profile_id).places
        return {place.point.title_id: place.point.position_seconds for place in watched}


@given(told=tellings, data=st.data())
def test_the_place_is_that_of_the_latest_moment_however_beacons_arrive(
    told: list[Told], data: st.DataObject
) -> None:
    expected = {
        title_id: max((one.ago_ms * -1, one.position) for one in told if one.title_id == title_id)
        for title_id in {one.title_id for one in told}
    }
    again = data.draw(st.lists(st.sampled_from(told)))
    service = Service()

    for one in data.draw(st.permutations(told + again)):
        service.hear(one)

    assert service.places() == {title_id: place for title_id, (_, place) in expected.items()}


@given(told=tellings, cuts=st.lists(st.integers(1, 6), min_size=30, max_size=30))
def test_how_beacons_are_cut_into_batches_changes_nothing(
    told: list[Told], cuts: list[int]
) -> None:
    one_by_one, batched = Service(), Service()
    for one in told:
        one_by_one.hear(one)
    for title_id in {one.title_id for one in told}:
        left = [one for one in told if one.title_id == title_id]
        for cut in cuts:
            if left[:cut]:
                batched.hear(*left[:cut])
            left = left[cut:]

    assert batched.places() == one_by_one.places()


@given(told=tellings)
def test_a_moment_never_goes_back(told: list[Told]) -> None:
    points = FakeResumePoints()
    for one in told:
        before = points.get("prf_1", one.title_id)
        points.keep(one.point)
        after = points.get("prf_1", one.title_id)
        assert after is not None
        assert before is None or after.order >= before.order


@given(mine=tellings, theirs=tellings)
def test_profiles_do_not_move_each_others_places(mine: list[Told], theirs: list[Told]) -> None:
    alone, together = Service(), Service()
    for one in mine:
        alone.hear(one)
        together.hear(one)
    for one in theirs:
        together.hear(one, profile_id="prf_2")

    assert together.places() == alone.places()


@given(before=tellings, after=tellings, data=st.data())
def test_what_was_watched_before_a_removal_stays_out_whenever_it_arrives(
    before: list[Told], after: list[Told], data: st.DataObject
) -> None:
    removed_at = NOW - timedelta(seconds=1)
    earlier = [Told(one.title_id, one.ago_ms + 1_000, one.position) for one in before]
    late = data.draw(st.lists(st.sampled_from(earlier)))
    told_in_time = [one for one in earlier if one not in late]
    service, alone = Service(), Service()
    tracker = ProgressTracker(service.points, service.titles, lambda: removed_at)
    for one in told_in_time:
        service.hear(one)

    if data.draw(st.booleans()):
        tracker.clear("prf_1")
        unknown: set[str] = set()
    else:
        unknown = {"ttl_1", "ttl_2", "ttl_3"} - service.places().keys()
        for title_id in service.places():
            tracker.remove("prf_1", title_id)
    assert service.places() == {}
    for one in data.draw(st.permutations([*late, *after])):
        service.hear(one)

    for one in [*after, *(one for one in late if one.title_id in unknown)]:
        alone.hear(one)
    assert service.places() == alone.places()


def test_a_removal_is_remembered_for_as_long_as_a_player_may_still_tell() -> None:
    assert REMOVAL_KEPT >= OLDEST + STREAM_KEEPS


@given(told=tellings, more=st.integers(0, 140))
def test_the_pages_of_a_history_hold_everything_once_the_latest_first(
    told: list[Told], more: int
) -> None:
    service = Service()
    for one in [*told, *(Told(f"ttl_m{number}", number // 3, 9) for number in range(more))]:
        service.hear(one)
    everything = service.points.of_profile("prf_1")

    seen: list[ResumePoint] = []
    cursor: str | None = None
    while (page := page_of(everything, cursor)).points:
        seen += page.points
        cursor = page.next
        if cursor is None:
            break

    assert seen == list(everything)
    assert [point.order[0] for point in seen] == sorted((p.order[0] for p in seen), reverse=True)


finishing = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([2.0, 5.0, 400.0, 899.9, 900.0, 1000.0])),
    unique_by=lambda place: place[0],
    max_size=10,
)
"""Which of ten titles were watched, the latest first, and how far."""


def season(length: int) -> list[Title]:
    return in_order(
        [
            Title(f"ttl_{number}", LENGTH, episode_of=EpisodeOf("srs_1", 1 + number // 3, number))
            for number in range(length)
        ]
    )


def points_of(places: list[tuple[int, float]]) -> list[ResumePoint]:
    return [
        Told(f"ttl_{number}", ago, position).point for ago, (number, position) in enumerate(places)
    ]


@given(places=finishing, length=st.integers(0, 10))
def test_what_is_gone_on_with_is_under_way_or_follows_what_is_finished(
    places: list[tuple[int, float]], length: int
) -> None:
    """Episodes 0 … length - 1 are a series, the other titles are films."""
    episodes = season(length)
    titles = {title.title_id: title for title in episodes}
    points = [point for point in points_of(places) if not point.is_glance]
    watched = {point.title_id: point for point in points}

    entries = continue_watching(points, titles, {"srs_1": episodes})

    assert len({entry.title_id for entry in entries}) == len(entries)
    assert sum(entry.title_id in titles for entry in entries) <= 1
    assert [e.since for e in entries] == sorted((e.since for e in entries), reverse=True)
    films = {p.title_id for p in points if p.title_id not in titles and not p.finished()}
    assert {entry.title_id for entry in entries} - titles.keys() == films
    for entry in entries:
        assert entry.is_next == (
            entry.title_id not in watched or watched[entry.title_id].finished()
        )
        assert entry.position_seconds < entry.duration_seconds
    _the_series_goes_on(points, episodes, [e.title_id for e in entries if e.title_id in titles])


def _the_series_goes_on(
    points: list[ResumePoint], episodes: list[Title], entries: list[str]
) -> None:
    order = [title.title_id for title in episodes]
    latest = next((point for point in points if point.title_id in order), None)
    if latest is None:
        assert entries == []
    elif latest.finished():
        at = order.index(latest.title_id)
        assert entries == order[at + 1 : at + 2]
    else:
        assert entries == [latest.title_id]


@given(position=st.floats(0, LENGTH), marker=st.none() | st.floats(-10, 2 * LENGTH))
def test_a_title_is_finished_at_its_credits_or_at_nine_tenths(
    position: float, marker: float | None
) -> None:
    point = ResumePoint("prf_1", "ttl_1", position, LENGTH, NOW)
    believed = marker is not None and LENGTH / 2 <= marker <= LENGTH
    begin = marker if believed and marker is not None else 0.9 * LENGTH

    assert point.finished(marker) == (position >= begin)


def test_a_glance_at_the_next_episode_takes_nothing_out_of_the_row() -> None:
    episodes = season(3)
    titles = {title.title_id: title for title in episodes}
    service = Service()
    for title in episodes:
        service.titles.keep(title, 1)
    glance = GLANCE.total_seconds() - 0.1

    service.hear(Told("ttl_0", 2_000, 950))
    service.hear(Told("ttl_1", 1_000, glance))

    (entry,) = service.tracker.watched("prf_1").goes_on_with
    assert (entry.title_id, entry.position_seconds, entry.is_next) == ("ttl_1", 0, True)
    assert titles[entry.title_id].episode_of == EpisodeOf("srs_1", 1, 1)


def test_the_next_episode_goes_on_where_it_was_left_before() -> None:
    service = Service()
    for title in season(3):
        service.titles.keep(title, 1)

    service.hear(Told("ttl_1", 2_000, 300))
    service.hear(Told("ttl_0", 1_000, 950))

    (entry,) = service.tracker.watched("prf_1").goes_on_with
    assert (entry.title_id, entry.position_seconds, entry.is_next) == ("ttl_1", 300, False)


def test_a_withdrawn_episode_is_passed_over_and_a_withdrawn_film_leaves() -> None:
    service = Service()
    for title in [*season(3), Title("ttl_7", LENGTH)]:
        service.titles.keep(title, 1)
    service.hear(Told("ttl_0", 2_000, 950))
    service.hear(Told("ttl_7", 1_000, 300))

    service.titles.withdraw("ttl_1", 2)
    service.titles.withdraw("ttl_7", 2)

    (entry,) = service.tracker.watched("prf_1").goes_on_with
    assert entry.title_id == "ttl_2"


def test_a_season_is_followed_by_the_next_one() -> None:
    service = Service()
    for number, place in enumerate([(1, 9), (1, 10), (2, 1)]):
        title = Title(f"ttl_{number}", LENGTH, episode_of=EpisodeOf("srs_1", *place))
        service.titles.keep(title, 1)

    for watched, follows in (("ttl_0", "ttl_1"), ("ttl_1", "ttl_2")):
        service.hear(Told(watched, 1_000 - int(watched[-1]), 950))
        (entry,) = service.tracker.watched("prf_1").goes_on_with
        assert entry.title_id == follows
    service.hear(Told("ttl_2", 10, 950))
    assert list(service.tracker.watched("prf_1").goes_on_with) == []


def test_a_device_that_was_offline_is_overtaken_by_a_later_watch_elsewhere() -> None:
    """The plane's beacons come hours later than those of the evening at home."""
    service = Service()
    hour = 3_600_000
    service.hear(Told("ttl_1", 1 * hour, 700), Told("ttl_1", 2 * hour, 500))

    service.hear(*(Told("ttl_1", age * hour, 100 + age) for age in (3, 4, 5)))
    assert service.places()["ttl_1"] == 700
    service.hear(Told("ttl_1", hour // 2, 300), Told("ttl_1", 6 * hour, 90))
    assert service.places()["ttl_1"] == 300


@given(
    skews=st.tuples(st.integers(-90_000, 90_000), st.integers(-90_000, 90_000)),
    on_the_way=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    apart=st.integers(141, 10_000),
)
def test_a_later_watch_wins_whatever_the_clocks_of_both_devices_say(
    skews: tuple[int, int], on_the_way: tuple[int, int], apart: int
) -> None:
    """Clocks up to a day off, in seconds; two and a half minutes between the two devices."""
    key = MacKey(b"a token secret of thirty-two byte")
    claims = {"session": "s", "account": "a", "profile": "prf_1", "device": "d", "title": "ttl_1"}
    ticket = tokens.make(TICKET, claims, NOW + timedelta(hours=4), key)
    service = Service()
    watched = (NOW - timedelta(seconds=apart + 20), NOW - timedelta(seconds=20))

    for moment, skew, way, position in zip(watched, skews, on_the_way, (100.0, 50.0), strict=True):
        theirs = (moment + timedelta(seconds=skew)).isoformat()
        beacon = {
            "kind": "pause",
            "at": theirs,
            "position_seconds": position,
            "duration_seconds": LENGTH,
        }
        told = json.dumps({"ticket": ticket, "sent_at": theirs, "beacons": [beacon]}).encode()
        arrived = moment + timedelta(seconds=way)
        beacons_of(service.keeper, service.ends)(read_batch(told, arrived, {key.key_id: key}))

    assert service.places() == {"ttl_1": 50.0}


def test_lists_of_the_same_moment_always_stand_in_one_order() -> None:
    points = [Told(f"ttl_{number}", 5, 9).point for number in range(5)]

    assert latest_first(points) == latest_first(reversed(points))
