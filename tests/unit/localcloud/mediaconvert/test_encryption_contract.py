from __future__ import annotations

import uuid
from xml.etree import ElementTree as ET

import pytest

from localcloud.mediaconvert.cpix import KeyRequest, Systems, build_request
from localcloud.mediaconvert.encryption_contract import (
    AUDIO_PRESETS,
    VIDEO_PRESETS,
    Kind,
    contract_fault,
    track_type_for,
    track_types,
)

CPIX = "{urn:dashif:org:cpix}"


@pytest.mark.parametrize(
    ("presets", "kind", "amount", "name"),
    [
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "video", 1024 * 576, "SD"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "video", 1024 * 576 + 1, "HD"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "video", 1920 * 1080, "HD"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "video", 1920 * 1080 + 1, "UHD1"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "video", 4096 * 2160, "UHD1"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "video", 4096 * 2160 + 1, "UHD2"),
        (("PRESET_VIDEO_5", "PRESET_AUDIO_2"), "video", 1280 * 720, "HD1"),
        (("PRESET_VIDEO_5", "PRESET_AUDIO_2"), "video", 1280 * 720 + 1, "HD2"),
        (("PRESET_VIDEO_7", "PRESET_AUDIO_2"), "video", 1280 * 720, "SD+HD1"),
        (("PRESET_VIDEO_2", "PRESET_AUDIO_2"), "video", 3840 * 2160, "HD"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "audio", 2, "STEREO_AUDIO"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_2"), "audio", 6, "MULTICHANNEL_AUDIO"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_3"), "audio", 6, "MULTICHANNEL_AUDIO_3_6"),
        (("PRESET_VIDEO_4", "PRESET_AUDIO_3"), "audio", 8, "MULTICHANNEL_AUDIO_7"),
        (("SHARED", "SHARED"), "audio", 8, "ALL"),
        (("PRESET_VIDEO_1", "UNENCRYPTED"), "audio", 2, None),
    ],
)
def test_a_track_gets_the_key_of_its_size(
    presets: tuple[str, str], kind: Kind, amount: int, name: str | None
) -> None:
    found = track_type_for(track_types(*presets), kind, amount)

    assert (found.name if found else None) == name


@pytest.mark.parametrize("preset", [name for name in VIDEO_PRESETS if name != "UNENCRYPTED"])
@pytest.mark.parametrize("pixels", [2, 589_824, 589_825, 921_601, 2_073_601, 8_847_361])
def test_every_picture_has_exactly_one_key_in_every_preset(preset: str, pixels: int) -> None:
    assert sum(one.covers("video", pixels) for one in VIDEO_PRESETS[preset]) == 1


@pytest.mark.parametrize("preset", [name for name in AUDIO_PRESETS if name != "UNENCRYPTED"])
@pytest.mark.parametrize("channels", [1, 2, 3, 6, 7, 16])
def test_every_sound_has_exactly_one_key_in_every_preset(preset: str, channels: int) -> None:
    assert sum(one.covers("audio", channels) for one in AUDIO_PRESETS[preset]) == 1


def test_presets_that_exclude_each_other_are_named() -> None:
    assert contract_fault("PRESET_VIDEO_4", "PRESET_AUDIO_2") is None
    assert contract_fault("SHARED", "SHARED") is None
    assert contract_fault("UNENCRYPTED", "UNENCRYPTED") is not None
    assert contract_fault("SHARED", "UNENCRYPTED") is not None


@pytest.mark.parametrize("presets", [("PRESET_VIDEO_8", "PRESET_AUDIO_3"), ("SHARED", "SHARED")])
def test_a_request_has_as_many_filters_as_its_track_type_has_parts(
    presets: tuple[str, str],
) -> None:
    keys = [KeyRequest(uuid.uuid4(), bytes(16), one) for one in track_types(*presets)]

    root = ET.fromstring(build_request("ast_1", "cbcs", keys, Systems((), ())))

    for rule in root.iter(f"{CPIX}ContentKeyUsageRule"):
        name = rule.attrib["intendedTrackType"]
        assert len(rule) == (2 if name == "ALL" else len(name.split("+")))
    assert (root.get("version"), root.get("contentId")) == ("2.3", "ast_1")


def test_fairplay_is_asked_for_playlist_lines_only_and_others_for_what_they_signal() -> None:
    fairplay, widevine = (
        "94ce86fb-07ff-4f43-adb8-93d2fa968ca2",
        "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
    )
    keys = [KeyRequest(uuid.uuid4(), bytes(16), track_types("SHARED", "SHARED")[0])]

    root = ET.fromstring(build_request("a", "cbcs", keys, Systems((widevine,), (fairplay,))))

    asked = {
        system.attrib["systemId"]: [child.tag.removeprefix(CPIX) for child in system]
        for system in root.iter(f"{CPIX}DRMSystem")
    }
    assert asked == {
        widevine: ["PSSH", "ContentProtectionData"],
        fairplay: ["HLSSignalingData", "HLSSignalingData"],
    }
