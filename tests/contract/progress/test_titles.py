"""What progress knows of titles, in memory and in DynamoDB alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import boto3
import pytest

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
