"""Titles appear when the pipeline finishes, and members alone see them."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta

import pytest

from catalog.routes import routes
from catalog.service import Catalogue
from catalog.store import FRESH_FOR, ShelfCache
from kernel.events.media import AssetReady
from kernel.maturity import AgeLimit
from kernel.web.payload import answering
from tests.fakes.catalog import FakeTitles
from tests.fakes.gateway import MEMBER, call

GROWN = AgeLimit(18, is_kid=False)

READY = AssetReady(
    sequence=1,
    asset_id="ast_1",
    title_name="A film",
    duration_seconds=61.5,
    path="m/ast_1/v1",
    manifests={"dash": "main.mpd"},
    poster="art/ast_1/v1/poster.jpg",
    heights=[240, 480],
)


@pytest.fixture
def titles() -> FakeTitles:
    return FakeTitles()


@pytest.fixture
def catalogue(titles: FakeTitles, now: datetime) -> Catalogue:
    return Catalogue(titles, lambda: now)


def test_a_finished_asset_is_published_everywhere_from_now(
    catalogue: Catalogue, titles: FakeTitles, now: datetime
) -> None:
    catalogue.publish(READY)

    (told,) = titles.told
    assert told.title_id == "ttl_1"
    assert told.path == "m/ast_1/v1"
    assert told.rights == {
        "territories": ["*"],
        "starts_at": now.isoformat(),
        "ends_at": None,
    }


def test_hearing_of_it_twice_publishes_once(catalogue: Catalogue, titles: FakeTitles) -> None:
    catalogue.publish(READY)
    catalogue.publish(READY)

    assert len(titles.told) == 1


def test_a_newer_run_of_the_pipeline_replaces_the_files_and_keeps_the_rest(
    catalogue: Catalogue, titles: FakeTitles
) -> None:
    catalogue.publish(READY)
    first = catalogue.title("ttl_1", GROWN)

    catalogue.publish(dataclasses.replace(READY, sequence=2, path="m/ast_1/v2"))

    second = catalogue.title("ttl_1", GROWN)
    assert second.path == "m/ast_1/v2"
    assert (second.published_at, second.rights) == (first.published_at, first.rights)


def test_an_older_event_that_arrives_late_changes_nothing(
    catalogue: Catalogue, titles: FakeTitles
) -> None:
    catalogue.publish(dataclasses.replace(READY, sequence=2, path="m/ast_1/v2"))
    catalogue.publish(READY)

    assert catalogue.title("ttl_1", GROWN).path == "m/ast_1/v2"


def test_members_see_titles_with_posters_and_an_entity_tag(catalogue: Catalogue) -> None:
    catalogue.publish(READY)
    answer = answering(routes(catalogue))

    shelf = answer(call("GET", "/v1/titles", claims=MEMBER), None)

    (title,) = json.loads(shelf["body"])["titles"]
    assert title["name"] == "A film"
    assert title["poster_url"] == "/art/ast_1/v1/poster.jpg"
    again = call(
        "GET", "/v1/titles", claims=MEMBER, headers={"if-none-match": shelf["headers"]["etag"]}
    )
    assert answer(again, None)["statusCode"] == 304


@pytest.mark.parametrize("title_id", ["", "ttl_", "ttl_1\x00", f"ttl_{'1' * 2_000}"])
def test_what_cannot_be_a_title_is_unknown_without_being_looked_up(
    catalogue: Catalogue, titles: FakeTitles, monkeypatch: pytest.MonkeyPatch, title_id: str
) -> None:
    event = call("GET", "/v1/titles/x", parameters={"title_id": title_id}, claims=MEMBER)
    monkeypatch.delattr(FakeTitles, "get")

    assert answering(routes(catalogue))(event, None)["statusCode"] == 404


def test_an_unknown_title_is_a_problem_that_says_so(catalogue: Catalogue) -> None:
    event = call("GET", "/v1/titles/x", parameters={"title_id": "x"}, claims=MEMBER)

    answer = answering(routes(catalogue))(event, None)

    assert answer["statusCode"] == 404
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answer["body"])["code"] == "title_not_found"


@pytest.mark.parametrize(
    ("claims", "status"), [(None, 401), ({}, 401), ({"sub": "a", "scope": "other"}, 403)]
)
def test_nobody_else_sees_them(
    catalogue: Catalogue, claims: dict[str, str] | None, status: int
) -> None:
    answer = answering(routes(catalogue))(call("GET", "/v1/titles", claims=claims), None)

    assert answer["statusCode"] == status


def test_one_process_reads_the_shelf_once_for_many_viewers(
    titles: FakeTitles, now: datetime
) -> None:
    moments = iter([now, now + FRESH_FOR - timedelta(milliseconds=1), now + FRESH_FOR])
    shelf = ShelfCache(titles, lambda: next(moments))

    shelf.all()
    shelf.all()
    assert titles.reads == 1
    shelf.all()
    assert titles.reads == 2
