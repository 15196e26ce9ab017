"""The pipeline's steps in their order, as Step Functions calls them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest

from media import steps
from media.domain import (
    Asset,
    AssetStatus,
    CaptionTrack,
    IncompletePackageError,
    Package,
    RefusedSourceError,
    Run,
    Scheme,
    StepName,
    StepStatus,
    choose_poster,
)
from media.episodes import EpisodeOf
from media.job_document import Destination
from media.pipeline import Pipeline
from media.source import Probed, VideoTrack
from tests.fakes.media import FakeAssets, FakePackagedFiles, FakeSources

FILM = Probed("mp4", 10.0, VideoTrack(640, 360, Fraction(24)), 1)


def uploaded_event(run: Run, revision: str = "v1") -> dict[str, Any]:
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": run.bucket},
            "object": {"key": run.key, "size": 5, "etag": "e", "version-id": revision},
            "reason": "CompleteMultipartUpload",
        },
    }


@pytest.fixture
def assets(asset_id: str, now: datetime) -> FakeAssets:
    assets = FakeAssets()
    assets.add(
        Asset(
            asset_id=asset_id,
            name="A film",
            file_name="film.mp4",
            size_bytes=5,
            upload_id="u",
            status=AssetStatus.UPLOADING,
            created_at=now,
        )
    )
    return assets


@pytest.fixture
def pipeline(assets: FakeAssets, now: datetime) -> Pipeline:
    return Pipeline(assets=assets, clock=lambda: now)


Begin = Callable[..., dict[str, Any]]


@pytest.fixture
def begin(pipeline: Pipeline, run: Run) -> Begin:
    versions = iter([run.version, "second", "third"])

    def start(execution: str = "execution-1", revision: str = "v1") -> dict[str, Any]:
        task = steps.begin(pipeline, lambda: next(versions))
        return task({"event": uploaded_event(run, revision), "execution": execution})

    return start


def test_a_film_goes_through_every_step_and_is_published_once(
    pipeline: Pipeline,
    assets: FakeAssets,
    begin: Begin,
    run: Run,
    destination: Destination,
    packaged: FakePackagedFiles,
) -> None:
    state = begin()
    for task in (
        steps.probe(pipeline, FakeSources(FILM)),
        steps.plan(pipeline, destination),
        steps.poster(pipeline, packaged),
        steps.manifests(pipeline, packaged, clearkey=True),
        steps.verify(pipeline, packaged, clearkey=True),
        steps.publish(pipeline),
    ):
        state = json.loads(json.dumps(task(state)))

    asset = assets.get(run.asset_id)
    assert asset.status is AssetStatus.READY
    assert [step.name for step in asset.steps] == list(StepName)
    assert {step.status for step in asset.steps} == {StepStatus.DONE}
    (ready,) = assets.published.values()
    assert ready.asset_id == run.asset_id
    assert ready.title_name == "A film"
    assert ready.duration_seconds == 10.0
    assert ready.path == run.package_path
    assert ready.manifests["dash-clearkey"] == "clearkey.mpd"
    assert [one["manifest"] for one in ready.classes] == [
        "dash.avc.sd.mpd",
        "hls.avc.sd.m3u8",
        "dash-clearkey.avc.sd.mpd",
        "hls-clearkey.avc.sd.m3u8",
    ]
    assert ready.poster == run.poster_key
    assert ready.heights == [144, 240, 360]


def test_the_job_is_planned_for_the_film_that_was_found(
    pipeline: Pipeline, begin: Begin, destination: Destination, assets: FakeAssets, run: Run
) -> None:
    state = steps.probe(pipeline, FakeSources(FILM))(begin())

    planned = steps.plan(pipeline, destination)(state)["plan"]

    assert planned["heights"] == [144, 240, 360]
    assert planned["job"]["ClientRequestToken"] == run.version
    transcode = assets.get(run.asset_id).steps[-1]
    assert (transcode.name, transcode.status) == (StepName.TRANSCODE, StepStatus.RUNNING)


def test_the_job_carries_the_captions_and_the_scheme_of_the_asset(
    pipeline: Pipeline, begin: Begin, destination: Destination, assets: FakeAssets, run: Run
) -> None:
    assets.add(dataclasses.replace(assets.get(run.asset_id), scheme=Scheme.CENC))
    assets.add_captions(run.asset_id, CaptionTrack("en", "English"), limit=1)
    state = steps.probe(pipeline, FakeSources(FILM))(begin())

    settings = steps.plan(pipeline, destination)(state)["plan"]["job"]["Settings"]

    assert list(settings["Inputs"][0]["CaptionSelectors"]) == ["Caption Selector 1"]
    group = settings["OutputGroups"][0]["OutputGroupSettings"]["CmafGroupSettings"]
    assert group["Encryption"]["EncryptionMethod"] == "AES_CTR"


def test_an_episode_tells_its_place_when_it_is_ready(
    pipeline: Pipeline, assets: FakeAssets, begin: Begin, run: Run
) -> None:
    place = EpisodeOf("The Tide", 1, 2)
    assets.add(dataclasses.replace(assets.get(run.asset_id), episode_of=place, maturity=12))
    begin()

    pipeline.publish(run, Package("m", {}, "poster.jpg", 10.0, (144,)))

    (ready,) = assets.published.values()
    assert ready.maturity == 12
    assert ready.episode_of == {
        "series_id": place.series_id,
        "series": "The Tide",
        "season": 1,
        "episode": 2,
    }


def test_a_duplicate_event_starts_nothing(begin: Begin) -> None:
    assert begin("execution-1")["outcome"] == "started"
    assert begin("execution-2") == {"outcome": "nothing to do"}


def test_a_step_that_is_asked_twice_by_one_execution_goes_on(begin: Begin, run: Run) -> None:
    begin("execution-1")

    assert begin("execution-1")["run"]["version"] == run.version


def test_another_attempt_over_the_same_file_is_another_run(begin: Begin) -> None:
    first = begin("execution-1")
    second = begin("execution-2", revision="retry-1")

    assert second["outcome"] == "started"
    assert second["run"]["version"] != first["run"]["version"]


@pytest.mark.parametrize("key", ["uploads/readme.txt", "uploads/ast_1/source"])
def test_an_object_that_is_no_assets_source_starts_nothing(
    pipeline: Pipeline, run: Run, key: str
) -> None:
    event = uploaded_event(run)
    event["detail"]["object"]["key"] = key

    started = steps.begin(pipeline, lambda: "v")({"event": event, "execution": "e"})

    assert started == {"outcome": "nothing to do"}


def test_a_source_of_an_unknown_asset_starts_nothing(now: datetime, run: Run) -> None:
    pipeline = Pipeline(assets=FakeAssets(), clock=lambda: now)

    started = steps.begin(pipeline, lambda: "v")({"event": uploaded_event(run), "execution": "e"})

    assert started == {"outcome": "nothing to do"}


def test_a_refused_file_leaves_its_reason_on_the_asset(
    pipeline: Pipeline, begin: Begin, assets: FakeAssets, run: Run
) -> None:
    text = FakeSources(None, head=b"Once upon a time")

    with pytest.raises(RefusedSourceError):
        steps.probe(pipeline, text)(begin())

    asset = assets.get(run.asset_id)
    assert asset.status is AssetStatus.REFUSED
    assert asset.failure is not None
    assert asset.failure.code == "not_a_film"
    assert asset.steps[-1].status is StepStatus.FAILED


def test_a_truncated_film_is_refused_when_its_package_is_too_short(
    pipeline: Pipeline,
    begin: Begin,
    assets: FakeAssets,
    run: Run,
    destination: Destination,
    packaged: FakePackagedFiles,
) -> None:
    promised = Probed("mp4", 95.0, VideoTrack(640, 360, Fraction(24)), 1)
    state = steps.probe(pipeline, FakeSources(promised))(begin())
    state = steps.plan(pipeline, destination)(state)

    with pytest.raises(RefusedSourceError):
        steps.verify(pipeline, packaged, clearkey=False)(state)

    failure = assets.get(run.asset_id).failure
    assert failure is not None
    assert failure.code == "truncated"
    assert assets.published == {}


def test_an_incomplete_package_is_never_published(
    pipeline: Pipeline,
    begin: Begin,
    destination: Destination,
    packaged: FakePackagedFiles,
    run: Run,
) -> None:
    state = steps.probe(pipeline, FakeSources(FILM))(begin())
    state = steps.plan(pipeline, destination)(state)
    del packaged.objects[f"{run.package_path}/main_240pinit.cmfv"]

    with pytest.raises(IncompletePackageError):
        steps.verify(pipeline, packaged, clearkey=False)(state)


def test_without_clearkey_only_the_vendors_classes_are_written_beside_the_output(
    pipeline: Pipeline, begin: Begin, packaged: FakePackagedFiles, run: Run
) -> None:
    before = dict(packaged.objects)

    steps.manifests(pipeline, packaged, clearkey=False)(begin())

    written = {"dash.avc.sd.mpd", "hls.avc.sd.m3u8"}
    after = packaged.objects
    assert set(after) - set(before) == {f"{run.package_path}/{name}" for name in written}
    assert {name: after[name] for name in before} == before


def test_a_class_whose_file_is_missing_is_not_published(
    pipeline: Pipeline,
    begin: Begin,
    destination: Destination,
    packaged: FakePackagedFiles,
    run: Run,
) -> None:
    state = steps.probe(pipeline, FakeSources(FILM))(begin())
    state = steps.plan(pipeline, destination)(state)
    state = steps.manifests(pipeline, packaged, clearkey=False)(state)
    del packaged.objects[f"{run.package_path}/dash.avc.sd.mpd"]

    with pytest.raises(IncompletePackageError, match=r"dash\.avc\.sd\.mpd"):
        steps.verify(pipeline, packaged, clearkey=False)(state)


def test_a_run_that_began_before_there_were_classes_ends_without(
    pipeline: Pipeline, begin: Begin, destination: Destination, packaged: FakePackagedFiles
) -> None:
    state = steps.probe(pipeline, FakeSources(FILM))(begin())
    state = steps.plan(pipeline, destination)(state)

    state = steps.verify(pipeline, packaged, clearkey=False)(state)

    assert state["package"]["classes"] == ()


def test_manifests_are_written_with_the_types_players_expect(
    pipeline: Pipeline, begin: Begin, packaged: FakePackagedFiles, run: Run
) -> None:
    steps.manifests(pipeline, packaged, clearkey=True)(begin())

    types = packaged.content_types
    assert types[f"{run.package_path}/clearkey.mpd"] == "application/dash+xml"
    assert types[f"{run.package_path}/clearkey.m3u8"] == "application/vnd.apple.mpegurl"


def test_the_poster_is_the_capture_with_the_most_detail(
    pipeline: Pipeline,
    begin: Begin,
    packaged: FakePackagedFiles,
    run: Run,
    destination: Destination,
) -> None:
    state = steps.probe(pipeline, FakeSources(FILM))(begin())
    state = steps.plan(pipeline, destination)(state)

    steps.poster(pipeline, packaged)(state)

    assert packaged.objects[run.poster_key] == b"a face, rain and a street"


def test_a_film_without_captures_has_no_poster() -> None:
    with pytest.raises(IncompletePackageError):
        choose_poster([])


def test_progress_shows_while_the_run_holds_the_asset(
    pipeline: Pipeline, begin: Begin, assets: FakeAssets, run: Run
) -> None:
    begin()

    pipeline.progressed(run.asset_id, run.version, 42)
    pipeline.progressed(run.asset_id, "an older run", 99)

    assert assets.get(run.asset_id).progress_percent == 42


def test_a_failure_is_recorded_wherever_it_happened(
    pipeline: Pipeline, begin: Begin, assets: FakeAssets, run: Run
) -> None:
    error = {"Error": "States.TaskFailed", "Cause": '{"ErrorCode": 1999, "ErrorMessage": "Oh."}'}
    state = {**begin(), "error": error}

    assert steps.fail(pipeline)(state) == {"outcome": "failed"}

    asset = assets.get(run.asset_id)
    assert asset.status is AssetStatus.FAILED
    assert asset.failure is not None
    assert "1999: Oh." in asset.failure.message


def test_a_failure_of_the_first_step_finds_its_asset_by_the_event(
    pipeline: Pipeline, assets: FakeAssets, run: Run
) -> None:
    state = {**uploaded_event(run), "error": {"Error": "States.Timeout", "Cause": ""}}

    steps.fail(pipeline)(state)

    assert assets.get(run.asset_id).status is AssetStatus.FAILED
