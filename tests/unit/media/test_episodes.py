"""An upload may be an episode of a series, and each episode is there once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import count

import pytest

from kernel.errors import InvalidInputError
from media.domain import UPLOAD_LIFE, AssetStatus, Failure
from media.episodes import EpisodeOf, EpisodeTakenError
from media.service import Ingest
from tests.fakes.media import FakeAssets, FakeExecutions, FakeUploads

SECOND = EpisodeOf("The Tide", 1, 2)


class House:
    """Uploads and a clock that tests move."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.assets = FakeAssets()
        self.uploads = FakeUploads()
        numbers: Iterator[int] = count()
        self.ingest = Ingest(
            assets=self.assets,
            uploads=self.uploads,
            executions=FakeExecutions(),
            clock=lambda: self.now,
            new_asset_id=lambda: f"ast_{next(numbers):026}",
            new_attempt=lambda: f"attempt{next(numbers)}",
        )

    def begin(self, place: EpisodeOf = SECOND) -> str:
        return self.ingest.begin_upload("Low water", "e2.mp4", 5, episode_of=place).asset_id

    def fail(self, asset_id: str) -> None:
        failure = Failure("code", "What happened.", "What to do.")
        self.assets.close(asset_id, None, AssetStatus.FAILED, failure)
        self.assets._change(asset_id, checksum="checksum")


@pytest.fixture
def house(now: datetime) -> House:
    return House(now)


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (EpisodeOf("", 1, 1), "series"),
        (EpisodeOf("  ", 1, 1), "series"),
        (EpisodeOf("s" * 201, 1, 1), "series"),
        (EpisodeOf("a\nb", 1, 1), "series"),
        (EpisodeOf("The Tide", 0, 1), "season"),
        (EpisodeOf("The Tide", 10_000, 1), "season"),
        (EpisodeOf("The Tide", 1, 0), "episode"),
        (EpisodeOf("The Tide", 1, -1), "episode"),
        (EpisodeOf("The Tide", 1, 10_000), "episode"),
    ],
)
def test_a_place_that_no_series_has_is_refused_by_the_name_of_its_field(
    house: House, place: EpisodeOf, field: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"^episode_of.{field}: ") as refusal:
        house.begin(place)

    assert refusal.value.facts["field"] == f"episode_of.{field}"


@pytest.mark.parametrize("written", ["the tide", "  The   Tide ", "THE\u00a0TIDE"])
def test_a_series_is_one_however_its_name_is_spaced_and_capitalised(written: str) -> None:
    assert EpisodeOf(written, 1, 1).series_id == SECOND.series_id


def test_another_name_is_another_series() -> None:
    assert EpisodeOf("The Tides", 1, 2).series_id != SECOND.series_id


def test_an_episode_that_is_there_is_refused_with_the_way_out(house: House) -> None:
    first = house.begin()

    with pytest.raises(EpisodeTakenError, match="cancel that one first") as refusal:
        house.begin(EpisodeOf("the tide", 1, 2))

    assert first in refusal.value.message
    assert "Season 1, episode 2 of “the tide”" in refusal.value.message
    assert house.uploads.aborted == [], "nothing was begun"


def test_other_episodes_and_seasons_are_free(house: House) -> None:
    house.begin()

    house.begin(EpisodeOf("The Tide", 1, 3))
    house.begin(EpisodeOf("The Tide", 2, 2))


@pytest.mark.parametrize("end", ["cancelled", "failed", "deleted", "abandoned"])
def test_what_never_became_an_episode_gives_its_place_up(house: House, end: str) -> None:
    first = house.begin()
    if end == "cancelled":
        house.ingest.cancel(first)
    elif end == "failed":
        house.fail(first)
    elif end == "deleted":
        house.ingest.cancel(first)
        house.ingest.delete(first)
    else:
        house.now += UPLOAD_LIFE

    second = house.begin()

    at = house.assets.at(SECOND)
    assert at is not None
    assert at.asset_id == second


def test_who_comes_second_by_a_moment_leaves_no_upload_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.begin()
    monkeypatch.setattr(house.assets, "at", lambda _place: None)

    with pytest.raises(EpisodeTakenError):
        house.begin()

    assert house.uploads.aborted == [f"uploads/ast_{1:026}/source"]


def test_an_episode_whose_place_was_taken_cannot_be_tried_again(house: House) -> None:
    first = house.begin()
    house.fail(first)
    house.begin()

    with pytest.raises(EpisodeTakenError):
        house.ingest.retry(first)

    assert house.ingest.asset(first).status is AssetStatus.FAILED
