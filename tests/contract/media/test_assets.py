"""Assets keep the same promises in memory and in DynamoDB."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import boto3
import pytest

from kernel.events.media import AssetDeleted, AssetReady
from media.domain import (
    Asset,
    AssetNotFoundError,
    AssetStatus,
    CaptionsRefusedError,
    CaptionTrack,
    Failure,
    NotCancellableError,
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
    classes=(
        {
            "family": "dash",
            "manifest": "dash.avc.sd.mpd",
            "codecs": ["avc1", "mp4a"],
            "ranges": ["SDR"],
            "picture": "SD",
        },
    ),
    storyboard="storyboard.vtt",
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


def test_captions_stay_with_the_asset_one_track_a_language(assets: Assets, asset: Asset) -> None:
    assets.add_captions(ASSET_ID, CaptionTrack("pt-BR", "Português"), limit=2)
    assets.add_captions(ASSET_ID, CaptionTrack("en", "English"), limit=2)
    assets.add_captions(ASSET_ID, CaptionTrack("en", "English (SDH)"), limit=2)

    assert assets.get(asset.asset_id).captions == (
        CaptionTrack("en", "English (SDH)"),
        CaptionTrack("pt-BR", "Português"),
    )
    with pytest.raises(CaptionsRefusedError):
        assets.add_captions(ASSET_ID, CaptionTrack("de", "Deutsch"), limit=2)


def test_captions_come_too_late_for_a_complete_upload(assets: Assets, asset: Asset) -> None:
    assets.uploaded(asset.asset_id, "sum-1")

    with pytest.raises(CaptionsRefusedError):
        assets.add_captions(ASSET_ID, CaptionTrack("en", "English"), limit=20)


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


def test_publishing_makes_the_asset_ready_and_ends_its_last_step(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.start_step(run, StepName.PUBLISH, now)

    assets.publish(run, PACKAGE, READY, now)
    assets.publish(run, PACKAGE, READY, now)

    found = assets.get(ASSET_ID)
    assert (found.status, found.package) == (AssetStatus.READY, PACKAGE)
    last = found.steps[-1]
    assert (last.name, last.status, last.ended_at) == (StepName.PUBLISH, StepStatus.DONE, now)


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


def test_what_is_cancelled_is_never_published(assets: Assets, asset: Asset, now: datetime) -> None:
    run = begun(assets, now)
    assets.start_step(run, StepName.PROBE, now)

    before = assets.cancel(asset.asset_id, FAILURE)

    found = assets.get(asset.asset_id)
    assert (before.status, before.execution) == (AssetStatus.PROCESSING, "execution-v1")
    assert (found.status, found.failure) == (AssetStatus.CANCELLED, FAILURE)
    assert found.steps[-1].status is StepStatus.FAILED
    with pytest.raises(StaleRunError):
        assets.publish(run, PACKAGE, READY, now)
    with pytest.raises(AssetNotFoundError):
        assets.begin_run(uploaded("r2"), run_of("v2"), "execution-v2", now)


def test_what_has_ended_cannot_be_cancelled(assets: Assets, asset: Asset, now: datetime) -> None:
    assets.cancel(asset.asset_id, FAILURE)

    with pytest.raises(NotCancellableError):
        assets.cancel(asset.asset_id, FAILURE)


def test_of_two_who_cancel_at_once_one_does(assets: Assets, asset: Asset) -> None:
    outcomes: list[str] = []

    def cancel() -> None:
        try:
            assets.cancel(asset.asset_id, FAILURE)
            outcomes.append("cancelled")
        except NotCancellableError:
            outcomes.append("too late")

    threads = [threading.Thread(target=cancel) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["cancelled", "too late"]


def test_a_duplicate_says_of_what_and_owns_no_content(assets: Assets, asset: Asset) -> None:
    assert assets.claim_content("ast_other", "sum") == "ast_other"
    assert assets.claim_content(asset.asset_id, "sum") == "ast_other"

    assets.duplicate(asset.asset_id, "sum", FAILURE)

    found = assets.get(asset.asset_id)
    assert (found.status, found.checksum, found.failure) == (AssetStatus.DUPLICATE, "sum", FAILURE)


def test_content_is_taken_over_from_the_asset_that_is_named_only(assets: Assets) -> None:
    assets.claim_content("ast_1", "sum")

    assert assets.claim_content("ast_2", "sum", instead_of="ast_3") == "ast_1"
    assert assets.claim_content("ast_2", "sum", instead_of="ast_1") == "ast_2"


def test_a_deleted_asset_is_forgotten_and_its_content_is_free(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    assets.uploaded(asset.asset_id, "sum")
    assets.cancel(asset.asset_id, FAILURE)

    assets.delete(asset.asset_id, AssetDeleted(sequence=2, asset_id=asset.asset_id), now)

    with pytest.raises(AssetNotFoundError):
        assets.get(asset.asset_id)
    assert assets.recent(10, None).assets == ()
    assert assets.claim_content("ast_2", "sum") == "ast_2"


def test_a_start_that_failed_is_taken_back_unless_a_run_has_begun(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.close(asset.asset_id, run.version, AssetStatus.FAILED, FAILURE)
    assets.reopen(asset.asset_id, "execution-v2")
    assets.stopped(asset.asset_id, AssetStatus.FAILED, FAILURE)
    assert assets.get(asset.asset_id).status is AssetStatus.FAILED

    assets.reopen(asset.asset_id, "execution-v2")
    begun(assets, now, "v2", "r2")
    assets.stopped(asset.asset_id, AssetStatus.FAILED, FAILURE)
    assert assets.get(asset.asset_id).status is AssetStatus.PROCESSING


def test_only_a_stopped_asset_is_reopened_and_by_one_caller(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    begun(assets, now)
    assets.close(ASSET_ID, "v1", AssetStatus.FAILED, FAILURE)

    assets.reopen(ASSET_ID, "execution-v2")

    with pytest.raises(NotRetryableError):
        assets.reopen(ASSET_ID, "execution-v2")
    assert assets.get(ASSET_ID).status is AssetStatus.PROCESSING


def test_a_film_that_was_published_stays_so_whatever_its_run_says_last(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.publish(run, PACKAGE, READY, now)

    with pytest.raises(StaleRunError):
        assets.close(ASSET_ID, run.version, AssetStatus.FAILED, FAILURE)
    with pytest.raises(StaleRunError):
        assets.close(ASSET_ID, None, AssetStatus.FAILED, FAILURE)

    assert assets.get(ASSET_ID).status is AssetStatus.READY


def test_a_run_may_say_twice_how_it_ended(assets: Assets, asset: Asset, now: datetime) -> None:
    run = begun(assets, now)

    for _ in range(2):
        assets.close(ASSET_ID, run.version, AssetStatus.FAILED, FAILURE)

    assert assets.get(ASSET_ID).failure == FAILURE


def test_what_was_cancelled_is_not_failed_by_its_run(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.cancel(ASSET_ID, FAILURE)

    with pytest.raises(StaleRunError):
        assets.close(ASSET_ID, run.version, AssetStatus.FAILED, FAILURE)
    assert assets.give_up(ASSET_ID, "execution-v1", FAILURE) is None
    assert assets.get(ASSET_ID).status is AssetStatus.CANCELLED


def test_an_execution_that_ended_gives_up_the_asset_that_it_held(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.start_step(run, StepName.PROBE, now)

    left = assets.give_up(ASSET_ID, "execution-v1", FAILURE)

    assert left is not None
    assert (left.status, left.failure) == (AssetStatus.FAILED, FAILURE)
    assert left.steps[-1].status is StepStatus.FAILED
    assert assets.give_up(ASSET_ID, "execution-v1", FAILURE) is None


def test_an_execution_that_ended_before_it_claimed_anything_gives_up_the_upload(
    assets: Assets, asset: Asset
) -> None:
    assets.uploaded(ASSET_ID, "sum-1")

    assert assets.give_up(ASSET_ID, "execution-v1", FAILURE) is not None
    assert assets.get(ASSET_ID).status is AssetStatus.FAILED


def test_an_older_execution_that_ended_gives_nothing_up(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    begun(assets, now)
    assets.close(ASSET_ID, "v1", AssetStatus.FAILED, FAILURE)
    assets.reopen(ASSET_ID, "execution-v2")

    assert assets.give_up(ASSET_ID, "execution-v1", FAILURE) is None
    assert assets.get(ASSET_ID).status is AssetStatus.PROCESSING


def test_an_execution_that_ended_before_its_retry_began_gives_the_retry_up(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    begun(assets, now)
    assets.close(ASSET_ID, "v1", AssetStatus.FAILED, FAILURE)
    assets.reopen(ASSET_ID, "execution-v2")

    assert assets.give_up(ASSET_ID, "execution-v2", FAILURE) is not None


def test_an_asset_that_is_not_there_or_ready_is_given_up_by_nobody(
    assets: Assets, asset: Asset, now: datetime
) -> None:
    run = begun(assets, now)
    assets.publish(run, PACKAGE, READY, now)

    assert assets.give_up(ASSET_ID, "execution-v1", FAILURE) is None
    assert assets.give_up("ast_" + "9" * 26, "execution-v1", FAILURE) is None


RACES = 20


def raced(claims: Sequence[Callable[[], str]]) -> set[str]:
    """What was answered to claims that were made at the same moment."""
    together = threading.Barrier(len(claims))
    answered: list[str] = []

    def claim(one: Callable[[], str]) -> None:
        together.wait()
        answered.append(one())

    threads = [threading.Thread(target=claim, args=(one,)) for one in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answered) == len(claims)
    return set(answered)


def test_of_two_who_claim_a_content_at_once_one_has_it(assets: Assets) -> None:
    for race in range(RACES):
        claims = [partial(assets.claim_content, name, f"sum-{race}") for name in ("one", "two")]

        assert len(raced(claims)) == 1


def test_of_two_who_take_a_content_over_at_once_one_has_it(assets: Assets) -> None:
    for race in range(RACES):
        assets.claim_content("gone", f"sum-{race}")
        claims = [
            partial(assets.claim_content, name, f"sum-{race}", instead_of="gone")
            for name in ("one", "two")
        ]

        assert len(raced(claims)) == 1


def test_a_claim_is_given_up_by_its_holder_alone(assets: Assets) -> None:
    assets.claim_content("ast_1", "sum")

    assets.release_content("ast_2", "sum")
    assert assets.claim_content("ast_3", "sum") == "ast_1"
    assets.release_content("ast_1", "sum")
    assets.release_content("ast_1", "sum")

    assert assets.claim_content("ast_3", "sum") == "ast_3"
