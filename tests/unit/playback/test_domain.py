"""Rights, devices, keys and lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kernel.errors import InvalidInputError
from playback.devices import (
    Device,
    DeviceNotSupportedError,
    DrmNotOfferedError,
    may_have,
    offer_for,
)
from playback.domain import (
    NotInYourCountryError,
    OutsideRightsWindowError,
    Rights,
    manifest_of,
    play_life,
)
from tests.unit.playback.fakes import TITLE

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)


def test_rights_hold_from_their_first_moment_to_before_their_last() -> None:
    rights = Rights(("*",), START, END)

    rights.check(START, None)
    rights.check(END - timedelta(microseconds=1), None)
    for moment in (START - timedelta(microseconds=1), END):
        with pytest.raises(OutsideRightsWindowError):
            rights.check(moment, None)


def test_rights_without_an_end_hold_on() -> None:
    Rights(("*",), START, None).check(START + timedelta(days=36500), None)


def test_rights_for_some_countries_hold_for_viewers_who_are_there() -> None:
    rights = Rights(("IE", "DE"), START, None)

    rights.check(START, "DE")
    for country in ("FR", "de", "", "*"):
        with pytest.raises(NotInYourCountryError):
            rights.check(START, country)


@pytest.mark.parametrize("territories", [(), ("IE",), ("IE", "*"), ("",)])
def test_rights_for_some_countries_only_are_refused_while_the_country_is_unknown(
    territories: tuple[str, ...],
) -> None:
    with pytest.raises(NotInYourCountryError):
        Rights(territories, START, None).check(START, None)


@pytest.mark.parametrize(
    ("family", "manifest", "kind"),
    [
        ("shaka", "/m/ast_1/v1/dash-clearkey.mpd", "dash"),
        ("dash.js", "/m/ast_1/v1/dash-clearkey.mpd", "dash"),
        ("hls.js", "/m/ast_1/v1/hls-clearkey.m3u8", "hls"),
    ],
)
def test_each_player_gets_the_manifest_it_reads(family: str, manifest: str, kind: str) -> None:
    device = Device.described({"family": family, "drm": "clearkey"})

    offer = offer_for(device, offered=["clearkey"])

    assert manifest_of(TITLE, offer, device) == manifest
    assert (offer.manifest_type, offer.key_system) == (kind, "org.w3.clearkey")


@pytest.mark.parametrize("drm", ["clearkey", "widevine", "playready", "fairplay"])
def test_no_device_plays_where_its_drm_system_has_no_licence(drm: str) -> None:
    device = Device.described({"family": "shaka", "drm": drm})

    with pytest.raises(DrmNotOfferedError):
        offer_for(device, offered=[])


def test_native_players_have_no_clearkey() -> None:
    device = Device.described({"family": "native", "drm": "clearkey"})

    with pytest.raises(DrmNotOfferedError):
        offer_for(device, offered=["clearkey"])


def test_a_title_without_the_players_manifest_says_so() -> None:
    device = Device.described({"family": "hls.js", "drm": "clearkey"})
    offer = offer_for(device, offered=["clearkey"])
    title = TITLE.__class__(**{**vars(TITLE), "manifests": {}})

    with pytest.raises(DeviceNotSupportedError):
        manifest_of(title, offer, device)


@pytest.mark.parametrize(
    ("description", "field"),
    [
        (None, "device"),
        ("shaka", "device"),
        ({}, "device.family"),
        ({"family": "vlc", "drm": "clearkey"}, "device.family"),
        ({"family": ["shaka"], "drm": "clearkey"}, "device.family"),
        ({"family": "shaka"}, "device.drm"),
        ({"family": "shaka", "drm": "none"}, "device.drm"),
        ({"family": "shaka", "drm": "clearkey", "max_height": 0}, "device.max_height"),
        ({"family": "shaka", "drm": "clearkey", "max_height": True}, "device.max_height"),
        ({"family": "shaka", "drm": "clearkey", "max_height": "1080"}, "device.max_height"),
        ({"family": "shaka", "drm": "clearkey", "root": 1}, "device.root"),
        ({"family": "shaka", "drm": "clearkey", "codecs": "avc"}, "device.codecs"),
        ({"family": "shaka", "drm": "clearkey", "codecs": ["avc", 1]}, "device.codecs"),
        ({"family": "shaka", "drm": "clearkey", "codecs": ["avc1"]}, "device.codecs"),
        ({"family": "shaka", "drm": "clearkey", "audio": ["mp3"]}, "device.audio"),
        ({"family": "shaka", "drm": "clearkey", "hdr": ["sdr"]}, "device.hdr"),
        ({"family": "shaka", "drm": "clearkey", "hdr": {"pq": True}}, "device.hdr"),
        ({"family": "shaka", "drm": "clearkey", "hdcp": "2"}, "device.hdcp"),
        ({"family": "shaka", "drm": "clearkey", "hdcp": 2.2}, "device.hdcp"),
    ],
)
def test_a_device_described_wrongly_is_told_which_field(description: object, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Device.described(description)

    assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    ("height", "allowed"),
    [
        (144, {"SD"}),
        (576, {"SD"}),
        (577, {"SD", "HD", "HD1"}),
        (720, {"SD", "HD", "HD1"}),
        (1080, {"SD", "HD", "HD1", "HD2"}),
        (2160, {"SD", "HD", "HD1", "HD2", "UHD", "UHD1"}),
        (4320, {"SD", "HD", "HD1", "HD2", "UHD", "UHD1", "UHD2"}),
        (None, {"SD", "HD", "HD1", "HD2", "UHD", "UHD1", "UHD2"}),
    ],
)
def test_a_device_gets_the_keys_of_pictures_it_can_show(
    height: int | None, allowed: set[str]
) -> None:
    device = Device("shaka", "clearkey", height)

    types = {"SD", "HD", "HD1", "HD2", "UHD", "UHD1", "UHD2"}
    assert {track_type for track_type in types if may_have(device, track_type)} == allowed


@pytest.mark.parametrize(
    "track_type",
    ["AUDIO", "STEREO_AUDIO", "MULTICHANNEL_AUDIO", "MULTICHANNEL_AUDIO_7", "ALL", "VIDEO"],
)
def test_sound_and_the_one_key_for_everything_are_for_every_device(track_type: str) -> None:
    assert may_have(Device("shaka", "clearkey", 144), track_type)


@pytest.mark.parametrize("track_type", ["", "8K", "SD+8K", "sd"])
def test_a_track_type_that_nobody_knows_is_given_to_no_device(track_type: str) -> None:
    assert not may_have(Device("shaka", "clearkey"), track_type)


def test_a_key_for_two_track_types_needs_the_right_to_both() -> None:
    assert not may_have(Device("shaka", "clearkey", 480), "SD+HD1")
    assert may_have(Device("shaka", "clearkey", 720), "SD+HD1")


@pytest.mark.parametrize(
    ("minutes", "hours"), [(0, 4), (90, 4), (120, 4), (180, 6), (360, 12), (1000, 12)]
)
def test_a_play_lives_twice_its_film_between_four_and_twelve_hours(
    minutes: int, hours: int
) -> None:
    assert play_life(timedelta(minutes=minutes)) == timedelta(hours=hours)
