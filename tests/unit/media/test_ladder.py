"""Ladders never exceed their source and keep its shape."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.ladder import H264_RUNGS, ladder_for
from media.source import Source

sizes = st.integers(min_value=32, max_value=8192)
frame_rates = st.sampled_from(
    [Fraction(rate) for rate in ("0", "24000/1001", "25", "30", "60000/1001", "120", "240000/1001")]
)
sources = st.builds(
    Source,
    width=sizes,
    height=sizes,
    frame_rate=frame_rates,
    duration_seconds=st.floats(min_value=0.1, max_value=20_000),
    has_audio=st.booleans(),
    interlaced=st.booleans(),
)


def film(width: int, height: int, frame_rate: Fraction = Fraction(24)) -> Source:
    return Source(
        width=width,
        height=height,
        frame_rate=frame_rate,
        duration_seconds=60.0,
        has_audio=True,
        interlaced=False,
    )


@given(sources)
def test_no_rendition_is_larger_than_its_source(source: Source) -> None:
    for rendition in ladder_for(source).renditions:
        assert rendition.width <= max(source.width, 32)
        assert rendition.height <= max(source.height, 32)


@given(sources)
def test_every_rendition_has_even_sides_that_mediaconvert_writes(source: Source) -> None:
    for rendition in ladder_for(source).renditions:
        assert rendition.width % 2 == rendition.height % 2 == 0
        assert 32 <= rendition.width <= 8192
        assert 32 <= rendition.height <= 8192


@given(sources)
def test_every_rendition_keeps_the_aspect_to_within_two_pixels(source: Source) -> None:
    for rendition in ladder_for(source).renditions:
        expected = rendition.width * source.height / source.width
        slack = 2 + 2 * source.height / source.width
        assert abs(rendition.height - expected) <= slack


@given(sources)
def test_rungs_ascend_in_size_and_cost_and_there_is_always_one(source: Source) -> None:
    renditions = ladder_for(source).renditions

    assert renditions
    assert list(renditions) == sorted(renditions, key=lambda one: one.max_bitrate_bps)
    areas = [one.width * one.height for one in renditions]
    assert areas == sorted(set(areas))


@given(sources)
def test_no_ladder_asks_for_more_than_sixty_frames_a_second(source: Source) -> None:
    ladder = ladder_for(source)

    assert (ladder.frame_rate or source.frame_rate) <= 60


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (1280, 720, ["256x144", "426x240", "640x360", "854x480", "1280x720"]),
        (640, 360, ["256x144", "426x240", "640x360"]),
        (360, 640, ["144x256", "240x426", "360x640"]),
        (640, 272, ["256x108", "426x182", "640x272"]),
        (100, 80, ["100x80"]),
        (638, 358, ["256x144", "426x240", "638x358"]),
        (1918, 1078, ["256x144", "426x240", "640x360", "854x480", "1280x720", "1918x1078"]),
        (704, 396, ["256x144", "426x240", "640x360"]),
        (341, 639, ["136x256", "228x426", "340x638"]),
    ],
)
def test_the_rungs_of_known_films(width: int, height: int, expected: list[str]) -> None:
    renditions = ladder_for(film(width, height)).renditions

    assert [f"{one.width}x{one.height}" for one in renditions] == expected


def test_a_cinema_wide_film_in_full_hd_reaches_the_1080p_rung_at_its_own_size() -> None:
    top = ladder_for(film(1920, 800)).renditions[-1]

    assert (top.label, top.width, top.height) == ("1080p", 1920, 800)


def test_no_rung_is_above_4k() -> None:
    top = ladder_for(film(7680, 4320)).renditions[-1]

    assert (top.width, top.height) == (3840, 2160)


def test_a_source_at_120_frames_a_second_is_halved() -> None:
    assert ladder_for(film(640, 360, Fraction(120000, 1001))).frame_rate == Fraction(60000, 1001)
    assert ladder_for(film(640, 360, Fraction(50))).frame_rate is None


def test_fast_films_may_spend_half_as_much_again() -> None:
    slow = ladder_for(film(640, 360)).renditions
    fast = ladder_for(film(640, 360, Fraction(50))).renditions

    assert [one.max_bitrate_bps for one in fast] == [
        round(one.max_bitrate_bps * 1.5) for one in slow
    ]


def test_the_table_of_rungs_ascends() -> None:
    assert [rung.lines for rung in H264_RUNGS] == sorted({rung.lines for rung in H264_RUNGS})
    assert dataclasses.asdict(H264_RUNGS[0])["lines"] == 144
