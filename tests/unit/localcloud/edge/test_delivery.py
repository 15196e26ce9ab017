"""Compression, one origin read for many viewers, the second origin, and who the viewer is."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import World

TEXT = b"a line of the app\n" * 200


@pytest.fixture
def app(world: World) -> World:
    world.config["DefaultCacheBehavior"]["Compress"] = True
    world.bucket.put("web", "app.js", TEXT, content_type="text/javascript")
    world.bucket.put("web", "film.mp4", TEXT, content_type="video/mp4")
    world.bucket.put("web", "small.js", b"x" * 999, content_type="text/javascript")
    return world


def test_text_is_compressed_for_who_takes_it(app: World) -> None:
    answer = app.ask("GET /app.js", accept_encoding="gzip, deflate, br")

    assert answer.header("content-encoding") == "gzip"
    assert answer.header("vary") == "Accept-Encoding"
    assert answer.header("etag") == 'W/"app.js"'
    assert gzip.decompress(answer.body) == TEXT


def test_who_does_not_take_it_gets_the_object_as_it_is(app: World) -> None:
    app.ask("GET /app.js", accept_encoding="gzip")

    answer = app.ask("GET /app.js")

    assert answer.header("content-encoding") is None
    assert answer.body == TEXT


@pytest.mark.parametrize("path", ["/film.mp4", "/small.js"])
def test_films_and_small_files_are_not_compressed(app: World, path: str) -> None:
    assert app.ask(f"GET {path}", accept_encoding="gzip").header("content-encoding") is None


def test_a_behaviour_that_does_not_compress_does_not(app: World) -> None:
    app.config["DefaultCacheBehavior"]["Compress"] = False

    assert app.ask("GET /app.js", accept_encoding="gzip").header("content-encoding") is None


def test_a_compressed_object_is_confirmed_by_its_origin_when_it_is_stale(app: World) -> None:
    app.ask("GET /app.js", accept_encoding="gzip")
    app.now[0] += 100_000

    answer = app.ask("GET /app.js", accept_encoding="gzip")

    assert answer.header("x-cache") == "RefreshHit from cloudfront"
    assert gzip.decompress(answer.body) == TEXT


def test_viewers_who_ask_at_once_cost_one_origin_read(world: World) -> None:
    world.bucket.put("web", "poster.jpg", b"picture")
    world.bucket.may_answer.clear()

    with ThreadPoolExecutor(8) as viewers:
        answers = [viewers.submit(world.ask, "GET /poster.jpg") for _ in range(8)]
        assert world.bucket.reading.wait(20)
        world.bucket.may_answer.set()

    assert {answer.result().body for answer in answers} == {b"picture"}
    assert len(world.bucket.asked) == 1


def test_an_answer_that_may_not_be_kept_is_read_for_each_viewer(world: World) -> None:
    world.add(
        "AWS::CloudFront::CachePolicy",
        "kept-if-told",
        CachePolicyConfig={
            "MinTTL": 0,
            "DefaultTTL": 60,
            "MaxTTL": 60,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        },
    )
    world.config["DefaultCacheBehavior"]["CachePolicyId"] = "kept-if-told"
    world.bucket.put("web", "mine.json", b"{}", cache_control="no-store")

    with ThreadPoolExecutor(4) as viewers:
        answers = [viewers.submit(world.ask, "GET /mine.json") for _ in range(4)]

    assert {answer.result().status for answer in answers} == {200}
    assert len(world.bucket.asked) == 4


def test_the_second_origin_answers_when_the_first_fails(world: World) -> None:
    world.config["OriginGroups"] = {
        "Items": [
            {
                "Id": "both",
                "Members": {"Items": [{"OriginId": "films"}, {"OriginId": "web"}]},
                "FailoverCriteria": {"StatusCodes": {"Items": [403, 500, 503]}},
            }
        ]
    }
    world.config["DefaultCacheBehavior"]["TargetOriginId"] = "both"
    world.bucket.put("web", "a.mp4", b"from the second")

    answer = world.ask("GET /a.mp4")

    assert answer.body == b"from the second"
    assert [asked[0] for asked in world.bucket.asked] == ["packaged", "web"]


def test_an_origin_is_told_address_and_port_of_the_viewer(world: World) -> None:
    world.api_behaviour()

    world.ask("GET /v1/x")

    assert world.api.asked[0].header("cloudfront-viewer-address") == "203.0.113.7:50123"


@pytest.mark.parametrize(
    ("given", "told"), [("DE", "DE"), ("de", "DE"), ("unknown", None), ("", None)]
)
def test_a_viewer_on_this_machine_may_travel(world: World, given: str, told: str | None) -> None:
    world.api_behaviour()

    world.ask("GET /v1/x", source_ip="127.0.0.1", x_localcloud_viewer_country=given)

    assert world.api.asked[0].header("cloudfront-viewer-country") == told
    assert world.api.asked[0].header("x-localcloud-viewer-country") is None


def test_a_viewer_on_this_machine_is_at_home_otherwise(world: World) -> None:
    world.api_behaviour()

    world.ask("GET /v1/x", source_ip="127.0.0.1")

    assert world.api.asked[0].header("cloudfront-viewer-country") == "IE"


def test_a_viewer_from_elsewhere_cannot_choose_a_country(world: World) -> None:
    world.api_behaviour()
    world.country = "FR"

    world.ask("GET /v1/x", x_localcloud_viewer_country="DE")

    assert world.api.asked[0].header("cloudfront-viewer-country") == "FR"
