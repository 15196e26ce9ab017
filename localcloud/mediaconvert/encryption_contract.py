"""Which content key protects which track: the SPEKE v2.0 presets of MediaConvert.

Bounds are those of the SPEKE v2 encryption contract and the "SPEKE v2.0 presets" page: video by
pixels in a frame, audio by channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

SD_MOST = 589_824
"""1024 by 576."""
HD1_MOST = 921_600
"""1280 by 720."""
HD_MOST = 2_073_600
"""1920 by 1080."""
UHD1_MOST = 8_847_360
"""4096 by 2160."""

Kind = Literal["video", "audio"]


@dataclass(frozen=True)
class Range:
    """Pixels of a frame, or channels, both ends included."""

    kind: Kind
    least: int | None = None
    most: int | None = None

    def holds(self, kind: Kind, amount: int) -> bool:
        """Whether a track of that kind and size lies within."""
        return (
            kind == self.kind
            and (self.least is None or amount >= self.least)
            and (self.most is None or amount <= self.most)
        )


@dataclass(frozen=True)
class TrackType:
    """The tracks that share one content key."""

    name: str
    """The value of ContentKeyUsageRule@intendedTrackType."""
    ranges: tuple[Range, ...]
    """One for each part of the name that `+` joins."""

    def covers(self, kind: Kind, amount: int) -> bool:
        """Whether this key is the one for such a track."""
        return any(part.holds(kind, amount) for part in self.ranges)


def _video(name: str, least: int | None, most: int | None) -> TrackType:
    return TrackType(name, (Range("video", least, most),))


def _audio(name: str, least: int | None, most: int | None) -> TrackType:
    return TrackType(name, (Range("audio", least, most),))


_SD = _video("SD", None, SD_MOST)
_HD = _video("HD", SD_MOST + 1, HD_MOST)
_HD1 = _video("HD1", SD_MOST + 1, HD1_MOST)
_HD2 = _video("HD2", HD1_MOST + 1, HD_MOST)
_UHD = _video("UHD", HD_MOST + 1, None)
_UHD1 = _video("UHD1", HD_MOST + 1, UHD1_MOST)
_UHD2 = _video("UHD2", UHD1_MOST + 1, None)
_SD_HD1 = TrackType("SD+HD1", _SD.ranges + _HD1.ranges)
_ALL = TrackType("ALL", (Range("video"), Range("audio")))

SHARED: Final = "SHARED"
UNENCRYPTED: Final = "UNENCRYPTED"
VIDEO_PRESETS: Final[Mapping[str, tuple[TrackType, ...]]] = {
    "PRESET_VIDEO_1": (_video("VIDEO", None, None),),
    "PRESET_VIDEO_2": (_SD, _video("HD", SD_MOST + 1, None)),
    "PRESET_VIDEO_3": (_SD, _HD, _UHD),
    "PRESET_VIDEO_4": (_SD, _HD, _UHD1, _UHD2),
    "PRESET_VIDEO_5": (_SD, _HD1, _HD2, _UHD1, _UHD2),
    "PRESET_VIDEO_6": (_SD, _HD1, _HD2, _UHD),
    "PRESET_VIDEO_7": (_SD_HD1, _HD2, _UHD),
    "PRESET_VIDEO_8": (_SD_HD1, _HD2, _UHD1, _UHD2),
    UNENCRYPTED: (),
}
AUDIO_PRESETS: Final[Mapping[str, tuple[TrackType, ...]]] = {
    "PRESET_AUDIO_1": (_audio("AUDIO", None, None),),
    "PRESET_AUDIO_2": (
        _audio("STEREO_AUDIO", None, 2),
        _audio("MULTICHANNEL_AUDIO", 3, None),
    ),
    "PRESET_AUDIO_3": (
        _audio("STEREO_AUDIO", None, 2),
        _audio("MULTICHANNEL_AUDIO_3_6", 3, 6),
        _audio("MULTICHANNEL_AUDIO_7", 7, None),
    ),
    UNENCRYPTED: (),
}


def contract_fault(video_preset: str, audio_preset: str) -> str | None:
    """Why two presets may not go together, or nothing."""
    pair = {video_preset, audio_preset}
    if pair == {UNENCRYPTED}:
        return "UNENCRYPTED can not be chosen for both video and audio"
    if SHARED in pair and pair != {SHARED}:
        return "SHARED must be chosen for both video and audio"
    return None


def track_types(video_preset: str, audio_preset: str) -> tuple[TrackType, ...]:
    """Every key the presets ask for, needed by the job's tracks or not."""
    if video_preset == SHARED:
        return (_ALL,)
    return VIDEO_PRESETS[video_preset] + AUDIO_PRESETS[audio_preset]


def track_type_for(types: Iterable[TrackType], kind: Kind, amount: int) -> TrackType | None:
    """The type a track belongs to; none means that the track stays in the clear."""
    return next((one for one in types if one.covers(kind, amount)), None)
