"""Titles keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from catalog.domain import EpisodeOf, Rights, Title
from catalog.ports import Titles
from catalog.store import DynamoTitles
from tests.fakes.catalog import FakeTitles


@pytest.fixture(params=["memory", "dynamodb"])
def titles(request: pytest.FixtureRequest, table_of: Callable[[str], str]) -> Titles:
    if request.param == "memory":
        return FakeTitles()
    return DynamoTitles(boto3.client("dynamodb"), table_of("catalog"))


@pytest.fixture
def title(now: datetime) -> Title:
    return Title(
        title_id="ttl_1",
        asset_id="ast_1",
        name="Ein Film — 映画",
        duration_seconds=61.48,
        path="m/ast_1/v1",
        manifests={"dash": "main.mpd"},
        classes=(
            {
                "family": "dash",
                "manifest": "dash.avc.sd.mpd",
                "codecs": ["avc1", "mp4a"],
                "ranges": ["SDR"],
                "picture": "SD",
            },
        ),
        poster="art/ast_1/v1/poster.jpg",
        rights=Rights(("DE", "FR"), now, now + timedelta(days=365)),
        published_at=now,
        sequence=5,
        maturity=12,
    )


def test_a_title_comes_back_as_it_was_put(titles: Titles, title: Title, now: datetime) -> None:
    assert titles.put(title, now)

    assert titles.get("ttl_1") == title
    assert list(titles.all()) == [title]
    assert titles.get("ttl_2") is None


def test_an_episode_comes_back_with_its_place(titles: Titles, title: Title, now: datetime) -> None:
    place = EpisodeOf("srs_1", "Ein Gezeitenspiel — 潮", 2, 12)
    episode = dataclasses.replace(title, episode_of=place)

    titles.put(episode, now)

    assert titles.get("ttl_1") == episode
    assert list(titles.all()) == [episode]


def test_a_withdrawn_title_is_gone_and_an_older_publication_does_not_bring_it_back(
    titles: Titles, title: Title, now: datetime
) -> None:
    titles.put(title, now)

    assert titles.withdraw("ttl_1", "ast_1", 6, now)

    assert titles.get("ttl_1") is None
    assert list(titles.all()) == []
    assert not titles.put(title, now)
    assert titles.get("ttl_1") is None


def test_a_title_can_be_published_again_after_it_was_withdrawn(
    titles: Titles, title: Title, now: datetime
) -> None:
    titles.withdraw("ttl_1", "ast_1", 4, now)

    assert titles.put(title, now)
    assert titles.get("ttl_1") == title


def test_an_older_withdrawal_changes_nothing(titles: Titles, title: Title, now: datetime) -> None:
    titles.put(title, now)

    assert not titles.withdraw("ttl_1", "ast_1", 5, now)
    assert titles.get("ttl_1") == title


@pytest.mark.parametrize("sequence", [4, 5])
def test_what_is_not_newer_changes_nothing(
    titles: Titles, title: Title, now: datetime, sequence: int
) -> None:
    titles.put(title, now)

    assert not titles.put(dataclasses.replace(title, name="Old", sequence=sequence), now)
    assert titles.get("ttl_1") == title


def test_the_record_and_its_event_are_written_together(
    table_of: Callable[[str], str], title: Title, now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("catalog")

    DynamoTitles(client, table).put(title, now)

    items = client.scan(TableName=table)["Items"]
    (event,) = (item for item in items if item.get("kind") == {"S": "event"})
    detail = json.loads(event["detail"]["S"])
    assert event["detail_type"] == {"S": "TitlePublished"}
    assert detail["subject"] == "ttl_1"
    assert int(event["expires_at"]["N"]) > now.timestamp()
