"""Capability classes: one manifest for all devices that can do the same, with nothing they cannot.

A closed table: player family and DRM x codecs x largest picture. Each class's manifest names the
same segments as the others, says what a rung demands, and leaves out what its devices may not
have. A film gets those classes that hold something no smaller class of the family does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kernel.events.media import ManifestClass
from media import hls, mpd
from media.domain import IncompletePackageError
from media.families import FAMILIES, Family, ReadText
from media.job_document import PLAYREADY, TOP_DASH, WIDEVINE
from media.mpd import Representation

MOST_CLASSES = 12
"""Each is a few objects for every film, and one more thing a cache at the edge has to hold."""


class TrackType(StrEnum):
    """What SPEKE's presets cut keys by (SPEKE 2.0 specification, encryption contract)."""

    SD = "SD"
    HD = "HD"
    UHD1 = "UHD1"
    UHD2 = "UHD2"

    @classmethod
    def of(cls, pixels: int) -> TrackType:
        """The track type of a picture with so many pixels."""
        return next((one for one in cls if pixels <= _MOST_PIXELS[one]), cls.UHD2)


_MOST_PIXELS = MappingProxyType(
    {TrackType.SD: 589_824, TrackType.HD: 2_073_600, TrackType.UHD1: 8_847_360}
    | {TrackType.UHD2: 8192 * 8192}
)
"""1024x576, 1920x1080, 4096x2160, and the largest that MediaConvert makes."""


@dataclass(frozen=True)
class CodecSet:
    """What decoders a class's devices have."""

    label: str
    entries: frozenset[str]
    """Sample entries (ISO/IEC 14496-12)."""
    ranges: frozenset[str]


AVC = CodecSet("avc", frozenset({"avc1", "avc3", "mp4a"}), frozenset({"SDR"}))
"""What every device plays."""

HEVC = CodecSet(
    "hevc",
    AVC.entries | {"hvc1", "hev1", "ac-3", "ec-3"},
    frozenset({"SDR", "HLG", "PQ"}),
)
"""Televisions, and what is plugged into them."""


@dataclass(frozen=True)
class CapabilityClass:
    """One row of the table."""

    family: str
    codecs: CodecSet
    largest: TrackType

    @property
    def name(self) -> str:
        """Also of its manifest, but for the suffix."""
        return f"{self.family}.{self.codecs.label}.{self.largest.lower().rstrip('12')}"

    def holds(self, rung: Representation) -> bool:
        """Whether its devices may have a rendition."""
        return (
            rung.pixels <= _MOST_PIXELS[self.largest]
            and rung.entries <= self.codecs.entries
            and rung.video_range in self.codecs.ranges
        )


_SD, _HD, _UHD = TrackType.SD, TrackType.HD, TrackType.UHD2

CLASSES = (
    CapabilityClass("dash", AVC, _SD),
    CapabilityClass("dash", AVC, _HD),
    CapabilityClass("dash", AVC, _UHD),
    CapabilityClass("dash", HEVC, _UHD),
    CapabilityClass("hls", AVC, _SD),
    CapabilityClass("hls", AVC, _HD),
    # What plays HLS in more than HD are Apple's devices, and those decode HEVC.
    CapabilityClass("hls", HEVC, _UHD),
    CapabilityClass("dash-clearkey", AVC, _SD),
    CapabilityClass("dash-clearkey", AVC, _HD),
    CapabilityClass("dash-clearkey", AVC, _UHD),
    CapabilityClass("hls-clearkey", AVC, _SD),
    CapabilityClass("hls-clearkey", AVC, _HD),
)
"""By family, smallest first."""


@dataclass(frozen=True)
class _Demand:
    """What the key of a track type asks of a device, in the words of manifests."""

    hdcp_level: str
    """RFC 8216bis, HDCP-LEVEL."""
    allowed_cpc: str | None
    """RFC 8216bis, ALLOWED-CPC; labels as Apple's documentation and its own streams have them."""
    robustness: Mapping[str, str]
    """By scheme, in the words of Encrypted Media Extensions."""


_SOFTWARE = MappingProxyType(
    {f"urn:uuid:{WIDEVINE}": "SW_SECURE_CRYPTO", f"urn:uuid:{PLAYREADY}": "2000"}
)
_HARDWARE = MappingProxyType(
    {f"urn:uuid:{WIDEVINE}": "HW_SECURE_ALL", f"urn:uuid:{PLAYREADY}": "3000"}
)
_HARDWARE_CPC = (
    "com.apple.streamingkeydelivery:AppleMain/Main,"
    f"urn:uuid:{WIDEVINE}:WIDEVINE_HARDWARE,com.microsoft.playready:SL3000"
)

_DEMANDS: Mapping[TrackType, _Demand] = MappingProxyType(
    {
        TrackType.SD: _Demand("NONE", None, _SOFTWARE),
        TrackType.HD: _Demand("TYPE-0", _HARDWARE_CPC, _HARDWARE),
        TrackType.UHD1: _Demand("TYPE-1", _HARDWARE_CPC, _HARDWARE),
        TrackType.UHD2: _Demand("TYPE-1", _HARDWARE_CPC, _HARDWARE),
    }
)
"""The same that licences demand. ClearKey knows no outputs and no robustness, so says neither."""


def class_manifests(
    read: ReadText, *, clearkey: bool
) -> tuple[dict[str, str], tuple[ManifestClass, ...]]:
    """The classes' manifests by name, and what devices need to play them.

    `read` answers the families' manifests, too. IncompletePackageError when MediaConvert's
    do not say what a class is made by.
    """
    rungs = {one.init: one for one in mpd.manifest(read(TOP_DASH)).representations}
    texts: dict[str, str] = {}
    told: list[ManifestClass] = []
    for family in FAMILIES:
        if family.clearkey and not clearkey:
            continue
        write = _dash if family.manifest.endswith(".mpd") else _hls
        text, seen = read(family.manifest), set[frozenset[str]]()
        for row in (one for one in CLASSES if one.family == family.name):
            made, kept = write(text, row, family, rungs, read)
            inits = frozenset(rung.init for rung in kept)
            if inits in seen or not any(rung.pixels for rung in kept):
                continue
            seen.add(inits)
            name = row.name + family.manifest[family.manifest.rindex(".") :]
            texts[name] = made
            told.append(_told(row, name, kept))
    return texts, tuple(told)


def _told(row: CapabilityClass, name: str, kept: Sequence[Representation]) -> ManifestClass:
    return {
        "family": row.family,
        "manifest": name,
        "codecs": sorted(set[str]().union(*(rung.entries for rung in kept))),
        "ranges": sorted({rung.video_range for rung in kept if rung.pixels}),
        "picture": TrackType.of(max(rung.pixels for rung in kept)).value,
    }


_Made = tuple[str, list[Representation]]
_Write = Callable[
    [str, CapabilityClass, Family, Mapping[str, Representation], ReadText],
    _Made,
]


def _dash(
    text: str,
    row: CapabilityClass,
    family: Family,
    rungs: Mapping[str, Representation],
    _read: ReadText,
) -> _Made:
    def robustness(scheme: str, protected: Sequence[Representation]) -> str | None:
        # One key for several rungs demands what the largest of them does.
        largest = TrackType.of(max(rung.pixels for rung in protected))
        return None if family.clearkey else _DEMANDS[largest].robustness.get(scheme)

    for rung in rungs.values():
        if not rung.codecs:
            raise IncompletePackageError(f"The DASH manifest gives no codecs for {rung.init}.")
    kept = [rung for rung in rungs.values() if row.holds(rung)]
    return mpd.narrowed(text, row.holds, robustness), kept


def _hls(
    text: str,
    row: CapabilityClass,
    family: Family,
    rungs: Mapping[str, Representation],
    read: ReadText,
) -> _Made:
    kept: dict[str, Representation] = {}

    def narrow(variant: hls.Variant) -> dict[str, str] | None:
        rung = rungs.get(hls.media_playlist(read(variant.playlist)).init or "")
        if rung is None:
            raise IncompletePackageError(f"The DASH manifest does not know {variant.playlist}.")
        if not variant.codecs:
            raise IncompletePackageError(f"The HLS manifest gives no codecs for {rung.init}.")
        if not row.holds(rung) or not variant.codecs <= row.codecs.entries:
            return None
        if not variant.is_key_frames_only:
            kept[rung.init] = rung
        return _attributes(variant, rung, protects=not family.clearkey)

    made = hls.narrowed(text, narrow)
    sound = (one for one in rungs.values() if not one.pixels)
    return made, [*kept.values(), *_named(sound, hls.playlists(made), read)]


def _named(
    sound: Iterable[Representation], playlists: Sequence[str], read: ReadText
) -> list[Representation]:
    """Those sounds that the playlists lead to."""
    inits = {hls.media_playlist(read(name)).init for name in playlists}
    return [one for one in sound if one.init in inits]


def _attributes(variant: hls.Variant, rung: Representation, *, protects: bool) -> dict[str, str]:
    """What a variant says besides what MediaConvert wrote."""
    said: dict[str, str] = {}
    if rung.pixels and "VIDEO-RANGE" not in variant.attributes:
        said["VIDEO-RANGE"] = rung.video_range
    if rung.pixels and "RESOLUTION" not in variant.attributes:
        said["RESOLUTION"] = f"{rung.width}x{rung.height}"
    is_known = rung.frame_rate is not None and not variant.is_key_frames_only
    if is_known and "FRAME-RATE" not in variant.attributes:
        said["FRAME-RATE"] = f"{float(rung.frame_rate or 0):.3f}"
    if protects:
        demand = _DEMANDS[TrackType.of(rung.pixels)]
        said["HDCP-LEVEL"] = demand.hdcp_level
        if demand.allowed_cpc is not None:
            said["ALLOWED-CPC"] = f'"{demand.allowed_cpc}"'
    return said
