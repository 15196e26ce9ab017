"""Sending a film in parts straight to the storage: what is taken, and what is not."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.cloud import Person, RunningCloud

CONTENT = os.urandom(1000)


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def put(part: dict[str, Any], content: bytes, url: str | None = None) -> httpx.Response:
    return httpx.put(url or part["url"], headers=part["headers"], content=content, timeout=30)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


@pytest.fixture
def upload(staff: Person) -> str:
    asked = {"name": "Never finished", "file_name": "part.mp4", "size_bytes": len(CONTENT)}
    answer = staff.ask("POST", "/v1/uploads", asked)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["asset_id"])


@pytest.fixture
def part(staff: Person, upload: str) -> dict[str, Any]:
    asked = {"parts": [{"part_number": 1, "sha256": digest(CONTENT)}]}
    (signed,) = staff.ask("POST", f"/v1/uploads/{upload}/parts", asked).json()["parts"]
    return dict(signed)


def test_the_part_that_was_signed_for_is_taken(part: dict[str, Any]) -> None:
    answer = put(part, CONTENT)

    assert answer.status_code == 200
    assert answer.headers["etag"]


def test_a_part_with_other_content_than_was_signed_for_is_refused(part: dict[str, Any]) -> None:
    assert code(put(part, CONTENT[::-1])) == (400, "BadDigest")


def test_a_signature_for_one_part_opens_no_other(part: dict[str, Any]) -> None:
    other = part["url"].replace("partNumber=1", "partNumber=2")
    assert other != part["url"]

    assert code(put(part, CONTENT, other)) == (403, "SignatureDoesNotMatch")


def test_a_signature_cannot_be_made_to_live_longer(part: dict[str, Any]) -> None:
    longer = re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=604800", part["url"])
    assert longer != part["url"]

    assert code(put(part, CONTENT, longer)) == (403, "SignatureDoesNotMatch")


def test_a_signed_address_from_two_days_ago_has_expired(part: dict[str, Any]) -> None:
    """S3 looks at the expiry first, so the day can be changed without signing anew."""
    (today,) = re.findall(r"X-Amz-Date=(\d{8})", part["url"])
    before = datetime.strptime(today, "%Y%m%d").replace(tzinfo=UTC) - timedelta(days=2)
    old = part["url"].replace(today, before.strftime("%Y%m%d"))
    assert old != part["url"]

    answer = put(part, CONTENT, old)

    assert code(answer) == (403, "AccessDenied")
    assert "Request has expired" in answer.text


def test_the_bucket_is_closed_to_whoever_has_no_signature(part: dict[str, Any]) -> None:
    bare = part["url"].partition("?")[0]

    assert code(httpx.get(bare, timeout=30)) == (403, "AccessDenied")
    assert code(httpx.put(bare, content=CONTENT, timeout=30)) == (403, "AccessDenied")


def test_whoever_goes_on_with_an_upload_learns_what_is_there(
    staff: Person, upload: str, part: dict[str, Any]
) -> None:
    before = staff.get(f"/v1/uploads/{upload}/parts")
    sent = put(part, CONTENT)

    after = staff.get(f"/v1/uploads/{upload}/parts")

    assert (before["parts"], after["part_count"]) == ([], 1)
    assert after["parts"] == [
        {"part_number": 1, "etag": sent.headers["etag"], "sha256": digest(CONTENT)}
    ]


def test_pages_of_the_service_may_send_parts_and_read_what_came_of_them(
    cloud: RunningCloud, part: dict[str, Any]
) -> None:
    ours, theirs = {"origin": cloud.web}, {"origin": "http://evil.example"}
    question = {
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-amz-checksum-sha256",
    }

    granted = httpx.options(part["url"], headers={**ours, **question}, timeout=30)
    refused = httpx.options(part["url"], headers={**theirs, **question}, timeout=30)
    headers = {**part["headers"], **ours}
    sent = httpx.put(part["url"], headers=headers, content=CONTENT, timeout=30)

    assert granted.status_code == 200
    assert granted.headers["access-control-allow-origin"] == cloud.web
    assert refused.status_code == 403
    exposed = sent.headers["access-control-expose-headers"].lower().split(", ")
    assert {"etag", "x-amz-checksum-sha256"} <= set(exposed)


def test_an_upload_whose_part_is_missing_cannot_be_completed(staff: Person, upload: str) -> None:
    parts = [{"part_number": 1, "etag": '"0"', "sha256": digest(CONTENT)}]

    answer = staff.ask("POST", f"/v1/uploads/{upload}/complete", {"parts": parts})

    assert answer.status_code in (409, 422)
    assert answer.json()["detail"].endswith(".")
    assert staff.get(f"/v1/assets/{upload}")["status"] == "uploading"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"size_bytes": 0}, "size_bytes"), ({"name": " "}, "name"), ({"owner": "me"}, "owner")],
)
def test_an_upload_that_makes_no_sense_is_refused_by_name(
    staff: Person, change: dict[str, object], field: str
) -> None:
    asked = {"name": "A film", "file_name": "a.mp4", "size_bytes": 10, **change}

    answer = staff.ask("POST", "/v1/uploads", asked)

    assert answer.status_code == 422
    assert field in answer.text


@pytest.mark.parametrize("fault", ["etag", "sha256", "size"])
def test_parts_that_the_storage_did_not_get_so_make_no_film(staff: Person, fault: str) -> None:
    declared = len(CONTENT) + (1 if fault == "size" else 0)
    asked = {"name": "Never finished", "file_name": "part.mp4", "size_bytes": declared}
    asset_id = staff.ask("POST", "/v1/uploads", asked).json()["asset_id"]
    signing = {"parts": [{"part_number": 1, "sha256": digest(CONTENT)}]}
    (signed,) = staff.ask("POST", f"/v1/uploads/{asset_id}/parts", signing).json()["parts"]
    part = {
        "part_number": 1,
        "etag": put(signed, CONTENT).headers["etag"],
        "sha256": digest(CONTENT),
    }
    wrong = {"etag": {"etag": '"0"'}, "sha256": {"sha256": digest(b"other")}, "size": {}}[fault]

    answer = staff.ask("POST", f"/v1/uploads/{asset_id}/complete", {"parts": [part | wrong]})

    assert (answer.status_code, answer.json()["field"]) == (422, "parts")
    assert staff.get(f"/v1/assets/{asset_id}")["status"] == "uploading"
