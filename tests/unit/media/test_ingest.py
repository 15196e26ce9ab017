"""Uploading, following and trying again, as staff do it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from itertools import count

import pytest

from kernel.errors import InvalidInputError
from media.domain import (
    MAX_SIZE_BYTES,
    PART_SIZE_BYTES,
    AssetNotFoundError,
    AssetStatus,
    Failure,
    NotRetryableError,
    Part,
    UploadGoneError,
    asset_id_of_key,
)
from media.service import Ingest
from media.upload_rules import composite_checksum
from tests.fakes.media import FakeAssets, FakeExecutions, FakeUploads


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def parts_of(*contents: bytes) -> list[Part]:
    return [Part(n, f'"{n}"', digest(content)) for n, content in enumerate(contents, start=1)]


@pytest.fixture
def numbers() -> Iterator[int]:
    return count()


@pytest.fixture
def assets() -> FakeAssets:
    return FakeAssets()


@pytest.fixture
def uploads() -> FakeUploads:
    return FakeUploads()


@pytest.fixture
def executions() -> FakeExecutions:
    return FakeExecutions()


@pytest.fixture
def ingest(
    assets: FakeAssets,
    uploads: FakeUploads,
    executions: FakeExecutions,
    now: datetime,
    numbers: Iterator[int],
) -> Ingest:
    return Ingest(
        assets=assets,
        uploads=uploads,
        executions=executions,
        clock=lambda: now,
        new_asset_id=lambda: f"ast_{next(numbers):026}",
        new_attempt=lambda: f"attempt{next(numbers)}",
    )


@pytest.mark.parametrize(
    "file_name",
    ["映画 🎬.mp4", "<script>alert(1)</script>.mp4", "../../etc/passwd", "a" * 255, "film"],
)
def test_a_file_name_is_kept_as_it_is_and_never_becomes_a_key(
    ingest: Ingest, uploads: FakeUploads, file_name: str
) -> None:
    asset = ingest.begin_upload("Film", file_name, 5)
    ingest.complete_upload(asset.asset_id, parts_of(b"films"))

    assert ingest.asset(asset.asset_id).file_name == file_name
    assert list(uploads.completed) == [f"uploads/{asset.asset_id}/source"]


@pytest.mark.parametrize(
    ("name", "file_name", "size", "field"),
    [
        ("", "a.mp4", 1, "name"),
        ("   ", "a.mp4", 1, "name"),
        ("n" * 201, "a.mp4", 1, "name"),
        ("a\x00b", "a.mp4", 1, "name"),
        ("Film", "", 1, "file_name"),
        ("Film", "x" * 10_240, 1, "file_name"),
        ("Film", "a\nb.mp4", 1, "file_name"),
        ("Film", "\ud800.mp4", 1, "file_name"),
        ("Film", "a.mp4", 0, "size_bytes"),
        ("Film", "a.mp4", -1, "size_bytes"),
        ("Film", "a.mp4", MAX_SIZE_BYTES + 1, "size_bytes"),
    ],
)
def test_bad_input_is_refused_by_the_name_of_its_field(
    ingest: Ingest, name: str, file_name: str, size: int, field: str
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        ingest.begin_upload(name, file_name, size)

    assert refusal.value.facts["field"] == field
    assert refusal.value.message.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("size", "parts"),
    [(1, 1), (PART_SIZE_BYTES, 1), (PART_SIZE_BYTES + 1, 2), (MAX_SIZE_BYTES, 10_000)],
)
def test_a_file_is_cut_into_parts_of_one_fixed_size(ingest: Ingest, size: int, parts: int) -> None:
    assert ingest.begin_upload("Film", "a.mp4", size).part_count == parts


def test_a_parts_digest_is_a_header_that_its_signature_covers(ingest: Ingest) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)

    (signed,) = ingest.sign_parts(asset.asset_id, [(1, digest(b"films"))])

    assert signed.headers == {"x-amz-checksum-sha256": digest(b"films")}
    assert f"uploads/{asset.asset_id}/source" in signed.url


@pytest.mark.parametrize("number", [0, 2, 10_001])
def test_a_part_that_the_file_does_not_have_is_not_signed(ingest: Ingest, number: int) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)

    with pytest.raises(InvalidInputError, match=f"no part {number}"):
        ingest.sign_parts(asset.asset_id, [(number, digest(b""))])


def test_the_composite_checksum_is_s3s_own() -> None:
    parts = parts_of(b"one", b"two")
    both = hashlib.sha256(hashlib.sha256(b"one").digest() + hashlib.sha256(b"two").digest())

    assert composite_checksum(parts) == f"{base64.b64encode(both.digest()).decode()}-2"


def test_parts_are_taken_in_any_order_but_each_once(ingest: Ingest) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", PART_SIZE_BYTES + 1)
    first, second = parts_of(b"one", b"two")

    with pytest.raises(InvalidInputError, match="1 to 2"):
        ingest.complete_upload(asset.asset_id, [first])
    with pytest.raises(InvalidInputError, match="1 to 2"):
        ingest.complete_upload(asset.asset_id, [first, first])
    ingest.complete_upload(asset.asset_id, [second, first])

    found = ingest.asset(asset.asset_id)
    assert found.checksum == composite_checksum([first, second])
    assert found.status is AssetStatus.PROCESSING


def test_completing_again_after_a_lost_answer_changes_nothing(ingest: Ingest) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)
    parts = parts_of(b"films")

    assert ingest.complete_upload(asset.asset_id, parts) == asset.asset_id
    assert ingest.complete_upload(asset.asset_id, parts) == asset.asset_id


def test_an_upload_that_expired_says_so(ingest: Ingest, uploads: FakeUploads) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)
    uploads.expire(f"uploads/{asset.asset_id}/source")

    with pytest.raises(UploadGoneError):
        ingest.complete_upload(asset.asset_id, parts_of(b"films"))


def test_the_same_content_again_names_the_asset_that_had_it_first(ingest: Ingest) -> None:
    first = ingest.begin_upload("Film", "a.mp4", 5)
    second = ingest.begin_upload("The same film", "b.mp4", 5)
    ingest.complete_upload(first.asset_id, parts_of(b"films"))

    assert ingest.complete_upload(second.asset_id, parts_of(b"films")) == first.asset_id


def test_no_part_is_signed_after_the_upload_is_complete(ingest: Ingest) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)
    ingest.complete_upload(asset.asset_id, parts_of(b"films"))

    with pytest.raises(UploadGoneError):
        ingest.sign_parts(asset.asset_id, [(1, digest(b"films"))])


@pytest.mark.parametrize("asset_id", ["ast_" + "0" * 26, "../x", "", "ASSET#1"])
def test_an_asset_nobody_made_is_not_found(ingest: Ingest, asset_id: str) -> None:
    with pytest.raises(AssetNotFoundError):
        ingest.asset(asset_id)


def test_a_failed_asset_is_tried_again_without_an_upload(
    ingest: Ingest, assets: FakeAssets, executions: FakeExecutions
) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)
    ingest.complete_upload(asset.asset_id, parts_of(b"films"))
    assets.close(asset.asset_id, None, AssetStatus.FAILED, Failure("x", "y", "z"))

    ingest.retry(asset.asset_id)

    ((uploaded, name),) = executions.started
    assert uploaded.key == f"uploads/{asset.asset_id}/source"
    assert name.startswith(asset.asset_id)
    assert ingest.asset(asset.asset_id).status is AssetStatus.PROCESSING


def test_an_asset_that_is_under_way_is_not_tried_again(
    ingest: Ingest, executions: FakeExecutions
) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)

    with pytest.raises(NotRetryableError):
        ingest.retry(asset.asset_id)
    assert executions.started == []


@pytest.mark.parametrize(
    ("key", "asset_id"),
    [
        ("uploads/ast_01kz0000000000000000000000/source", "ast_01kz0000000000000000000000"),
        ("uploads/ast_01kz0000000000000000000000/other", None),
        ("uploads/../source", None),
        ("uploads/source", None),
        ("other/ast_01kz0000000000000000000000/source", None),
    ],
)
def test_only_keys_of_our_own_making_belong_to_an_asset(key: str, asset_id: str | None) -> None:
    assert asset_id_of_key(key) == asset_id
