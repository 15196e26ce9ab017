"""The job document is one that MediaConvert takes and the local MediaConvert can do."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from typing import Any

import botocore.session
import pytest
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from localcloud.mediaconvert.job_document import read_job
from localcloud.mediaconvert.plan import CmafGroup
from localcloud.service_model import ServiceModel
from media.domain import CaptionTrack, Run, Scheme
from media.job_document import (
    FAIRPLAY,
    PLAYREADY,
    WIDEVINE,
    Destination,
    Film,
    job_request,
    thumbnail_seconds,
)
from media.ladder import ladder_for
from media.source import Source

from .test_ladder import sources

TRACKS = (CaptionTrack("en", "English"), CaptionTrack("pt-BR", "Português"))
ROLE = "arn:aws:iam::123456789012:role/mediaconvert"


def on_the_wire(request: dict[str, Any]) -> dict[str, Any]:
    """What Step Functions sends for these parameters."""
    model = botocore.session.get_session().get_service_model("mediaconvert")
    operation = model.operation_model("CreateJob")
    serializer = create_serializer("rest-json")
    body = serializer.serialize_to_request({**request, "Role": ROLE}, operation)["body"]
    document: dict[str, Any] = json.loads(body)
    return document


@pytest.fixture
def request_of(run: Run, destination: Destination) -> Any:
    def build(source: Source) -> dict[str, Any]:
        film = Film(ladder_for(source), source.duration_seconds)
        return job_request(run, film, destination)

    return build


def h264_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = request["Settings"]["OutputGroups"][0]["Outputs"]
    return [
        output["VideoDescription"]["CodecSettings"]["H264Settings"]
        for output in outputs
        if "VideoDescription" in output
    ]


def test_the_model_of_the_service_allows_every_ladders_document() -> None:
    model = ServiceModel.load("mediaconvert")
    run = Run("ast_01kz0000000000000000000000", "01kzversion000000000000000", "mezzanine", "k")
    destination = Destination("packaged", "https://keys.test/speke", "dev")

    @given(sources, st.sampled_from(Scheme))
    def every(source: Source, scheme: Scheme) -> None:
        film = Film(ladder_for(source), source.duration_seconds, scheme, TRACKS)
        request = job_request(run, film, destination)
        assert model.faults("CreateJobRequest", on_the_wire(request)) == []

    every()


@pytest.mark.parametrize("has_audio", [True, False])
def test_the_local_mediaconvert_can_do_the_job(
    request_of: Any, source: Source, *, has_audio: bool
) -> None:
    plan = read_job(on_the_wire(request_of(dataclasses.replace(source, has_audio=has_audio))))

    assert len(plan.groups) == 2


def test_settings_whose_defaults_would_change_names_or_timing_are_stated(
    request_of: Any, source: Source
) -> None:
    settings = request_of(source)["Settings"]
    group = settings["OutputGroups"][0]["OutputGroupSettings"]["CmafGroupSettings"]

    assert settings["TimecodeConfig"] == {"Source": "ZEROBASED"}
    assert {
        "SegmentControl": "SEGMENTED_FILES",
        "ManifestDurationFormat": "FLOATING_POINT",
        "SegmentLengthControl": "GOP_MULTIPLE",
        "WriteSegmentTimelineInRepresentation": "ENABLED",
        "CodecSpecification": "RFC_6381",
        "TargetDurationCompatibilityMode": "SPEC_COMPLIANT",
        "VideoCompositionOffsets": "SIGNED",
        "SegmentLength": 4,
    }.items() <= group.items()
    audio = settings["OutputGroups"][0]["Outputs"][-1]["ContainerSettings"]["CmfcSettings"]
    assert audio["AudioDuration"] == "MATCH_VIDEO_DURATION"


def test_keys_are_asked_of_our_server_for_all_three_systems_under_cbcs(
    request_of: Any, source: Source, destination: Destination, run: Run
) -> None:
    group = request_of(source)["Settings"]["OutputGroups"][0]["OutputGroupSettings"]
    encryption = group["CmafGroupSettings"]["Encryption"]
    speke = encryption["SpekeKeyProvider"]

    assert encryption["EncryptionMethod"] == "SAMPLE_AES"
    assert speke["Url"] == destination.speke_url
    assert speke["ResourceId"] == run.asset_id
    assert speke["DashSignaledSystemIds"] == [WIDEVINE, PLAYREADY]
    assert speke["HlsSignaledSystemIds"] == [FAIRPLAY]
    assert speke["EncryptionContractConfiguration"] == {
        "SpekeVideoPreset": "PRESET_VIDEO_4",
        "SpekeAudioPreset": "PRESET_AUDIO_2",
    }


def test_a_film_marked_cenc_asks_for_no_fairplay(
    source: Source, destination: Destination, run: Run
) -> None:
    film = Film(ladder_for(source), source.duration_seconds, Scheme.CENC)
    request = job_request(run, film, destination)
    group = request["Settings"]["OutputGroups"][0]["OutputGroupSettings"]["CmafGroupSettings"]

    assert group["Encryption"]["EncryptionMethod"] == "AES_CTR"
    assert group["Encryption"]["SpekeKeyProvider"]["HlsSignaledSystemIds"] == [WIDEVINE, PLAYREADY]
    assert read_job(on_the_wire(request))


def test_captions_are_read_beside_the_film_and_keep_their_language(
    source: Source, destination: Destination, run: Run
) -> None:
    film = Film(ladder_for(source), source.duration_seconds, captions=TRACKS)
    request = on_the_wire(job_request(run, film, destination))

    plan = read_job(request)
    assert [location.url for location in plan.source.caption_files.values()] == [
        f"s3://mezzanine/uploads/{run.asset_id}/captions/{language}.vtt"
        for language in ("en", "pt-BR")
    ]
    (cmaf,) = (group for group in plan.groups if isinstance(group, CmafGroup))
    assert [(one.language, one.name) for one in cmaf.captions] == [
        ("en", "English"),
        ("pt-BR", "Português"),
    ]


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(0.1, 2), (1, 2), (24, 2), (30, 3), (120, 10), (600, 50)]
)
def test_thumbnails_stay_few_in_a_long_film(minutes: float, seconds: float) -> None:
    assert thumbnail_seconds(minutes * 60) == seconds


@pytest.mark.parametrize(
    ("width", "height", "thumbnail"), [(1920, 1080, 240), (1080, 1920, 136), (64, 2048, 8)]
)
def test_a_thumbnail_fits_its_box_whatever_the_films_shape(
    request_of: Any, source: Source, width: int, height: int, thumbnail: int
) -> None:
    request = request_of(dataclasses.replace(source, width=width, height=height))

    group = request["Settings"]["OutputGroups"][0]["OutputGroupSettings"]["CmafGroupSettings"]
    assert group["ImageBasedTrickPlaySettings"]["ThumbnailWidth"] == thumbnail


def test_all_rungs_cut_their_segments_at_the_same_places(request_of: Any, source: Source) -> None:
    for h264 in h264_of(request_of(source)):
        assert (h264["GopSize"], h264["GopSizeUnits"]) == (4.0, "SECONDS")
        assert h264["GopClosedCadence"] == 1
        assert h264["SceneChangeDetect"] == "DISABLED"


def test_a_run_pays_for_one_job_and_its_events_name_the_asset(
    request_of: Any, source: Source, run: Run
) -> None:
    request = request_of(source)

    assert request["ClientRequestToken"] == run.version
    assert request["UserMetadata"] == {
        "asset_id": run.asset_id,
        "version": run.version,
        "environment": "local",
    }


def test_captures_are_spread_over_the_film_and_out_of_every_urls_reach(
    request_of: Any, source: Source, run: Run
) -> None:
    group = request_of(dataclasses.replace(source, duration_seconds=7200.0))["Settings"][
        "OutputGroups"
    ][1]
    capture = group["Outputs"][0]["VideoDescription"]["CodecSettings"]["FrameCaptureSettings"]

    assert group["OutputGroupSettings"]["FileGroupSettings"]["Destination"] == (
        f"s3://packaged/work/{run.asset_id}/{run.version}/frame"
    )
    assert capture["FramerateDenominator"] == 600
    assert capture["MaxCaptures"] == 12


def test_a_silent_film_has_no_audio_output(request_of: Any, source: Source) -> None:
    settings = request_of(dataclasses.replace(source, has_audio=False))["Settings"]

    assert "AudioSelectors" not in settings["Inputs"][0]
    assert all("AudioDescriptions" not in one for one in settings["OutputGroups"][0]["Outputs"])


def test_a_source_that_is_too_fast_gets_a_stated_frame_rate(
    request_of: Any, source: Source
) -> None:
    fast = dataclasses.replace(source, frame_rate=Fraction(120))

    for h264 in h264_of(request_of(fast)):
        assert (h264["FramerateNumerator"], h264["FramerateDenominator"]) == (60, 1)


def test_only_interlaced_films_are_deinterlaced(request_of: Any, source: Source) -> None:
    progressive = request_of(source)["Settings"]["OutputGroups"][0]["Outputs"][0]
    interlaced = request_of(dataclasses.replace(source, interlaced=True))
    output = interlaced["Settings"]["OutputGroups"][0]["Outputs"][0]

    assert "VideoPreprocessors" not in progressive["VideoDescription"]
    assert output["VideoDescription"]["VideoPreprocessors"]["Deinterlacer"]["Mode"] == "ADAPTIVE"
