"""Uploads and assets over HTTP, through API Gateway's own payload."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from kernel.web.http_app import lambda_handler
from media.api import create_app
from media.service import Ingest
from tests.fakes.media import FakeAssets, FakeExecutions, FakeUploads

Call = Callable[..., tuple[int, dict[str, Any]]]
STAFF = {"sub": "acc_1", "scope": "member staff"}
SHA256 = base64.b64encode(hashlib.sha256(b"films").digest()).decode()


@pytest.fixture
def call(now: datetime) -> Call:
    numbers = count()
    handler = lambda_handler(
        create_app(
            Ingest(
                assets=FakeAssets(),
                uploads=FakeUploads(),
                executions=FakeExecutions(),
                clock=lambda: now,
                new_asset_id=lambda: f"ast_{next(numbers):026}",
                new_attempt=lambda: "attempt",
            )
        )
    )

    def send(
        method: str,
        path: str,
        body: object = None,
        claims: dict[str, str] | None = STAFF,
        query: str = "",
    ) -> tuple[int, dict[str, Any]]:
        authorizer = {"authorizer": {"jwt": {"claims": claims}}} if claims else {}
        answer = handler(
            {
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": path,
                "rawQueryString": query,
                "headers": {"content-type": "application/json", "host": "api.test"},
                "requestContext": {
                    "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
                    "stage": "$default",
                    **authorizer,
                },
                "body": body if isinstance(body, str) else json.dumps(body) if body else "",
                "isBase64Encoded": False,
            },
            None,
        )
        return answer["statusCode"], json.loads(answer["body"])

    return send


def upload(call: Call) -> str:
    _, made = call("POST", "/v1/uploads", {"name": "F", "file_name": "f.mp4", "size_bytes": 5})
    return str(made["asset_id"])


def test_an_upload_says_how_to_cut_the_file(call: Call) -> None:
    status, body = call(
        "POST", "/v1/uploads", {"name": "Film", "file_name": "film.mp4", "size_bytes": 40_000_000}
    )

    assert status == 201
    assert body["part_size_bytes"] == 16 * 1024 * 1024
    assert body["part_count"] == 3
    assert set(body) == {"asset_id", "upload_id", "part_size_bytes", "part_count"}


def test_a_whole_upload_over_http(call: Call) -> None:
    asset_id = upload(call)

    status, signed = call(
        "POST",
        f"/v1/uploads/{asset_id}/parts",
        {"parts": [{"part_number": 1, "sha256": SHA256}]},
    )
    assert status == 200
    assert signed["parts"][0]["headers"] == {"x-amz-checksum-sha256": SHA256}

    sent = {"parts": [{"part_number": 1, "etag": '"1"', "sha256": SHA256}]}
    status, completed = call("POST", f"/v1/uploads/{asset_id}/complete", sent)
    assert (status, completed["asset_id"]) == (200, asset_id)

    status, asset = call("GET", f"/v1/assets/{asset_id}")
    assert (status, asset["status"], asset["failure"]) == (200, "processing", None)
    assert [step["name"] for step in asset["steps"]] == ["upload"]


def test_an_upload_under_way_says_how_its_file_is_cut_and_what_is_there(call: Call) -> None:
    asset_id = upload(call)

    status, body = call("GET", f"/v1/uploads/{asset_id}/parts")

    assert (status, body.pop("asset_id")) == (200, asset_id)
    assert body == {
        "size_bytes": 5,
        "part_size_bytes": 16 * 1024 * 1024,
        "part_count": 1,
        "parts": [],
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "F", "file_name": "f", "size_bytes": "5"}, "size_bytes"),
        ({"name": "F", "file_name": "f", "size_bytes": 0}, "size_bytes"),
        ({"name": "F", "file_name": "x" * 10_240, "size_bytes": 5}, "file_name"),
        ({"name": 7, "file_name": "f", "size_bytes": 5}, "name"),
        ({"file_name": "f", "size_bytes": 5}, "name"),
        ({"name": "F", "file_name": "f", "size_bytes": 5, "key": "../x"}, "key"),
    ],
)
def test_a_problem_names_the_field_at_fault(call: Call, body: object, field: str) -> None:
    status, problem = call("POST", "/v1/uploads", body)

    assert status == 422
    assert problem["field"] == field
    assert problem["detail"].startswith(field)


def test_captions_are_sent_beside_the_film(call: Call) -> None:
    asset_id = upload(call)
    text = "1\n00:00:01,000 --> 00:00:02,000\nGood evening.\n"

    status, track = call(
        "PUT", f"/v1/uploads/{asset_id}/captions/pt-BR", {"label": "Português", "text": text}
    )

    assert (status, track) == (200, {"language": "pt-BR", "label": "Português"})
    assert call("GET", f"/v1/assets/{asset_id}")[1]["captions"] == [track]


@pytest.mark.parametrize(
    ("language", "body", "field"),
    [
        ("english", {"label": "English", "text": "WEBVTT"}, "language"),
        ("en", {"label": '"', "text": "WEBVTT"}, "label"),
        ("en", {"label": "English", "text": "no captions"}, "text"),
        ("en", {"label": "English"}, "text"),
    ],
)
def test_captions_that_cannot_be_used_are_a_problem_of_their_field(
    call: Call, language: str, body: object, field: str
) -> None:
    status, problem = call("PUT", f"/v1/uploads/{upload(call)}/captions/{language}", body)

    assert (status, problem["field"]) == (422, field)


def test_only_the_schemes_that_exist_are_taken(call: Call) -> None:
    body = {"name": "F", "file_name": "f.mp4", "size_bytes": 5}
    _, made = call("POST", "/v1/uploads", {**body, "scheme": "cenc"})

    assert call("GET", f"/v1/assets/{made['asset_id']}")[1]["scheme"] == "cenc"
    status, problem = call("POST", "/v1/uploads", {**body, "scheme": "none"})
    assert (status, problem["field"]) == (422, "scheme")


@pytest.mark.parametrize("sha256", ["", "short", "!" * 44, SHA256 + "A", f"{'A' * 42}B="])
def test_a_digest_that_is_none_is_refused(call: Call, sha256: str) -> None:
    status, problem = call(
        "POST",
        f"/v1/uploads/{upload(call)}/parts",
        {"parts": [{"part_number": 1, "sha256": sha256}]},
    )

    assert status == 422
    assert problem["field"] == "parts.0.sha256"


def test_a_number_may_be_written_in_any_way_that_is_whole(call: Call) -> None:
    body = {"name": "F", "file_name": "f.mp4", "size_bytes": 5.0}

    assert call("POST", "/v1/uploads", body)[0] == 201
    for size in (5.5, True, "5", 1e300):
        assert call("POST", "/v1/uploads", {**body, "size_bytes": size})[0] == 422


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"name":' * 100_000,
        '{"size_bytes": ' + "9" * 5_000 + "}",
        '{"name": "\\ud800", "file_name": "f", "size_bytes": 1}',
        '{"\\ud800": 1}',
        '{"size_bytes": NaN}',
    ],
)
def test_whatever_stands_in_a_body_is_refused_as_a_problem(call: Call, body: str) -> None:
    status, problem = call("POST", "/v1/uploads", body)

    assert (status, problem["code"]) == (422, "invalid_input")


def test_many_mistakes_are_told_in_few_words(call: Call) -> None:
    parts = [{"n" * 10_000: 1}] * 500

    _, problem = call("POST", f"/v1/uploads/{upload(call)}/parts", {"parts": parts})

    assert len(json.dumps(problem)) < 20_000


def test_a_path_that_no_route_has_is_a_problem_too(call: Call) -> None:
    assert call("GET", "/v1/assets/a/b")[1]["code"] == "not_found"


def test_assets_are_listed_newest_first_a_page_at_a_time(call: Call) -> None:
    ids = [upload(call) for _ in range(3)]

    _, first = call("GET", "/v1/assets", query="limit=2")
    _, rest = call("GET", "/v1/assets", query=f"limit=2&after={first['next_after']}")

    assert [asset["asset_id"] for asset in first["assets"]] == [ids[2], ids[1]]
    assert [asset["asset_id"] for asset in rest["assets"]] == [ids[0]]
    assert rest["next_after"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=ast_1", "page=2", "limit=2&x="])
def test_a_query_that_asks_for_what_there_is_not_is_refused(call: Call, query: str) -> None:
    status, problem = call("GET", "/v1/assets", query=query)

    assert (status, problem["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/uploads"),
        ("POST", "/v1/uploads/ast_00000000000000000000000000/parts"),
        ("POST", "/v1/uploads/ast_00000000000000000000000000/complete"),
        ("GET", "/v1/assets"),
        ("GET", "/v1/assets/ast_00000000000000000000000000"),
        ("POST", "/v1/assets/ast_00000000000000000000000000/retry"),
    ],
)
def test_every_route_is_for_staff(call: Call, method: str, path: str) -> None:
    assert call(method, path, {}, claims=None)[0] == 401
    assert call(method, path, {}, claims={"sub": "acc_2", "scope": "member"})[0] == 403


def test_an_asset_that_does_not_exist_is_a_problem_of_its_own(call: Call) -> None:
    status, problem = call("GET", "/v1/assets/ast_00000000000000000000000009")

    assert (status, problem["code"]) == (404, "asset_not_found")


def test_only_a_stopped_asset_can_be_tried_again(call: Call) -> None:
    status, problem = call("POST", f"/v1/assets/{upload(call)}/retry")

    assert (status, problem["code"]) == (409, "not_retryable")


TIDE = {"series": "The Tide", "season": 1, "episode": 2}


def upload_episode(call: Call, place: object) -> tuple[int, dict[str, Any]]:
    body = {"name": "F", "file_name": "f.mp4", "size_bytes": 5, "episode_of": place}
    return call("POST", "/v1/uploads", body)


def test_an_upload_may_be_an_episode(call: Call) -> None:
    status, begun = upload_episode(call, TIDE)

    _, asset = call("GET", f"/v1/assets/{begun['asset_id']}")
    assert status == 201
    assert asset["episode_of"].pop("series_id").startswith("srs_")
    assert asset["episode_of"] == TIDE


@pytest.mark.parametrize(("sent", "kept"), [({}, 18), ({"maturity": 12}, 12), ({"maturity": 0}, 0)])
def test_an_upload_says_from_which_age_it_may_be_watched_and_18_if_nobody_does(
    call: Call, sent: dict[str, int], kept: int
) -> None:
    body = {"name": "F", "file_name": "f.mp4", "size_bytes": 5, **sent}
    _, begun = call("POST", "/v1/uploads", body)

    assert call("GET", f"/v1/assets/{begun['asset_id']}")[1]["maturity"] == kept
    assert call("GET", "/v1/assets")[1]["assets"][0]["maturity"] == kept


def test_staff_rate_an_upload_anew(call: Call) -> None:
    body = {"name": "F", "file_name": "f.mp4", "size_bytes": 5}
    path = f"/v1/assets/{call('POST', '/v1/uploads', body)[1]['asset_id']}"

    assert call("PATCH", path, {"maturity": 6})[1]["maturity"] == 6
    assert call("GET", path)[1]["maturity"] == 6
    assert call("PATCH", path, {"maturity": 19})[1]["field"] == "maturity"
    assert call("PATCH", path, {})[0] == 422
    missing = call("PATCH", f"/v1/assets/ast_{'z' * 26}", {"maturity": 6})
    assert (missing[0], missing[1]["code"]) == (404, "asset_not_found")


@pytest.mark.parametrize("age", [-1, 19, "12", 1.5, True, None])
def test_what_is_no_age_is_refused(call: Call, age: object) -> None:
    body = {"name": "F", "file_name": "f.mp4", "size_bytes": 5, "maturity": age}

    status, problem = call("POST", "/v1/uploads", body)

    assert (status, problem["field"]) == (422, "maturity")


def test_the_same_episode_twice_is_a_conflict_that_names_the_other(call: Call) -> None:
    _, begun = upload_episode(call, TIDE)

    status, problem = upload_episode(call, TIDE)

    assert (status, problem["code"]) == (409, "episode_taken")
    assert problem["asset_id"] == begun["asset_id"]


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({**TIDE, "season": "1"}, "episode_of.season"),
        ({**TIDE, "episode": 1.5}, "episode_of.episode"),
        ({**TIDE, "episode": 0}, "episode_of.episode"),
        ({**TIDE, "series": " "}, "episode_of.series"),
        ({**TIDE, "serie": "x"}, "episode_of.serie"),
        ({"series": "The Tide", "season": 1}, "episode_of.episode"),
        ("The Tide", "episode_of"),
    ],
)
def test_a_place_in_a_series_is_refused_by_the_name_of_its_field(
    call: Call, place: object, field: str
) -> None:
    status, problem = upload_episode(call, place)

    assert (status, problem["field"]) == (422, field)
    assert problem["detail"].startswith(field)


PART = {"part_number": 1, "etag": '"1"', "sha256": SHA256}


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([], "parts"),
        ([PART, PART], "parts"),
        ([PART, {**PART, "part_number": 2}], "parts"),
        ([{**PART, "part_number": 2}], "parts"),
        ([{**PART, "part_number": 0}], "parts.0.part_number"),
        ([{**PART, "part_number": 10_001}], "parts.0.part_number"),
        ([{**PART, "part_number": "1"}], "parts.0.part_number"),
        ([{**PART, "etag": ""}], "parts.0.etag"),
        ([{**PART, "etag": "e" * 101}], "parts.0.etag"),
        ([{**PART, "sha256": "no digest"}], "parts.0.sha256"),
        ([{**PART, "etag": "unknown"}], "parts"),
        ([PART] * 10_001, "parts"),
        ([{**PART, "key": "../x"}], "parts.0.key"),
        (None, "parts"),
    ],
)
def test_parts_that_make_no_film_are_a_problem_that_names_them(
    call: Call, parts: object, field: str
) -> None:
    asset_id = upload(call)

    status, problem = call("POST", f"/v1/uploads/{asset_id}/complete", {"parts": parts})

    assert (status, problem["field"]) == (422, field)
    assert call("GET", f"/v1/assets/{asset_id}")[1]["status"] == "uploading"
