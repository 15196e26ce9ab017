"""What each content key demands of a device and of a plan before it may be in a licence.

A table by SPEKE's track types, because that is how the keys are cut. It knows no DRM system: each
vendor's message says the same demand in its own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


class Quality(IntEnum):
    """The best picture that a plan includes."""

    SD = 1
    HD = 2
    UHD = 3


class Robustness(IntEnum):
    """Where a device keeps keys and pictures."""

    SOFTWARE = 1
    """Widevine L3, PlayReady SL2000: a patient owner can read them."""
    HARDWARE = 2
    """Widevine L1, PlayReady SL3000, FairPlay's Main: in a trusted execution environment."""


class Hdcp(IntEnum):
    """The least that a digital output must be protected by; the device's DRM sees to it."""

    NONE = 0
    V1 = 1
    V2_2 = 2


@dataclass(frozen=True)
class Demand:
    """What one key asks for."""

    least_height: int
    """Lines that a device must show for the key to be worth having."""
    quality: Quality
    robustness: Robustness
    hdcp: Hdcp
    audio_only: bool = False

    def with_that_of(self, other: Demand) -> Demand:
        """The demand of a key that protects both."""
        return Demand(
            max(self.least_height, other.least_height),
            max(self.quality, other.quality),
            max(self.robustness, other.robustness),
            max(self.hdcp, other.hdcp),
            self.audio_only and other.audio_only,
        )


_SOUND = Demand(0, Quality.SD, Robustness.SOFTWARE, Hdcp.NONE, audio_only=True)
_WHOLE = Demand(0, Quality.UHD, Robustness.HARDWARE, Hdcp.V2_2)
"""One key for everything cannot be withheld by height: it demands what its best picture does."""


def _hd(least_height: int) -> Demand:
    return Demand(least_height, Quality.HD, Robustness.HARDWARE, Hdcp.V1)


def _uhd(least_height: int) -> Demand:
    return Demand(least_height, Quality.UHD, Robustness.HARDWARE, Hdcp.V2_2)


_DEMANDS: Mapping[str, Demand] = MappingProxyType(
    {
        "ALL": _WHOLE,
        "VIDEO": _WHOLE,
        "AUDIO": _SOUND,
        "STEREO_AUDIO": _SOUND,
        "MULTICHANNEL_AUDIO": _SOUND,
        "MULTICHANNEL_AUDIO_3_6": _SOUND,
        "MULTICHANNEL_AUDIO_7": _SOUND,
        "SD": Demand(0, Quality.SD, Robustness.SOFTWARE, Hdcp.NONE),
        "HD": _hd(577),
        "HD1": _hd(577),
        "HD2": _hd(721),
        "UHD": _uhd(1081),
        "UHD1": _uhd(1081),
        "UHD2": _uhd(2161),
    }
)
"""Heights from the pixel bounds of SPEKE's presets at 16:9 (SD 1024x576, HD1 1280x720, HD2
1920x1080, UHD1 4096x2160). Protection as studios' delivery terms have it: software up to SD, HDCP
from HD on, version 2.2 above 1080 lines."""


def demand_of(track_type: str) -> Demand | None:
    """What a track type's key demands; None for a type that the table does not know.

    A key that protects several types (`SD+HD1`) demands the most of each.
    """
    demands = [_DEMANDS.get(part) for part in track_type.split("+")]
    whole = demands[0]
    for demand in demands:
        if demand is None or whole is None:
            return None
        whole = whole.with_that_of(demand)
    return whole
