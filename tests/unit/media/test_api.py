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
                "body": json.dumps(body) if body is not None else "",
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


@pytest.mark.parametrize("sha256", ["", "short", "!" * 44, SHA256 + "A"])
def test_a_digest_that_is_none_is_refused(call: Call, sha256: str) -> None:
    status, problem = call(
        "POST",
        f"/v1/uploads/{upload(call)}/parts",
        {"parts": [{"part_number": 1, "sha256": sha256}]},
    )

    assert status == 422
    assert problem["field"] == "parts.0.sha256"


def test_assets_are_listed_newest_first_a_page_at_a_time(call: Call) -> None:
    ids = [upload(call) for _ in range(3)]

    _, first = call("GET", "/v1/assets", query="limit=2")
    _, rest = call("GET", "/v1/assets", query=f"limit=2&after={first['next_after']}")

    assert [asset["asset_id"] for asset in first["assets"]] == [ids[2], ids[1]]
    assert [asset["asset_id"] for asset in rest["assets"]] == [ids[0]]
    assert rest["next_after"] is None


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
