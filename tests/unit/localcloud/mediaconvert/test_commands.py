from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from localcloud.mediaconvert.boxes import with_pssh
from localcloud.mediaconvert.encode import EncodeJob, VideoEncode, encode_command
from localcloud.mediaconvert.media_info import Stream
from localcloud.mediaconvert.packaging import key_frame_seconds, segment_seconds
from localcloud.mediaconvert.picture import Geometry, fit
from localcloud.mediaconvert.plan import (
    H264,
    CmafGroup,
    Gop,
    Picture,
    RateControl,
    S3Location,
    VideoRendition,
)


def _source(width: int, height: int, **raw: Any) -> Stream:
    return Stream(0, "video", {"width": width, "height": height, **raw})


def _encode(rate: RateControl, picture: Picture | None = None, **codec: Any) -> list[str]:
    h264 = H264(rate, Gop(2, in_seconds=True), "SINGLE_PASS", **codec)
    rung = VideoEncode(
        VideoRendition("_a", picture or Picture(None, 180), h264),
        Geometry(320, 180, 320, 180, Fraction(1)),
        Fraction(24000, 1001),
        2.0,
        Path("a.mp4"),
    )
    job = EncodeJob(Path("in"), _source(640, 360), False, 0, (rung, rung), (), (), ())
    return encode_command(job)


def _value(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


QVBR = RateControl("QVBR", None, 400_000, 7, None)


def test_all_rungs_come_from_one_decode_with_key_frames_at_the_same_moments() -> None:
    command = _encode(QVBR)

    assert command.count("-i") == 1
    assert "split=2" in _value(command, "-filter_complex")
    forced = [command[i + 1] for i, word in enumerate(command) if word == "-force_key_frames"]
    assert forced == ["expr:gte(t+0.001,n_forced*2.000000)"] * 2
    assert _value(command, "-g") == "48"


def test_a_quality_level_is_spent_under_the_ceiling() -> None:
    command = _encode(QVBR)

    assert (_value(command, "-crf"), _value(command, "-maxrate")) == ("23.00", "400000")
    assert _value(command, "-preset") == "veryfast"


def test_a_constant_bitrate_has_floor_and_ceiling() -> None:
    command = _encode(RateControl("CBR", 300_000, None, None, 600_000))

    assert [_value(command, name) for name in ("-b:v", "-minrate", "-maxrate")] == ["300000"] * 3
    assert _value(command, "-bufsize") == "600000"


def test_fields_are_put_together_only_when_the_document_has_a_deinterlacer() -> None:
    as_is = _encode(QVBR)
    asked = _encode(QVBR, Picture(None, 180, deinterlace="interlaced"))

    assert "yadif" not in _value(as_is, "-filter_complex")
    assert "[s0]yadif=deint=interlaced,fps=" in _value(asked, "-filter_complex")


def test_a_picture_is_not_turned_unless_the_document_says_so() -> None:
    assert "-noautorotate" in _encode(QVBR)


@pytest.mark.parametrize(
    ("picture", "source", "expected"),
    [
        (Picture(640, 480), _source(1280, 720), (640, 480, 640, 360)),
        (Picture(640, 480, "FIT"), _source(1280, 720), (640, 360, 640, 360)),
        (Picture(640, 480, "STRETCH_TO_OUTPUT"), _source(1280, 720), (640, 480, 640, 480)),
        (Picture(None, 720), _source(1920, 1080), (1280, 720, 1280, 720)),
        (Picture(None, 480), _source(1920, 1080), (854, 480, 854, 480)),
        (Picture(None, None), _source(1919, 1079), (1920, 1080, 1920, 1080)),
        (Picture(1920, 1080, "FIT_NO_UPSCALE"), _source(400, 400), (400, 400, 400, 400)),
    ],
)
def test_a_picture_fits_as_the_scaling_behaviour_says(
    picture: Picture, source: Stream, expected: tuple[int, int, int, int]
) -> None:
    found = fit(picture, source, turned=False)

    assert (found.width, found.height, found.inner_width, found.inner_height) == expected


def test_an_anamorphic_source_keeps_its_pixels_or_gets_square_ones() -> None:
    pal = _source(720, 576, sample_aspect_ratio="64:45")

    kept = fit(Picture(None, 576), pal, turned=False)
    squared = fit(Picture(None, 576, pixel_aspect=Fraction(1)), pal, turned=False)

    assert (kept.width, kept.pixel_aspect) == (720, Fraction(64, 45))
    assert (squared.width, squared.pixel_aspect) == (1024, Fraction(1))


def test_a_turned_picture_is_as_high_as_it_was_wide() -> None:
    found = fit(Picture(None, None), _source(1920, 1080), turned=True)

    assert (found.width, found.height) == (1080, 1920)


def _group(seconds: float, *, exact: bool) -> CmafGroup:
    return CmafGroup(S3Location("b", "k"), (), seconds, exact, 2, None, False, None)


def test_segments_are_whole_gops_or_the_gop_gives_way() -> None:
    assert segment_seconds(_group(4, exact=False), [3.0]) == 6.0
    assert segment_seconds(_group(4, exact=False), [2.0]) == 4.0
    assert key_frame_seconds(_group(4, exact=False), 3.0) == 3.0
    assert segment_seconds(_group(4, exact=True), [3.0]) == 4.0
    assert key_frame_seconds(_group(4, exact=True), 3.0) == 2.0


def test_pssh_boxes_replace_those_in_the_movie_box_and_nothing_else() -> None:
    def box(kind: bytes, content: bytes) -> bytes:
        return (len(content) + 8).to_bytes(4, "big") + kind + content

    old, new = box(b"pssh", b"old"), box(b"pssh", b"new!")
    head, tracks = box(b"ftyp", b"cmf2"), box(b"trak", b"....")

    written = with_pssh(head + box(b"moov", tracks + old), [new, new])

    assert written == head + box(b"moov", tracks + new + new)
