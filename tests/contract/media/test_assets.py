"""Assets keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from kernel.events.media import AssetReady
from media.domain import (
    Asset,
    AssetNotFoundError,
    AssetStatus,
    Failure,
    NotRetryableError,
    Package,
    Run,
    StaleRunError,
    StepName,
    StepStatus,
    UploadedObject,
)
from media.ports import Assets
from media.store import DynamoAssets
from tests.fakes.media import FakeAssets

ASSET_ID = "ast_01kz0000000000000000000000"
FAILURE = Failure("code", "What happened.", "What to do.")
PACKAGE = Package(
    path=f"m/{ASSET_ID}/v1",
    manifests={"dash": "main.mpd"},
    poster=f"art/{ASSET_ID}/v1/poster.jpg",
    duration_seconds=61.483,
    heights=(144, 240),
)
READY = AssetReady(
    sequence=1,
    asset_id=ASSET_ID,
    title_name="Ein Film — 映画",
    duration_seconds=61.483,
    path=PACKAGE.path,
    manifests={"dash": "main.mpd"},
    poster=PACKAGE.poster,
    heights=[144, 240],
)


@pytest.fixture(params=["memory", "dynamodb"])
def assets(request: pytest.FixtureRequest) -> Assets:
    if request.param == "memory":
        return FakeAssets()
    table_of: Callable[[str], str] = request.getfixturevalue("table_of")
    return DynamoAssets(table_of("media"), "eu-west-1")


@pytest.fixture
def asset(assets: Assets, now: datetime) -> Asset:
    made = new_asset(ASSET_ID, now)
    assets.add(made)
    return made


def new_asset(asset_id: str, now: datetime) -> Asset:
    return Asset(
        asset_id=asset_id,
        name="Ein Film — 映画",
        file_name="../<b>film</b>.mp4",
        size_bytes=167_772_160_000,
        upload_id="upload",
        status=AssetStatus.UPLOADING,
        created_at=now,
    )


def uploaded(revision: str = "v1") -> UploadedObject:
    return UploadedObject("mezzanine", f"uploads/{ASSET_ID}/source", revision)


def run_of(version: str) -> Run:
    return Run(ASSET_ID, version, "mezzanine", f"uploads/{ASSET_ID}/source")


def begun(assets: Assets, now: datetime, version: str = "v1", revision: str = "r1") -> Run:
    run = assets.begin_run(uploaded(revision), run_of(version), f"execution-{version}", now)
    assert run is not None
    return run


def test_an_asset_comes_back_as_it_was_added(assets: Assets, asset: Asset) -> None:
    found = assets.get(ASSET_ID)

    assert found.steps[0].name is StepName.UPLOAD
    assert found.steps[0].status is StepStatus.RUNNING
    assert found.name == asset.name
    assert found.file_name == asset.file_name
    assert found.size_bytes == asset.size_bytes
    assert found.created_at == asset.created_at


def test_an_asset_nobody_added_is_not_found(assets: Assets) -> None:
    with pytest.raises(AssetNotFoundError):
        assets.get(ASSET_ID)


def test_assets_are_listed_newest_first_in_pages(assets: Assets, now: datetime) -> None:
    ids = [f"ast_{number:026}" for number in range(5)]
    for asset_id in ids:
        assets.add(new_asset(asset_id, now))

    listed: list[str] = []
    after: str | None = None
    for _ in range(3):
        page = assets.recent(2, after)
        listed += [one.asset_id for one in page.assets]
        after = page.next_after

    assert listed == ids[::-1]


def test_a_listed_asset_shows_what_staff_need(assets: Assets, asset: Asset, now: datetime) -> None:
    run = begun(assets, now)
    assets.publish(run, PACKAGE, READY, now)

    (listed,) = assets.recent(10, None).assets

    assert listed.status is AssetStatus.READY
    assert listed.package == PACKAGE
    assert listed.name == asset.name


def test_content_belongs_to_the_asset_that_had_it_first(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    other = "ast_01kz0000000000000000000001"
    assets.add(new_asset(other, now))

    assert assets.uploaded(ASSET_ID, "sum-1") == ASSET_ID
    assert assets.uploaded(other, "sum-1") == ASSET_ID
    assert assets.uploaded(ASSET_ID, "sum-1") == ASSET_ID
    assert assets.get(other).checksum == "sum-1"


def test_an_upload_becomes_processing_but_a_finished_asset_stays_finished(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.publish(run, PACKAGE, READY, now)

    assets.uploaded(ASSET_ID, "sum-1")

    assert assets.get(ASSET_ID).status is AssetStatus.READY


def test_one_execution_claims_an_uploaded_object(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    first = assets.begin_run(uploaded(), run_of("v1"), "execution-1", now)
    second = assets.begin_run(uploaded(), run_of("v2"), "execution-2", now)
    again = assets.begin_run(uploaded(), run_of("v3"), "execution-1", now)

    assert first == again == run_of("v1")
    assert second is None
    assert assets.get(ASSET_ID).version == "v1"


def test_of_many_events_at_once_one_starts(assets: Assets, asset: Asset, now: datetime) -> None:
    started: list[Run | None] = []

    def begin(number: int) -> None:
        run = run_of(f"v{number}")
        started.append(assets.begin_run(uploaded(), run, f"execution-{number}", now))

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(started) == 8
    assert sum(run is not None for run in started) == 1


def test_a_run_of_an_asset_nobody_added_does_not_begin(assets: Assets, now: datetime) -> None:
    with pytest.raises(AssetNotFoundError):
        assets.begin_run(uploaded(), run_of("v1"), "execution-1", now)


def test_steps_show_when_they_began_and_ended(assets: Assets, asset: Asset, now: datetime) -> None:
    run = begun(assets, now + timedelta(seconds=5))
    assets.start_step(run, StepName.PROBE, now + timedelta(seconds=6))
    assets.end_step(run, StepName.PROBE, StepStatus.DONE, now + timedelta(seconds=8))
    assets.start_step(run, StepName.PLAN, now + timedelta(seconds=9))

    upload, probe, plan = assets.get(ASSET_ID).steps

    assert (upload.started_at, upload.ended_at) == (now, now + timedelta(seconds=5))
    assert (probe.status, probe.ended_at) == (StepStatus.DONE, now + timedelta(seconds=8))
    assert (plan.status, plan.ended_at) == (StepStatus.RUNNING, None)


def test_a_new_run_shows_its_own_steps_only(assets: Assets, asset: Asset, now: datetime) -> None:
    first = begun(assets, now)
    assets.start_step(first, StepName.PROBE, now)
    begun(assets, now, version="v2", revision="retry-1")

    assert [step.name for step in assets.get(ASSET_ID).steps] == [StepName.UPLOAD]


def test_progress_is_taken_from_the_present_run_only(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    begun(assets, now)

    assets.progressed(ASSET_ID, "v1", 40)
    assets.progressed(ASSET_ID, "v0", 99)

    assert assets.get(ASSET_ID).progress_percent == 40


def test_a_closed_run_leaves_its_failure_and_its_failed_step(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.start_step(run, StepName.PROBE, now)

    assets.close(ASSET_ID, "v1", AssetStatus.REFUSED, FAILURE)

    found = assets.get(ASSET_ID)
    assert (found.status, found.failure) == (AssetStatus.REFUSED, FAILURE)
    assert found.steps[-1].status is StepStatus.FAILED


def test_a_run_that_never_began_can_be_closed(assets: Assets, asset: Asset) -> None:
    assets.close(ASSET_ID, None, AssetStatus.FAILED, FAILURE)

    assert assets.get(ASSET_ID).status is AssetStatus.FAILED


def test_an_older_run_neither_closes_nor_publishes(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    old = begun(assets, now)
    begun(assets, now, version="v2", revision="retry-1")

    with pytest.raises(StaleRunError):
        assets.close(ASSET_ID, "v1", AssetStatus.FAILED, FAILURE)
    with pytest.raises(StaleRunError):
        assets.publish(old, PACKAGE, READY, now)
    assert assets.get(ASSET_ID).status is AssetStatus.PROCESSING


def test_publishing_makes_the_asset_ready(assets: Assets, asset: Asset, now: datetime) -> None:
    run = begun(assets, now)

    assets.publish(run, PACKAGE, READY, now)
    assets.publish(run, PACKAGE, READY, now)

    found = assets.get(ASSET_ID)
    assert (found.status, found.package) == (AssetStatus.READY, PACKAGE)


def test_publishing_writes_one_event_to_the_outbox(
    table_of: Callable[[str], str], now: datetime
) -> None:
    table = table_of("media")
    assets = DynamoAssets(table, "eu-west-1")
    assets.add(new_asset(ASSET_ID, now))
    run = begun(assets, now)

    assets.publish(run, PACKAGE, READY, now)
    assets.publish(run, PACKAGE, READY, now)

    items = boto3.client("dynamodb").scan(TableName=table)["Items"]
    (event,) = [item for item in items if item["kind"]["S"] == "event"]
    assert event["detail_type"]["S"] == "AssetReady"
    assert AssetReady.from_detail(json.loads(event["detail"]["S"])) == READY
    assert int(event["expires_at"]["N"]) > now.timestamp()


def test_only_a_stopped_asset_is_reopened_and_by_one_caller(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    begun(assets, now)
    assets.close(ASSET_ID, "v1", AssetStatus.FAILED, FAILURE)

    assets.reopen(ASSET_ID)

    with pytest.raises(NotRetryableError):
        assets.reopen(ASSET_ID)
    assert assets.get(ASSET_ID).status is AssetStatus.PROCESSING
