"""What progress knows of titles, in memory and in DynamoDB alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.events.catalog import TitlePublished, TitleWithdrawn
from progress.events import titles_of
from progress.ports import Titles
from progress.title_store import DynamoTitles
from progress.titles import EpisodeOf, Title
from tests.fakes.progress import FakeTitles

FILM = Title("ttl_film", 5400.0, credits_at_seconds=5000.5)


def episode(number: int, season: int = 1, series_id: str = "srs_1") -> Title:
    title_id = f"ttl_{season}x{number}"
    return Title(title_id, 60.0, episode_of=EpisodeOf(series_id, season, number))


@pytest.fixture(params=["memory", "dynamodb"])
def titles(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> Titles:
    if request.param == "memory":
        return FakeTitles()
    client = boto3.client("dynamodb")
    return DynamoTitles(client, table_of("progress"), remembered=timedelta(0))


def test_a_title_comes_back_as_it_was_told(titles: Titles) -> None:
    for title in (FILM, episode(1)):
        assert titles.keep(title, 1)

    known = titles.known(["ttl_film", "ttl_1x1", "ttl_nobody", "ttl_film"])

    assert known == {"ttl_film": FILM, "ttl_1x1": episode(1)}


def test_what_was_overtaken_changes_nothing(titles: Titles) -> None:
    titles.keep(FILM, 5)

    for late in (5, 4):
        assert not titles.keep(Title("ttl_film", 1.0), late)
        assert not titles.withdraw("ttl_film", late)
    assert titles.known(["ttl_film"])["ttl_film"] == FILM


def test_episodes_stand_in_order_whatever_came_first(titles: Titles) -> None:
    for title in (episode(10), episode(1, season=2), episode(9), episode(1, series_id="srs_2")):
        titles.keep(title, 1)
    titles.keep(episode(2), 1)

    order = [title.title_id for title in titles.episodes("srs_1")]

    assert order == ["ttl_1x2", "ttl_1x9", "ttl_1x10", "ttl_2x1"]
    assert list(titles.episodes("srs_none")) == []


def test_an_episode_that_moved_stands_at_its_new_place_alone(titles: Titles) -> None:
    titles.keep(episode(1), 1)
    titles.keep(episode(2), 1)

    titles.keep(Title("ttl_1x1", 60.0, episode_of=EpisodeOf("srs_1", 1, 3)), 2)

    assert [title.title_id for title in titles.episodes("srs_1")] == ["ttl_1x2", "ttl_1x1"]
    titles.keep(Title("ttl_1x1", 60.0, episode_of=EpisodeOf("srs_2", 1, 3)), 3)
    assert [title.title_id for title in titles.episodes("srs_1")] == ["ttl_1x2"]


def test_a_withdrawn_episode_is_known_but_not_among_its_series(titles: Titles) -> None:
    titles.keep(episode(1), 1)

    assert titles.withdraw("ttl_1x1", 2)
    assert titles.withdraw("ttl_nobody", 2)

    assert list(titles.episodes("srs_1")) == []
    assert titles.known(["ttl_1x1"])["ttl_1x1"].withdrawn
    assert titles.keep(episode(1), 3)
    assert list(titles.episodes("srs_1")) == [episode(1)]


def test_a_process_remembers_titles_for_a_while(table_of: Callable[[str], str]) -> None:
    client = boto3.client("dynamodb")
    table = table_of("progress")
    titles, writer = DynamoTitles(client, table), DynamoTitles(client, table)
    assert titles.known(["ttl_film"]) == {}
    writer.keep(FILM, 1)
    writer.keep(episode(1), 1)
    titles.episodes("srs_1")

    assert titles.known(["ttl_film"]) == {"ttl_film": FILM}, "what was unknown is asked for again"
    writer.withdraw("ttl_film", 2)
    writer.keep(episode(2), 1)

    assert titles.known(["ttl_film"]) == {"ttl_film": FILM}
    assert list(titles.episodes("srs_1")) == [episode(1)]


Told = Callable[[str], TitlePublished | TitleWithdrawn]
"""What the catalogue says of an episode of a series of that name."""


def told(sequence: int, title: int, place: int | None) -> Told:
    """A title that stands at a place of its series, or that was withdrawn."""
    if place is None:
        return lambda series: TitleWithdrawn(
            sequence=sequence, title_id=f"ttl_{series}x{title}", asset_id="ast_1"
        )
    return lambda series: TitlePublished(
        sequence=sequence,
        title_id=f"ttl_{series}x{title}",
        asset_id="ast_1",
        name="An episode",
        duration_seconds=60.0 + sequence,
        path="m/ast_1/v1",
        manifests={},
        poster="poster.jpg",
        rights={"territories": ["*"], "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": None},
        episode_of={"series_id": f"srs_{series}", "season": 1, "episode": place},
    )


SEASON = [
    *(told(1, title=1, place=1), told(2, title=1, place=3), told(3, title=1, place=None)),
    *(told(4, title=1, place=2), told(1, title=2, place=2), told(2, title=2, place=None)),
]
SERIES = count()


@settings(
    max_examples=settings().max_examples // 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_a_season_is_what_was_told_last_of_each_episode_in_whatever_order_it_was_told(
    titles: Titles, data: st.DataObject
) -> None:
    """Each example is of two series of its own: one that hears all in order, and one that hears
    it as it comes."""
    some = data.draw(st.lists(st.sampled_from(SEASON), min_size=1, unique_by=id))
    happened = [one for one in SEASON if one in some]
    again = data.draw(st.lists(st.sampled_from(happened), max_size=4))
    arrives = data.draw(st.permutations([*happened, *again]))
    ends = []

    for events in (happened, arrives):
        series = str(next(SERIES))
        for event in (tell(series) for tell in events):
            titles_of(titles)({"detail-type": event.detail_type, "detail": event.to_detail()})
        known = titles.known([f"ttl_{series}x{title}" for title in (1, 2)])
        # What went before a withdrawal is of no use to anybody, and may not have been heard of.
        shown = {name: None if title.withdrawn else title for name, title in known.items()}
        ends.append(repr((shown, titles.episodes(f"srs_{series}"))).replace(f"_{series}", "_"))

    assert ends[0] == ends[1]
