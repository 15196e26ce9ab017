"""Titles keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from catalog.domain import EpisodeOf, Rights, Title
from catalog.markers import Markers, Span
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


MARKERS = Markers(Span(4.5, 20.0), 55.25)


def test_what_staff_mark_comes_back_and_is_told(
    titles: Titles, title: Title, now: datetime
) -> None:
    titles.put(title, now)

    assert titles.edit(title.marked(MARKERS), "acc_editor", now)

    marked = titles.get("ttl_1")
    assert marked == dataclasses.replace(title, markers=MARKERS, edition=1)
    assert list(titles.all()) == [marked]
    assert titles.edit(marked.marked(Markers()), "acc_editor", now)
    assert titles.get("ttl_1") == dataclasses.replace(title, edition=2)


def test_nobody_overwrites_an_edition_that_they_have_not_read(
    titles: Titles, title: Title, now: datetime
) -> None:
    titles.put(title, now)
    titles.edit(title.marked(MARKERS), "acc_editor", now)

    assert not titles.edit(title.marked(Markers()), "acc_other", now)
    assert not titles.put(dataclasses.replace(title, sequence=6), now)
    marked = titles.get("ttl_1")
    assert marked is not None
    assert marked.markers == MARKERS
    assert titles.put(dataclasses.replace(marked, sequence=6), now)


def test_there_is_nothing_to_edit_in_a_title_that_has_gone_or_been_made_anew(
    titles: Titles, title: Title, now: datetime
) -> None:
    assert not titles.edit(title.marked(MARKERS), "acc_editor", now)
    titles.put(title, now)
    titles.put(dataclasses.replace(title, sequence=6), now)
    assert not titles.edit(title.marked(MARKERS), "acc_editor", now)

    assert titles.withdraw("ttl_1", "ast_1", 7, now)
    assert not titles.edit(title.marked(MARKERS), "acc_editor", now)


def test_the_record_says_who_changed_it_and_when(
    table_of: Callable[[str], str], title: Title, now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("catalog")
    store = DynamoTitles(client, table, changes=True)
    store.put(title, now)

    store.edit(title.marked(MARKERS), "acc_editor", now)

    key = {"pk": {"S": "TITLE#ttl_1"}, "sk": {"S": "TITLE"}}
    item = client.get_item(TableName=table, Key=key)["Item"]
    assert (item["edited_by"], item["edited_at"]) == ({"S": "acc_editor"}, {"S": now.isoformat()})


def test_a_rebuild_tells_the_markers_and_no_edition_that_is_over(
    table_of: Callable[[str], str], title: Title, now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("catalog")
    store = DynamoTitles(client, table)
    store.put(title, now)
    store.edit(title.marked(MARKERS), "acc_editor", now)
    (read,) = store.page(None, 100).subjects

    assert store.tell_again(read, now)
    assert not store.tell_again(title, now)

    events = [i for i in client.scan(TableName=table)["Items"] if i.get("kind") == {"S": "event"}]
    told = [json.loads(event["detail"]["S"])["credits_at_seconds"] for event in events]
    assert sorted(told, key=str) == [55.25, 55.25, None]
