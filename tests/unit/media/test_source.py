"""What is refused before a transcode is paid for, and in which words."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from media.domain import RefusedSourceError
from media.mediaconvert import probed
from media.source import Probed, VideoTrack, accept, check_nothing_lost, unreadable

FILM = Probed(
    container="mp4",
    duration_seconds=60.0,
    video=VideoTrack(1920, 1080, Fraction(24)),
    audio_tracks=1,
)


def test_a_film_is_accepted_as_it_is_shown() -> None:
    source = accept(FILM)

    assert (source.width, source.height, source.has_audio) == (1920, 1080, True)


def test_a_film_that_lies_on_its_side_is_measured_upright() -> None:
    assert FILM.video is not None
    source = accept(replace(FILM, video=replace(FILM.video, rotation_degrees=90)))

    assert (source.width, source.height) == (1080, 1920)


def test_a_rotation_counts_only_where_mediaconvert_looks_for_it() -> None:
    assert FILM.video is not None
    turned = replace(FILM.video, rotation_degrees=90)

    source = accept(replace(FILM, container="matroska", video=turned))

    assert (source.width, source.height) == (1920, 1080)


def test_pixels_that_are_not_square_are_stretched() -> None:
    dvd = VideoTrack(720, 576, Fraction(25), pixel_aspect=Fraction(64, 45))

    source = accept(replace(FILM, video=dvd))

    assert (source.width, source.height) == (1024, 576)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (replace(FILM, video=None), "no_video"),
        (replace(FILM, container="mp3"), "no_video"),
        (replace(FILM, duration_seconds=0.0), "zero_duration"),
        (replace(FILM, video=VideoTrack(640, 20, Fraction(24))), "too_small"),
        (replace(FILM, video=VideoTrack(0, 0, Fraction(24))), "too_small"),
        (replace(FILM, video=VideoTrack(16384, 16384, Fraction(24))), "too_large"),
        (replace(FILM, video=VideoTrack(7680, 4320, Fraction(24), 0, Fraction(2))), "too_large"),
    ],
)
def test_a_file_without_a_film_is_refused_with_a_reason_and_a_way_out(
    file: Probed, reason: str
) -> None:
    with pytest.raises(RefusedSourceError) as refusal:
        accept(file)

    assert refusal.value.failure.code == reason
    assert refusal.value.failure.message.endswith(".")
    assert refusal.value.failure.what_to_do


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"Dear diary, this is a text that is named film.mp4", "not_a_film"),
        (b"", "not_a_film"),
        (b"G" + b"reat" * 60, "not_a_film"),
        (b"\x00\x00\x00\x20ftypisom", "truncated"),
        (b"\x1a\x45\xdf\xa3\x01", "truncated"),
        (b"\x47" + b"\x00" * 187 + b"\x47", "truncated"),
    ],
)
def test_an_unreadable_file_is_told_apart_by_how_it_begins(head: bytes, reason: str) -> None:
    assert unreadable(head).failure.code == reason


@pytest.mark.parametrize("packaged_seconds", [59.2, 60.0, 61.0])
def test_what_rounding_and_trimming_cost_is_allowed(packaged_seconds: float) -> None:
    check_nothing_lost(60.0, packaged_seconds)


def test_a_film_that_ends_early_was_cut_off() -> None:
    with pytest.raises(RefusedSourceError, match=r"60\.0 seconds but its picture ends after 31\.4"):
        check_nothing_lost(60.0, 31.4)


def test_probes_answer_is_read_track_by_track() -> None:
    answer = {
        "Format": "quicktime",
        "Duration": 12.5,
        "Tracks": [
            {"TrackType": "audio", "AudioProperties": {"Channels": 6}},
            {
                "TrackType": "video",
                "VideoProperties": {
                    "Width": 1920,
                    "Height": 1080,
                    "Rotation": 90,
                    "FrameRate": {"Numerator": 30000, "Denominator": 1001},
                    "SampleAspectRatio": {"Numerator": 1, "Denominator": 1},
                    "CodecMetadata": {"ScanType": "Interlaced"},
                },
            },
        ],
    }

    found = probed(answer)

    assert found == Probed(
        container="quicktime",
        duration_seconds=12.5,
        video=VideoTrack(1920, 1080, Fraction(30000, 1001), 90, Fraction(1), interlaced=True),
        audio_tracks=1,
    )


def track(kind: str, codec: str, **facts: object) -> dict[str, object]:
    return {"TrackType": kind, "Codec": codec, **facts}


RATE = {"Numerator": 25, "Denominator": 1}


def test_the_pictures_own_length_is_the_films() -> None:
    picture = track("video", "AVC", Duration=4.0, VideoProperties={"FrameRate": RATE})

    found = probed({"Format": "mp4", "Duration": 7.0, "Tracks": [picture, track("audio", "AAC")]})

    assert found is not None
    assert found.duration_seconds == 4.0


@pytest.mark.parametrize("codec", ["MJPEG", "UNKNOWN"])
def test_a_cover_is_neither_the_film_nor_a_film(codec: str) -> None:
    cover = track("video", codec, VideoProperties={"Width": 600, "Height": 600})
    picture = track("video", "AVC", VideoProperties={"Width": 640, "FrameRate": RATE})

    both = probed({"Format": "mp4", "Duration": 4.0, "Tracks": [cover, picture]})
    alone = probed({"Format": "mp4", "Duration": 4.0, "Tracks": [cover, track("audio", "AAC")]})

    assert both is not None
    assert both.video is not None
    assert both.video.width == 640
    assert alone is not None
    assert alone.video is None


def test_motion_jpeg_is_a_film_and_so_is_one_whose_rate_is_unknown() -> None:
    for video in (
        track("video", "MJPEG", VideoProperties={"FrameRate": RATE}),
        track("video", "AVC", VideoProperties={"Width": 640}),
    ):
        found = probed({"Format": "mp4", "Duration": 4.0, "Tracks": [video]})

        assert found is not None
        assert found.video is not None


def test_an_answer_without_tracks_is_no_media() -> None:
    assert probed({}) is None
    assert probed({"Format": "mp4", "Tracks": []}) is None
