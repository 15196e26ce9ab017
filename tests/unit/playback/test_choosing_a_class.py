"""Which manifest of a title a device is given, by what it says and what its plan allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.devices import (
    Device,
    DeviceNotSupportedError,
    Drm,
    DrmNotOfferedError,
    Family,
    ManifestClass,
    class_for,
    may_have,
    offer_for,
)
from playback.domain import manifest_of
from playback.protection import demand_of
from tests.unit.playback.fakes import TITLE

DRMS = get_args(Drm)
AVC, HEVC = frozenset({"avc1", "mp4a"}), frozenset({"avc1", "hvc1", "mp4a"})
SDR, HDR = frozenset({"SDR"}), frozenset({"SDR", "PQ"})

CLASSES = tuple(
    ManifestClass(family, f"{family}.{name}", codecs, ranges, picture)
    for family in ("dash", "hls", "dash-clearkey", "hls-clearkey")
    for name, codecs, ranges, picture in (
        ("sd", AVC, SDR, "SD"),
        ("hd", AVC, SDR, "HD"),
        ("uhd", AVC, SDR, "UHD1"),
        ("hdr", HEVC, HDR, "UHD1"),
    )
)
TITLE_OF_CLASSES = replace(TITLE, classes=CLASSES)


def given_to(plan: int, **described: Any) -> str:
    """The class's name that a device gets under a plan of so many lines."""
    device = Device.described({"family": "shaka", "drm": "widevine", **described}).within(plan)
    manifest = manifest_of(TITLE_OF_CLASSES, offer_for(device, offered=DRMS), device)
    return manifest.rpartition("/")[2]


HARDWARE = {"security_level": "hardware"}
HDR_SET = {"codecs": ["avc", "hevc"], "hdr": ["pq"]}


@pytest.mark.parametrize(
    ("described", "plan", "chosen"),
    [
        ({}, 2160, "dash.sd"),
        ({"max_height": 2160, **HDR_SET}, 2160, "dash.sd"),
        (HARDWARE, 2160, "dash.uhd"),
        (HARDWARE, 1080, "dash.hd"),
        (HARDWARE, 576, "dash.sd"),
        (HARDWARE | {"max_height": 1080}, 2160, "dash.hd"),
        (HARDWARE | {"max_height": 480}, 2160, "dash.sd"),
        (HARDWARE | HDR_SET, 2160, "dash.hdr"),
        (HARDWARE | HDR_SET, 1080, "dash.hd"),
        (HARDWARE | {"codecs": ["avc", "hevc"]}, 2160, "dash.uhd"),
        (HARDWARE | {"codecs": ["avc"], "hdr": ["pq"]}, 2160, "dash.uhd"),
        (HARDWARE | HDR_SET | {"hdcp": "2.2"}, 2160, "dash.hdr"),
        (HARDWARE | HDR_SET | {"hdcp": "1.4"}, 2160, "dash.hd"),
        (HARDWARE | HDR_SET | {"hdcp": "none"}, 2160, "dash.sd"),
        ({"drm": "playready", **HARDWARE}, 2160, "dash.uhd"),
        ({"drm": "fairplay", "family": "native", **HARDWARE, **HDR_SET}, 2160, "hls.hdr"),
        ({"drm": "fairplay", "family": "native"}, 2160, "hls.sd"),
        ({"drm": "clearkey"}, 2160, "dash-clearkey.uhd"),
        ({"drm": "clearkey", "hdcp": "none"}, 1080, "dash-clearkey.hd"),
        ({"drm": "clearkey", "family": "hls.js", "max_height": 360}, 1080, "hls-clearkey.sd"),
    ],
)
def test_a_device_gets_the_best_that_it_and_its_plan_may_have(
    described: dict[str, Any], plan: int, chosen: str
) -> None:
    assert given_to(plan, **described) == chosen


def test_a_device_that_decodes_nothing_of_a_title_is_told_so() -> None:
    with pytest.raises(DeviceNotSupportedError):
        given_to(2160, codecs=["vp9"])
    with pytest.raises(DeviceNotSupportedError):
        given_to(2160, audio=[])


def test_a_title_from_before_there_were_classes_plays_by_its_family() -> None:
    device = Device("shaka", "clearkey")

    assert manifest_of(TITLE, offer_for(device, offered=DRMS), device).endswith("clearkey.mpd")


def test_a_class_of_a_picture_that_nobody_knows_is_given_to_no_device() -> None:
    device = Device("shaka", "clearkey")
    offer = offer_for(device, offered=DRMS)
    strange = replace(CLASSES[8], picture="8K")

    assert class_for(device, offer, [strange]) is None


descriptions = st.fixed_dictionaries(
    {"family": st.sampled_from(get_args(Family)), "drm": st.sampled_from(DRMS)},
    optional={
        "max_height": st.none() | st.integers(1, 9000),
        "security_level": st.sampled_from(["software", "hardware"]),
        "codecs": st.lists(st.sampled_from(["hevc", "vp9", "av1"])).map(
            lambda more: ["avc", *more]
        ),
        "audio": st.lists(st.sampled_from(["ac3", "eac3", "opus"])).map(
            lambda more: ["aac", *more]
        ),
        "hdr": st.lists(st.sampled_from(["hlg", "pq"])),
        "hdcp": st.none() | st.sampled_from(["none", "1.4", "2.0", "2.2", "2.3"]),
    },
)
some_classes = st.sets(st.sampled_from([one for one in CLASSES if one.picture != "SD"]))
SMALLEST = tuple(one for one in CLASSES if one.picture == "SD")


@given(descriptions, st.sampled_from([480, 576, 720, 1080, 2160, 4320]), some_classes)
def test_every_device_with_an_offer_gets_a_class_and_never_more_than_it_may_have(
    description: dict[str, Any], plan: int, more: set[ManifestClass]
) -> None:
    device = Device.described(description).within(plan)
    try:
        offer = offer_for(device, offered=DRMS)
    except DrmNotOfferedError:
        return

    chosen = class_for(device, offer, [*SMALLEST, *more])

    assert chosen is not None
    assert chosen.family == offer.manifest_family
    demand = demand_of(chosen.picture)
    assert demand is not None
    assert may_have(device, chosen.picture)
    assert demand.least_height <= plan
    assert chosen.codecs <= device.codecs | device.sounds
    assert chosen.ranges <= device.ranges
    if device.drm != "clearkey":
        assert device.robustness >= demand.robustness
        assert device.hdcp is None or device.hdcp >= demand.hdcp
    better = [one for one in more if one.family == offer.manifest_family and one.suits(device)]
    assert all(one.rank <= chosen.rank for one in better)
