"""What a device says of itself: which manifest and licence play there, which keys it gets.

It knows no title and no account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from kernel.errors import InvalidInputError, RefusedError
from playback.protection import Hdcp, Quality, Robustness, demand_of


class DrmNotOfferedError(RefusedError):
    """No licence exists here for the device's player and DRM system."""

    code = "drm_not_offered"


class DeviceNotSupportedError(RefusedError):
    """The title was not packaged for this kind of player."""

    code = "device_not_supported"


Family = Literal["shaka", "hls.js", "dash.js", "native"]
Drm = Literal["clearkey", "widevine", "playready", "fairplay"]

TAKEN_BACK: frozenset[str] = frozenset({"widevine", "fairplay"})
"""Systems whose devices prove that a stored licence is gone: release messages of Widevine's,
check-ins of FairPlay's. PlayReady's delete it and say nothing that could be checked."""
ManifestType = Literal["dash", "hls"]

_CODECS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "avc": frozenset({"avc1", "avc3"}),
        "hevc": frozenset({"hvc1", "hev1"}),
        "vp9": frozenset({"vp09"}),
        "av1": frozenset({"av01"}),
    }
)
_SOUNDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "aac": frozenset({"mp4a"}),
        "ac3": frozenset({"ac-3"}),
        "eac3": frozenset({"ec-3"}),
        "opus": frozenset({"Opus"}),
    }
)
"""A decoder's name to the sample entries it takes (ISO/IEC 14496-12)."""

_RANGES: Mapping[str, frozenset[str]] = MappingProxyType(
    {"hlg": frozenset({"HLG"}), "pq": frozenset({"PQ"})}
)

_HDCP: Mapping[str, Hdcp] = MappingProxyType(
    {"none": Hdcp.NONE}
    | dict.fromkeys(("1.0", "1.1", "1.2", "1.3", "1.4", "2.0", "2.1"), Hdcp.V1)
    | dict.fromkeys(("2.2", "2.3"), Hdcp.V2_2)
)
"""Versions as the HDCP policy check of Encrypted Media Extensions names them."""

_FIELDS = frozenset(
    {"family", "drm", "max_height", "security_level", "codecs", "audio", "hdr", "hdcp"}
)


@dataclass(frozen=True)
class Device:
    """What the device says it can do."""

    family: Family
    drm: Drm
    max_height: int | None = None
    """Pixels of the tallest picture it shows; None when it names no limit."""
    robustness: Robustness = Robustness.SOFTWARE
    """What it claims; a vendor's licence demands the same of the device itself."""
    codecs: frozenset[str] = _CODECS["avc"]
    """Sample entries of pictures that it decodes."""
    sounds: frozenset[str] = _SOUNDS["aac"]
    ranges: frozenset[str] = frozenset({"SDR"})
    """Of pictures that it shows, in HLS's words."""
    hdcp: Hdcp | None = None
    """Of its outputs; None when it does not know, and the licence has to see to it."""

    def within(self, max_height: int) -> Device:
        """The device, showing no taller picture than that."""
        return replace(self, max_height=min(self.max_height or max_height, max_height))

    @classmethod
    def described(cls, description: object) -> Device:
        """Read a device's description; InvalidInputError names the field that is wrong."""
        if not isinstance(description, Mapping):
            raise InvalidInputError("Describe the device.", field="device")
        unknown = sorted(set(description) - _FIELDS)
        if unknown:
            field = f"device.{unknown[0]}"
            raise InvalidInputError(f"{field} is not part of a device.", field=field)
        family, drm = description.get("family"), description.get("drm")
        height = description.get("max_height")
        if family not in get_args(Family):
            raise InvalidInputError("The player family is not known.", field="device.family")
        if drm not in get_args(Drm):
            raise InvalidInputError("The DRM system is not known.", field="device.drm")
        if isinstance(height, float) and height.is_integer():
            height = int(height)
        if height is not None and (type(height) is not int or height <= 0):
            raise InvalidInputError("max_height must be in pixels.", field="device.max_height")
        level = description.get("security_level", "software")
        if level not in ("software", "hardware"):
            raise InvalidInputError(
                "security_level must be software or hardware.", field="device.security_level"
            )
        hdcp = description.get("hdcp")
        if hdcp is not None and (not isinstance(hdcp, str) or hdcp not in _HDCP):
            raise InvalidInputError("The HDCP version is not known.", field="device.hdcp")
        return cls(
            cast(Family, family),
            cast(Drm, drm),
            height,
            Robustness[level.upper()],
            codecs=_named(description, "codecs", _CODECS, ["avc"]),
            sounds=_named(description, "audio", _SOUNDS, ["aac"]),
            ranges=_named(description, "hdr", _RANGES, []) | {"SDR"},
            hdcp=None if hdcp is None else _HDCP[hdcp],
        )


def _named(
    description: Mapping[Any, object],
    field: str,
    known: Mapping[str, frozenset[str]],
    unsaid: list[str],
) -> frozenset[str]:
    """What a list of names stands for; a device that names none has `unsaid`."""
    names = description.get(field)
    if names is None:
        names = unsaid
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise InvalidInputError(f"{field} must be a list of names.", field=f"device.{field}")
    for name in names:
        if name not in known:
            raise InvalidInputError(f"{name} is not known.", field=f"device.{field}")
    return frozenset[str]().union(*(known[name] for name in names))


@dataclass(frozen=True)
class Offer:
    """What a player gets: which manifest, and which licence opens it."""

    manifest_family: str
    manifest_type: ManifestType
    key_system: str
    """The name that Encrypted Media Extensions know the DRM system by."""


CLEARKEY = "org.w3.clearkey"
WIDEVINE = "com.widevine.alpha"
PLAYREADY = "com.microsoft.playready"
FAIRPLAY = "com.apple.fps"

_OFFERS: Mapping[tuple[Family, Drm], Offer] = MappingProxyType(
    {
        ("shaka", "clearkey"): Offer("dash-clearkey", "dash", CLEARKEY),
        ("dash.js", "clearkey"): Offer("dash-clearkey", "dash", CLEARKEY),
        ("hls.js", "clearkey"): Offer("hls-clearkey", "hls", CLEARKEY),
        ("shaka", "widevine"): Offer("dash", "dash", WIDEVINE),
        ("dash.js", "widevine"): Offer("dash", "dash", WIDEVINE),
        ("hls.js", "widevine"): Offer("hls", "hls", WIDEVINE),
        ("shaka", "playready"): Offer("dash", "dash", PLAYREADY),
        ("dash.js", "playready"): Offer("dash", "dash", PLAYREADY),
        ("hls.js", "playready"): Offer("hls", "hls", PLAYREADY),
        ("shaka", "fairplay"): Offer("hls", "hls", FAIRPLAY),
        ("hls.js", "fairplay"): Offer("hls", "hls", FAIRPLAY),
        ("native", "fairplay"): Offer("hls", "hls", FAIRPLAY),
    }
)
"""Players and DRM systems that a licence can exist for. Shaka reads HLS too, but there the key
format `identity` means raw keys by GET, which is never offered."""


def offer_for(device: Device, *, offered: Collection[Drm]) -> Offer:
    """What this device plays; DrmNotOfferedError when no licence exists for it here."""
    offer = _OFFERS.get((device.family, device.drm))
    if offer is None or device.drm not in offered:
        raise DrmNotOfferedError(
            "This service has no licence for your device's protection system.", drm=device.drm
        )
    return offer


def may_have(device: Device, track_type: str, best: Quality = Quality.UHD) -> bool:
    """Whether a device gets the key of a track type under a plan whose best picture is `best`.

    A type that is not known is never given. ClearKey has no robustness to ask for: it proves the
    path of keys and protects nothing, so there only height and plan count.
    """
    demand = demand_of(track_type)
    if demand is None or demand.quality > best:
        return False
    if device.max_height is not None and device.max_height < demand.least_height:
        return False
    return device.drm == "clearkey" or device.robustness >= demand.robustness


@dataclass(frozen=True)
class ManifestClass:
    """A manifest for devices that can do the same, and what it takes to play all of it."""

    family: str
    manifest: str
    """Relative to the folder of the packaged files."""
    codecs: frozenset[str]
    """Sample entries of its pictures and sounds."""
    ranges: frozenset[str]
    picture: str
    """Track type of its largest picture."""

    def suits(self, device: Device) -> bool:
        """Whether the device may have, and can show, everything in it."""
        demand = demand_of(self.picture)
        if demand is None or not may_have(device, self.picture):
            return False
        is_protected = device.drm == "clearkey" or device.hdcp is None or device.hdcp >= demand.hdcp
        return (
            is_protected
            and self.codecs <= device.codecs | device.sounds
            and self.ranges <= device.ranges
        )

    @property
    def rank(self) -> tuple[int, int, int]:
        """The larger picture first, then more ranges and codecs to choose from."""
        demand = demand_of(self.picture)
        least_height = 0 if demand is None else demand.least_height
        return least_height, len(self.ranges), len(self.codecs)


def class_for(
    device: Device, offer: Offer, classes: Collection[ManifestClass]
) -> ManifestClass | None:
    """The best class of a title for a device as its plan lets it be; None when none suits."""
    suiting = [one for one in classes if one.family == offer.manifest_family and one.suits(device)]
    return max(suiting, key=lambda one: one.rank, default=None)
