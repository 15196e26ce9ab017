"""Capability classes: who is given which rungs, and what their manifests say.

Manifests are read back by parsers that know nothing of ours: PyPI's `m3u8` and `mpegdash`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

import m3u8
import pytest
from mpegdash.parser import MPEGDASHParser

from kernel.events.media import ManifestClass
from media import mpd
from media.classes import (
    AVC,
    CLASSES,
    HEVC,
    MOST_CLASSES,
    CapabilityClass,
    TrackType,
    class_manifests,
)
from media.domain import IncompletePackageError
from media.families import FAMILIES, clearkey_manifests
from media.job_document import PLAYREADY, WIDEVINE
from media.mpd import Representation

KEY = "00010203-0405-0607-0809-0a0b0c0d0e0f"


@dataclass(frozen=True)
class Rung:
    """A picture as MediaConvert would write it."""

    label: str
    width: int
    height: int
    codec: str = "avc1.64001f"
    transfer: str | None = None


SD = Rung("480p", 854, 480)
HD = Rung("1080p", 1920, 1080, "avc1.640028")
UHD = Rung("2160p", 3840, 2160, "avc1.640033")
UHD_HDR = Rung("2160p_hdr", 3840, 2160, "hvc1.2.4.L153.B0", "16")


def package(*rungs: Rung) -> dict[str, str]:
    """A package's manifests with sound and pictures, each picture under a key of its own."""
    protection = "".join(
        f'<ContentProtection schemeIdUri="urn:uuid:{system}"><cenc:pssh>AA==</cenc:pssh>'
        "</ContentProtection>"
        for system in (WIDEVINE, PLAYREADY)
    )
    common = (
        '<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cbcs" '
        f'cenc:default_KID="{KEY}"/>{protection}'
    )

    def template(label: str, suffix: str) -> str:
        return (
            f'<SegmentTemplate timescale="1" initialization="main_{label}init.{suffix}" '
            f'media="main_{label}_$Number%09d$.{suffix}" startNumber="1">'
            '<SegmentTimeline><S t="0" d="4"/></SegmentTimeline></SegmentTemplate>'
        )

    def adaptation(rung: Rung) -> str:
        transfer = (
            '<EssentialProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" '
            f'value="{rung.transfer}"/>'
            if rung.transfer
            else ""
        )
        return (
            f'<AdaptationSet contentType="video" frameRate="24000/1001" maxWidth="3840" '
            f'maxHeight="2160">{common}{transfer}<Representation id="{rung.label}" '
            f'bandwidth="1000" codecs="{rung.codec}" mimeType="video/mp4" width="{rung.width}" '
            f'height="{rung.height}">{template(rung.label, "cmfv")}</Representation>'
            "</AdaptationSet>"
        )

    sound = (
        f'<AdaptationSet contentType="audio">{common}<Representation id="audio" bandwidth="128" '
        f'codecs="mp4a.40.2" mimeType="audio/mp4">{template("audio", "cmfa")}</Representation>'
        "</AdaptationSet>"
    )
    texts = {
        "main.mpd": (
            '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" '
            'profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S" '
            f'type="static" mediaPresentationDuration="PT4S"><Period id="0">{sound}'
            f"{''.join(map(adaptation, rungs))}</Period></MPD>"
        ),
        "main.m3u8": "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="main_audio.m3u8",GROUP-ID="audio",NAME="audio",'
        'DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"\n'
        + "".join(
            f'#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="{rung.codec},mp4a.40.2",'
            f'RESOLUTION={rung.width}x{rung.height},AUDIO="audio",CLOSED-CAPTIONS=NONE\n'
            f"main_{rung.label}.m3u8\n"
            f'#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100,CODECS="{rung.codec}",'
            f'RESOLUTION={rung.width}x{rung.height},URI="main_{rung.label}_I.m3u8"\n'
            for rung in rungs
        ),
    }
    for label, suffix in [("audio", "cmfa"), *((rung.label, "cmfv") for rung in rungs)]:
        playlist = (
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
            f'#EXT-X-MAP:URI="main_{label}init.{suffix}"\n'
            '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMATVERSIONS="1",'
            'KEYFORMAT="com.apple.streamingkeydelivery"\n'
            f"#EXTINF:4.000,\nmain_{label}_000000001.{suffix}\n#EXT-X-ENDLIST\n"
        )
        texts[f"main_{label}.m3u8"] = playlist
        texts[f"main_{label}_I.m3u8"] = playlist
    return texts


Made = tuple[dict[str, str], dict[str, ManifestClass]]


def made(texts: dict[str, str], *, clearkey: bool = True) -> Made:
    """Texts by name and what is told by manifest, of a package."""
    everything = texts | (clearkey_manifests(texts.__getitem__) if clearkey else {})
    written, told = class_manifests(everything.__getitem__, clearkey=clearkey)
    return written, {one["manifest"]: one for one in told}


def dash_rungs(text: str) -> set[str]:
    """Ids of the pictures, by an independent parser."""
    (period,) = MPEGDASHParser.parse(text).periods  # type: ignore[no-untyped-call]
    return {
        representation.id
        for adaptation in period.adaptation_sets
        for representation in adaptation.representations
        if representation.width
    }


def hls_rungs(text: str) -> set[str]:
    """The pictures' playlists, by an independent parser."""
    return {one.uri for one in parsed(text).playlists}


def parsed(text: str) -> Any:
    """A multivariant playlist as `m3u8` reads it."""
    return m3u8.loads(text)  # type: ignore[no-untyped-call]


def test_the_table_is_closed_and_names_each_class_once() -> None:
    assert len({row.name for row in CLASSES}) == len(CLASSES) <= MOST_CLASSES
    assert {row.family for row in CLASSES} == {family.name for family in FAMILIES}


def test_every_family_has_a_class_for_what_every_device_may_have() -> None:
    for family in FAMILIES:
        assert CapabilityClass(family.name, AVC, TrackType.SD) in CLASSES


@pytest.mark.parametrize(
    ("pixels", "track_type"),
    [
        (1, "SD"),
        (1024 * 576, "SD"),
        (1024 * 576 + 1, "HD"),
        (1280 * 720, "HD"),
        (1920 * 1080, "HD"),
        (2560 * 1440, "UHD1"),
        (3840 * 2160, "UHD1"),
        (4096 * 2160 + 1, "UHD2"),
    ],
)
def test_track_types_are_bounded_as_keys_are_cut(pixels: int, track_type: str) -> None:
    assert TrackType.of(pixels) == track_type


@pytest.mark.parametrize(
    ("row", "held"),
    [
        (CapabilityClass("dash", AVC, TrackType.SD), {SD}),
        (CapabilityClass("dash", AVC, TrackType.HD), {SD, HD}),
        (CapabilityClass("dash", AVC, TrackType.UHD2), {SD, HD, UHD}),
        (CapabilityClass("dash", HEVC, TrackType.HD), {SD, HD}),
        (CapabilityClass("dash", HEVC, TrackType.UHD2), {SD, HD, UHD, UHD_HDR}),
    ],
)
def test_a_class_holds_what_its_devices_may_have(row: CapabilityClass, held: set[Rung]) -> None:
    def described(rung: Rung) -> Representation:
        video_range = "PQ" if rung.transfer == "16" else "SDR"
        return Representation(
            *(rung.label, "init", (), 4.0, None, (rung.codec,), rung.width, rung.height),
            frame_rate=Fraction(24),
            video_range=video_range,
        )

    assert {rung for rung in (SD, HD, UHD, UHD_HDR) if row.holds(described(rung))} == held


def test_each_class_of_a_large_film_is_written_with_its_rungs_only() -> None:
    written, told = made(package(SD, HD, UHD, UHD_HDR))

    assert {name: dash_rungs(text) for name, text in written.items() if name.endswith(".mpd")} == {
        "dash.avc.sd.mpd": {"480p"},
        "dash.avc.hd.mpd": {"480p", "1080p"},
        "dash.avc.uhd.mpd": {"480p", "1080p", "2160p"},
        "dash.hevc.uhd.mpd": {"480p", "1080p", "2160p", "2160p_hdr"},
        "dash-clearkey.avc.sd.mpd": {"480p"},
        "dash-clearkey.avc.hd.mpd": {"480p", "1080p"},
        "dash-clearkey.avc.uhd.mpd": {"480p", "1080p", "2160p"},
    }
    assert {name: hls_rungs(text) for name, text in written.items() if name.endswith("m3u8")} == {
        "hls.avc.sd.m3u8": {"main_480p.m3u8"},
        "hls.avc.hd.m3u8": {"main_480p.m3u8", "main_1080p.m3u8"},
        "hls.hevc.uhd.m3u8": {
            f"main_{label}.m3u8" for label in ("480p", "1080p", "2160p", "2160p_hdr")
        },
        "hls-clearkey.avc.sd.m3u8": {"clearkey_main_480p.m3u8"},
        "hls-clearkey.avc.hd.m3u8": {"clearkey_main_480p.m3u8", "clearkey_main_1080p.m3u8"},
    }
    assert set(told) == set(written)


def test_what_a_class_needs_is_told_as_it_is_and_not_as_the_table_allows() -> None:
    _, told = made(package(SD, HD, UHD))

    assert told["hls.hevc.uhd.m3u8"] == {
        "family": "hls",
        "manifest": "hls.hevc.uhd.m3u8",
        "codecs": ["avc1", "mp4a"],
        "ranges": ["SDR"],
        "picture": "UHD1",
    }


def test_a_small_film_gets_no_class_that_would_say_the_same_again() -> None:
    _, told = made(package(SD), clearkey=False)

    assert set(told) == {"dash.avc.sd.mpd", "hls.avc.sd.m3u8"}


def test_what_a_packager_really_wrote_gets_its_classes(packager_output: dict[str, str]) -> None:
    written, told = made(packager_output)

    assert set(told) == {
        "dash.avc.sd.mpd",
        "hls.avc.sd.m3u8",
        "dash-clearkey.avc.sd.mpd",
        "hls-clearkey.avc.sd.m3u8",
    }
    assert mpd.manifest(written["dash.avc.sd.mpd"]) == mpd.manifest(packager_output["main.mpd"])
    assert hls_rungs(written["hls.avc.sd.m3u8"]) == hls_rungs(packager_output["main.m3u8"])


def test_an_hls_variant_says_what_it_demands_of_outputs_and_devices() -> None:
    written, _ = made(package(SD, HD, UHD, UHD_HDR))

    said = {
        one.uri: (
            one.stream_info.hdcp_level,
            one.stream_info.video_range,
            one.stream_info.codecs,
            one.stream_info.frame_rate,
        )
        for one in parsed(written["hls.hevc.uhd.m3u8"]).playlists
    }
    assert said == {
        "main_480p.m3u8": ("NONE", "SDR", "avc1.64001f,mp4a.40.2", 23.976),
        "main_1080p.m3u8": ("TYPE-0", "SDR", "avc1.640028,mp4a.40.2", 23.976),
        "main_2160p.m3u8": ("TYPE-1", "SDR", "avc1.640033,mp4a.40.2", 23.976),
        "main_2160p_hdr.m3u8": ("TYPE-1", "PQ", "hvc1.2.4.L153.B0,mp4a.40.2", 23.976),
    }


def test_pictures_above_sd_are_for_devices_that_keep_keys_in_hardware() -> None:
    written, _ = made(package(SD, HD))

    lines = written["hls.avc.hd.m3u8"].splitlines()
    allowed = {
        lines[number + 1]: "AppleMain/Main" in line and "WIDEVINE_HARDWARE" in line
        for number, line in enumerate(lines)
        if line.startswith("#EXT-X-STREAM-INF")
    }
    assert allowed == {"main_480p.m3u8": False, "main_1080p.m3u8": True}
    assert all("AppleMain/Main" in line for line in lines if "main_1080p_I" in line)


def test_each_dash_rung_says_the_robustness_its_key_demands() -> None:
    written, _ = made(package(SD, HD))

    # `mpegdash` keeps no robustness: plain XML it is.
    dash = "{urn:mpeg:dash:schema:mpd:2011}"
    root = ElementTree.fromstring(written["dash.avc.hd.mpd"])
    said = {
        adaptation.findall(f"{dash}Representation")[0].get("id"): [
            protection.get("robustness")
            for protection in adaptation.findall(f"{dash}ContentProtection")
        ]
        for adaptation in root.iter(f"{dash}AdaptationSet")
    }
    assert said == {
        "audio": [None, "SW_SECURE_CRYPTO", "2000"],
        "480p": [None, "SW_SECURE_CRYPTO", "2000"],
        "1080p": [None, "HW_SECURE_ALL", "3000"],
    }


def test_one_key_for_several_rungs_demands_what_the_largest_does() -> None:
    texts = package(SD, HD)
    # Both pictures in one adaptation set, under its one key.
    start = texts["main.mpd"].index(
        "</AdaptationSet><AdaptationSet", texts["main.mpd"].index("480p")
    )
    end = texts["main.mpd"].index('<Representation id="1080p"')
    texts["main.mpd"] = texts["main.mpd"][:start] + texts["main.mpd"][end:]

    written, _ = made(texts, clearkey=False)

    assert written["dash.avc.hd.mpd"].count('robustness="HW_SECURE_ALL"') == 1
    assert "HW_SECURE_ALL" not in written["dash.avc.sd.mpd"]
    assert 'maxHeight="480"' in written["dash.avc.sd.mpd"]


def test_clearkey_demands_nothing_that_it_could_not_keep() -> None:
    written, _ = made(package(SD, HD, UHD))

    for name, text in written.items():
        if "clearkey" in name:
            assert not any(word in text for word in ("HDCP-LEVEL", "ALLOWED-CPC", "robustness"))


def test_a_sound_that_no_variant_names_is_not_offered() -> None:
    texts = package(SD)
    texts["main.m3u8"] = texts["main.m3u8"].replace(
        "#EXT-X-STREAM-INF",
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="main_audio.m3u8",GROUP-ID="surround",NAME="5.1"\n'
        "#EXT-X-STREAM-INF",
    )

    written, _ = made(texts, clearkey=False)

    assert [one.group_id for one in parsed(written["hls.avc.sd.m3u8"]).media] == ["audio"]


@pytest.mark.parametrize(
    ("name", "said", "complaint"),
    [
        ("main.mpd", ' codecs="avc1.64001f"', "no codecs for main_480pinit"),
        ("main.m3u8", 'CODECS="avc1.64001f,mp4a.40.2",', "no codecs for main_480pinit"),
        ("main_480p.m3u8", "main_480pinit", "does not know main_480p"),
    ],
)
def test_what_no_class_can_be_made_of_is_not_published(
    name: str, said: str, complaint: str
) -> None:
    texts = package(SD)
    texts[name] = texts[name].replace(said, "")

    with pytest.raises(IncompletePackageError, match=complaint):
        made(texts, clearkey=False)
