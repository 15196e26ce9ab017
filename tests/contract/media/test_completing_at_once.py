"""Uploads that are completed at the same moment: what was sent twice is made once."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import datetime
from itertools import count

import pytest

from media.domain import AssetStatus, Part
from media.service import Ingest
from media.store import DynamoAssets
from tests.fakes.media import FakeExecutions, FakeUploads

RACES = 20


@pytest.fixture
def uploads() -> FakeUploads:
    return FakeUploads()


@pytest.fixture
def ingest(table_of: Callable[[str], str], uploads: FakeUploads, now: datetime) -> Ingest:
    numbers = count()
    return Ingest(
        assets=DynamoAssets(table_of("media"), "eu-west-1"),
        uploads=uploads,
        executions=FakeExecutions(),
        clock=lambda: now,
        new_asset_id=lambda: f"ast_{next(numbers):026}",
        new_attempt=lambda: str(next(numbers)),
    )


def part_of(content: bytes) -> Part:
    digest = hashlib.sha256(content).digest()
    return Part(1, '"1"', base64.b64encode(digest).decode())


def complete_at_once(ingest: Ingest, *uploads: tuple[str, bytes]) -> list[str]:
    """What each was answered: the asset that has its content."""
    together = threading.Barrier(len(uploads))
    answered: list[str] = []

    def complete(asset_id: str, content: bytes) -> None:
        together.wait()
        answered.append(ingest.complete_upload(asset_id, [part_of(content)]))

    threads = [threading.Thread(target=complete, args=one) for one in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answered) == len(uploads)
    return answered


def test_one_file_in_two_uploads_is_made_once_each_time(
    ingest: Ingest, uploads: FakeUploads
) -> None:
    for race in range(RACES):
        content = str(race).encode()
        ids = [ingest.begin_upload("Film", "a.mp4", len(content)).asset_id for _ in range(2)]
        already = len(uploads.completed)

        answered = complete_at_once(ingest, *((asset_id, content) for asset_id in ids))

        assert len(set(answered)) == 1
        assert len(uploads.completed) == already + 1
        assert {ingest.asset(asset_id).status for asset_id in ids} == {
            AssetStatus.PROCESSING,
            AssetStatus.DUPLICATE,
        }


def test_an_upload_that_is_completed_twice_is_one_film_each_time(
    ingest: Ingest, uploads: FakeUploads
) -> None:
    for race in range(RACES):
        content = str(race).encode()
        asset_id = ingest.begin_upload("Film", "a.mp4", len(content)).asset_id

        answered = complete_at_once(ingest, (asset_id, content), (asset_id, content))

        assert answered == [asset_id, asset_id]
        assert ingest.asset(asset_id).status is AssetStatus.PROCESSING


def test_two_films_of_one_title_both_go_on(ingest: Ingest, uploads: FakeUploads) -> None:
    one, other = (ingest.begin_upload("Same", "same.mp4", 3).asset_id for _ in range(2))

    complete_at_once(ingest, (one, b"one"), (other, b"two"))

    assert {ingest.asset(each).status for each in (one, other)} == {AssetStatus.PROCESSING}
    assert len(uploads.completed) == 2
