"""What a device says of itself: which manifest and licence play there, which keys it gets.

It knows no title and no account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, cast, get_args

from kernel.errors import InvalidInputError, RefusedError
from playback.protection import Quality, Robustness, demand_of


class DrmNotOfferedError(RefusedError):
    """No licence exists here for the device's player and DRM system."""

    code = "drm_not_offered"


class DeviceNotSupportedError(RefusedError):
    """The title was not packaged for this kind of player."""

    code = "device_not_supported"


Family = Literal["shaka", "hls.js", "dash.js", "native"]
Drm = Literal["clearkey", "widevine", "playready", "fairplay"]
ManifestType = Literal["dash", "hls"]


@dataclass(frozen=True)
class Device:
    """What the device says it can do."""

    family: Family
    drm: Drm
    max_height: int | None = None
    """Pixels of the tallest picture it shows; None when it names no limit."""
    robustness: Robustness = Robustness.SOFTWARE
    """What it claims; a vendor's licence demands the same of the device itself."""

    def within(self, max_height: int) -> Device:
        """The device, showing no taller picture than that."""
        return replace(self, max_height=min(self.max_height or max_height, max_height))

    @classmethod
    def described(cls, description: object) -> Device:
        """Read a device's description; InvalidInputError names the field that is wrong."""
        if not isinstance(description, Mapping):
            raise InvalidInputError("Describe the device.", field="device")
        unknown = sorted(set(description) - {"family", "drm", "max_height", "security_level"})
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
        return cls(cast(Family, family), cast(Drm, drm), height, Robustness[level.upper()])


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
