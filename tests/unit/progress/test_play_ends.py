"""What a play may still tell once it has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.beacons import Batch, Beacon, DroppedError, Kind, Watching
from kernel.clock import epoch_milliseconds
from kernel.events.identity import ProfileDeleted
from kernel.events.playback import PlayRevoked
from progress.domain import AFTER_ITS_END
from progress.events import beacons_of, ends_of, gone
from progress.service import PlaceKeeper
from tests.fakes.progress import FakePlayEnds, FakeResumePoints

MINUTE = timedelta(minutes=1)
NOW = datetime.fromisoformat("2026-11-01T12:00:00+00:00")


class Progress:
    """Readers of the stream and of the bus, in memory."""

    def __init__(self) -> None:
        self.points, self.ends = FakeResumePoints(), FakePlayEnds()
        self.take = beacons_of(PlaceKeeper(self.points, lambda: NOW + timedelta(days=1)), self.ends)

    def tell(self, at: datetime, place: float, kind: Kind = "position", **whose: Any) -> None:
        watching = Watching("ses_1", "acc_1", "prf_1", "dev_1", "ttl_1")
        self.take(Batch(replace(watching, **whose), (Beacon(kind, at, place, 6000.0),), at))

    def revoke(self, at: datetime, reason: str = "signed_out", session_id: str = "ses_1") -> None:
        event = PlayRevoked(
            sequence=epoch_milliseconds(at),
            session_id=session_id,
            account_id="acc_1",
            reason=reason,
            expires_at=(at + timedelta(hours=4)).isoformat(),
        )
        ends_of(self.ends)({"detail-type": event.detail_type, "detail": event.to_detail()})

    def delete(self, profile_id: str) -> None:
        event = ProfileDeleted(sequence=1, account_id="acc_1", profile_id=profile_id)
        keeper = PlaceKeeper(self.points, lambda: NOW)
        gone(keeper, self.ends)({"detail-type": event.detail_type, "detail": event.to_detail()})

    @property
    def place(self) -> float | None:
        point = self.points.get("prf_1", "ttl_1")
        return None if point is None else point.position_seconds


@pytest.fixture
def progress() -> Progress:
    return Progress()


@pytest.mark.parametrize(
    "reason", ["taken_over", "lapsed", "signed_out", "device_removed", "account_blocked"]
)
def test_a_play_that_was_ended_moves_no_place(progress: Progress, reason: str) -> None:
    progress.tell(NOW, 100.0)
    progress.revoke(NOW + MINUTE, reason)

    with pytest.raises(DroppedError, match="over"):
        progress.tell(NOW + 3 * MINUTE, 4000.0)

    assert progress.place == 100.0


def test_a_play_that_was_left_moves_no_place(progress: Progress) -> None:
    progress.tell(NOW, 100.0, "leave")

    with pytest.raises(DroppedError, match="over"):
        progress.tell(NOW + 2 * MINUTE, 4000.0)

    assert progress.place == 100.0


def test_what_was_watched_before_the_end_is_true_afterwards(progress: Progress) -> None:
    progress.revoke(NOW + 5 * MINUTE)

    progress.tell(NOW + 4 * MINUTE, 240.0)

    assert progress.place == 240.0


def test_the_last_word_of_a_play_and_a_clock_that_is_ahead_are_believed(
    progress: Progress,
) -> None:
    progress.revoke(NOW)

    progress.tell(NOW + AFTER_ITS_END, 100.0)

    assert progress.place == 100.0


def test_of_a_batch_only_what_comes_after_the_end_is_dropped(progress: Progress) -> None:
    progress.revoke(NOW)
    beacons = (
        Beacon("position", NOW, 100.0, 6000.0),
        Beacon("position", NOW + 2 * MINUTE, 4000.0, 6000.0),
    )

    progress.take(
        Batch(Watching("ses_1", "acc_1", "prf_1", "dev_1", "ttl_1"), beacons, NOW + 2 * MINUTE)
    )

    assert progress.place == 100.0


def test_another_play_of_the_same_title_goes_on(progress: Progress) -> None:
    progress.revoke(NOW)

    progress.tell(NOW + 2 * MINUTE, 200.0, session_id="ses_2")

    assert progress.place == 200.0


def test_a_title_that_is_kept_on_a_device_is_played_again_under_its_id(progress: Progress) -> None:
    progress.tell(NOW, 100.0, "leave", session_id="dwl_1")

    progress.tell(NOW + timedelta(hours=2), 900.0, session_id="dwl_1")

    assert progress.place == 900.0


def test_a_profile_that_is_no_more_has_no_place_whatever_is_told_of_it_later(
    progress: Progress,
) -> None:
    progress.tell(NOW, 100.0)
    progress.tell(NOW, 50.0, profile_id="prf_2", session_id="ses_2")

    progress.delete("prf_1")

    for at in (NOW - timedelta(days=20), NOW + MINUTE):
        with pytest.raises(DroppedError, match="over"):
            progress.tell(at, 4000.0)
    assert progress.place is None
    progress.tell(NOW + MINUTE, 60.0, profile_id="prf_2", session_id="ses_2")
    assert progress.points.of_profile("prf_2")[0].position_seconds == 60.0


@given(order=st.permutations(range(6)))
def test_in_whichever_order_they_come_an_end_after_them_changes_nothing(order: list[int]) -> None:
    progress = Progress()
    progress.revoke(NOW + 6 * MINUTE)

    for minute in order:
        progress.tell(NOW + minute * MINUTE, 60.0 * minute)

    assert progress.place == 300.0


@given(moments=st.lists(st.integers(0, 90), min_size=1, max_size=5))
def test_the_earliest_end_stands(moments: list[int]) -> None:
    progress = Progress()

    for moment in moments:
        progress.revoke(NOW + moment * MINUTE)

    assert progress.ends.of("ses_1", "prf_1") == NOW + min(moments) * MINUTE
