"""Uploading, following and trying again, as staff do it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count

import pytest

from kernel.errors import InvalidInputError, UnavailableError
from media.domain import (
    MAX_SIZE_BYTES,
    PART_SIZE_BYTES,
    UPLOAD_LIFE,
    AssetNotFoundError,
    AssetStatus,
    Failure,
    NotDeletableError,
    NotRetryableError,
    Part,
    PartsRefusedError,
    Run,
    UploadedObject,
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
        ("a\r\nSet-Cookie: b", "a.mp4", 1, "name"),
        ("a\x1b[31mb", "a.mp4", 1, "name"),
        ("a\u2028b", "a.mp4", 1, "name"),
        ("a\u202egpm.exe", "a.mp4", 1, "name"),
        ("a\u2066b", "a.mp4", 1, "name"),
        ("\u200b\u00ad\ufeff", "a.mp4", 1, "name"),
        ("\u0301", "a.mp4", 1, "name"),
        ("n" * 10_240, "a.mp4", 1, "name"),
        ("Film", "a\u202egpm.exe", 1, "file_name"),
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


def test_whoever_goes_on_with_an_upload_learns_which_parts_are_there(
    ingest: Ingest, uploads: FakeUploads
) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", PART_SIZE_BYTES + 1)
    _, second = parts_of(b"one", b"two")
    uploads.send(f"uploads/{asset.asset_id}/source", second)

    found, sent = ingest.sent_parts(asset.asset_id)

    assert found.part_count == 2
    assert sent == [second]


def test_nobody_goes_on_with_an_upload_that_is_complete_or_has_expired(
    ingest: Ingest, uploads: FakeUploads
) -> None:
    complete, expired = (ingest.begin_upload("Film", "a.mp4", 5) for _ in range(2))
    ingest.complete_upload(complete.asset_id, parts_of(b"films"))
    uploads.expire(f"uploads/{expired.asset_id}/source")

    with pytest.raises(UploadGoneError, match="processing"):
        ingest.sent_parts(complete.asset_id)
    with pytest.raises(UploadGoneError):
        ingest.sent_parts(expired.asset_id)


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


def sent(ingest: Ingest, name: str = "Film", content: bytes = b"films") -> str:
    asset = ingest.begin_upload(name, "a.mp4", len(content))
    ingest.complete_upload(asset.asset_id, parts_of(content))
    return asset.asset_id


def test_the_same_file_again_is_recognised_and_nothing_is_stored_twice(
    ingest: Ingest, uploads: FakeUploads
) -> None:
    first = sent(ingest, "The first")
    second = ingest.begin_upload("Again", "b.mp4", 5)

    assert ingest.complete_upload(second.asset_id, parts_of(b"films")) == first

    found = ingest.asset(second.asset_id)
    assert found.status is AssetStatus.DUPLICATE
    assert found.failure is not None
    assert "“The first”" in found.failure.message
    assert list(uploads.completed) == [f"uploads/{first}/source"]
    assert uploads.aborted == [f"uploads/{second.asset_id}/source"]


@pytest.mark.parametrize("end", ["refused", "deleted"])
def test_a_file_whose_first_asset_came_to_nothing_is_taken_again(
    ingest: Ingest, assets: FakeAssets, uploads: FakeUploads, end: str
) -> None:
    first = sent(ingest)
    assets.close(first, None, AssetStatus.REFUSED, Failure("c", "m", "w"))
    if end == "deleted":
        ingest.delete(first)

    second = sent(ingest, "Again")

    assert ingest.asset(second).status is AssetStatus.PROCESSING
    assert f"uploads/{second}/source" in uploads.completed


def test_two_films_of_one_title_are_two_assets(ingest: Ingest) -> None:
    one, other = sent(ingest, "Same", b"films"), sent(ingest, "Same", b"other")

    assert one != other
    assert {ingest.asset(each).status for each in (one, other)} == {AssetStatus.PROCESSING}


def test_an_upload_that_is_cancelled_leaves_no_parts(ingest: Ingest, uploads: FakeUploads) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)

    ingest.cancel(asset.asset_id)

    assert ingest.asset(asset.asset_id).status is AssetStatus.CANCELLED
    assert uploads.aborted == [f"uploads/{asset.asset_id}/source"]
    with pytest.raises(UploadGoneError):
        ingest.sign_parts(asset.asset_id, [(1, digest(b"films"))])
    with pytest.raises(NotRetryableError, match="never completed"):
        ingest.retry(asset.asset_id)


def test_a_run_that_is_cancelled_is_stopped(
    ingest: Ingest, assets: FakeAssets, executions: FakeExecutions, now: datetime
) -> None:
    asset_id = sent(ingest)
    begin(assets, asset_id, now)

    ingest.cancel(asset_id)

    assert executions.ended == ["execution-1"]


def begin(assets: FakeAssets, asset_id: str, now: datetime) -> None:
    key = f"uploads/{asset_id}/source"
    run = Run(asset_id=asset_id, version="v1", bucket="mezzanine", key=key)
    assets.begin_run(UploadedObject("mezzanine", key, "r1"), run, "execution-1", now)


def test_what_is_under_way_is_cancelled_before_it_is_deleted(
    ingest: Ingest, assets: FakeAssets
) -> None:
    asset_id = sent(ingest)

    with pytest.raises(NotDeletableError):
        ingest.delete(asset_id)
    ingest.cancel(asset_id)
    ingest.delete(asset_id)

    assert [deleted.asset_id for deleted in assets.deleted] == [asset_id]
    with pytest.raises(AssetNotFoundError):
        ingest.asset(asset_id)


def test_an_upload_that_nobody_completes_is_abandoned_and_can_be_deleted(
    assets: FakeAssets, uploads: FakeUploads, now: datetime
) -> None:
    moment = now
    ingest = Ingest(
        assets=assets,
        uploads=uploads,
        executions=FakeExecutions(),
        clock=lambda: moment,
        new_asset_id=lambda: f"ast_{0:026}",
        new_attempt=str,
    )
    asset_id = ingest.begin_upload("Film", "a.mp4", 5).asset_id

    moment = now + UPLOAD_LIFE

    found = ingest.asset(asset_id)
    assert found.status is AssetStatus.ABANDONED
    assert found.failure is not None
    assert "7 days" in found.failure.message
    assert ingest.recent_assets(10, None).assets[0].status is AssetStatus.ABANDONED
    with pytest.raises(UploadGoneError, match="abandoned"):
        ingest.sign_parts(asset_id, [(1, digest(b"films"))])
    ingest.delete(asset_id)


def test_a_retry_that_cannot_start_can_be_tried_again(
    ingest: Ingest, assets: FakeAssets, executions: FakeExecutions, now: datetime
) -> None:
    asset_id = sent(ingest)
    begin(assets, asset_id, now)
    failure = Failure("transcode_failed", "It stopped.", "Try again.")
    assets.close(asset_id, "v1", AssetStatus.FAILED, failure)
    executions.refuses = True

    with pytest.raises(UnavailableError):
        ingest.retry(asset_id)

    found = ingest.asset(asset_id)
    assert (found.status, found.failure) == (AssetStatus.FAILED, failure)
    executions.refuses = False
    ingest.retry(asset_id)
    assert len(executions.started) == 1


@pytest.mark.parametrize(
    "title",
    [
        "Amélie",
        "Ame\u0301lie",
        "映画 🎬👨‍👩‍👧",
        "فيلم \u200fقصير",
        "<b onclick=alert(1)>&amp;\"'`",
        "../../etc/passwd",
        "; DROP TABLE assets; --",
        "{{7*7}} ${jndi:ldap://x} %00 \\n",
        "n" * 200,
    ],
)
def test_a_title_is_kept_to_the_letter_and_shows_nowhere_else(
    ingest: Ingest, uploads: FakeUploads, title: str
) -> None:
    asset = ingest.begin_upload(f"  {title}\n", "a.mp4", 5)
    (part,) = ingest.sign_parts(asset.asset_id, [(1, digest(b"films"))])
    ingest.complete_upload(asset.asset_id, parts_of(b"films"))

    assert ingest.asset(asset.asset_id).name == title
    assert list(uploads.completed) == [f"uploads/{asset.asset_id}/source"]
    assert title not in part.url


def test_completing_again_with_other_parts_changes_nothing(ingest: Ingest) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)
    ingest.complete_upload(asset.asset_id, parts_of(b"films"))

    with pytest.raises(UploadGoneError, match="other parts"):
        ingest.complete_upload(asset.asset_id, parts_of(b"other"))

    assert ingest.asset(asset.asset_id).checksum == composite_checksum(parts_of(b"films"))
    other = ingest.begin_upload("Other", "b.mp4", 5)
    assert ingest.complete_upload(other.asset_id, parts_of(b"other")) == other.asset_id


def test_parts_that_the_storage_refuses_claim_nothing(ingest: Ingest) -> None:
    liar = ingest.begin_upload("Film", "a.mp4", 5)
    (part,) = parts_of(b"films")

    with pytest.raises(PartsRefusedError):
        ingest.complete_upload(liar.asset_id, [replace(part, etag="unknown")])

    assert ingest.asset(liar.asset_id).status is AssetStatus.UPLOADING
    honest = ingest.begin_upload("Film", "a.mp4", 5)
    assert ingest.complete_upload(honest.asset_id, [part]) == honest.asset_id


def test_a_file_whose_first_upload_expired_and_was_deleted_is_taken(
    ingest: Ingest, uploads: FakeUploads, assets: FakeAssets
) -> None:
    first = ingest.begin_upload("Film", "a.mp4", 5)
    assets.claim_content(first.asset_id, composite_checksum(parts_of(b"films")))
    ingest.cancel(first.asset_id)
    ingest.delete(first.asset_id)

    second = ingest.begin_upload("Film", "a.mp4", 5)

    assert ingest.complete_upload(second.asset_id, parts_of(b"films")) == second.asset_id


def test_a_retry_that_is_cancelled_before_it_begins_is_stopped_itself(
    ingest: Ingest, assets: FakeAssets, executions: FakeExecutions
) -> None:
    asset = ingest.begin_upload("Film", "a.mp4", 5)
    ingest.complete_upload(asset.asset_id, parts_of(b"films"))
    assets.close(asset.asset_id, None, AssetStatus.FAILED, Failure("x", "y", "z"))
    ingest.retry(asset.asset_id)
    ((_, name),) = executions.started

    ingest.cancel(asset.asset_id)

    assert executions.ended == [executions.arn(name)]
