"""What the media pipeline tells: an asset is ready to be watched, or is there no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypedDict

from kernel.events import Event
from kernel.maturity import UNRATED


class EpisodeOf(TypedDict):
    """A place in a series."""

    series_id: str
    """The same for every episode of a series."""
    series: str
    """The series' name, as it was written for this episode."""
    season: int
    episode: int


class ManifestClass(TypedDict):
    """A manifest for devices that can do the same, and what a device needs to play all of it."""

    family: str
    """Of players, as in `manifests`: these read it."""
    manifest: str
    """Relative to the folder of the packaged files."""
    codecs: list[str]
    """Sample entries of its pictures and sounds: `avc1`, `mp4a` (ISO/IEC 14496-12)."""
    ranges: list[str]
    """Of its pictures: `SDR`, `HLG`, `PQ` (HLS's VIDEO-RANGE)."""
    picture: str
    """Track type of its largest picture, whose key demands the most: `SD`, `HD`, `UHD1`, `UHD2`."""


@dataclass(frozen=True, kw_only=True)
class AssetReady(Event):
    """A film has been packaged and every file of it was seen in the origin bucket."""

    detail_type: ClassVar[str] = "AssetReady"

    asset_id: str
    title_name: str
    duration_seconds: float
    path: str
    """Folder of the packaged files: `m/<asset_id>/<version>`."""
    manifests: dict[str, str]
    """Player family to manifest, relative to `path`."""
    poster: str
    """Object key of the poster."""
    heights: list[int]
    """Heights of the ladder's renditions in pixels, ascending."""
    classes: list[ManifestClass] = field(default_factory=list)
    """Narrower manifests than the families'; none for films packaged before there were any."""
    storyboard: str | None = None
    """WebVTT of thumbnails, relative to `path`."""
    episode_of: EpisodeOf | None = None
    """None for a film."""
    maturity: int = UNRATED
    """From which age it may be watched, in years."""

    @property
    def subject(self) -> str:
        """The asset."""
        return self.asset_id


@dataclass(frozen=True, kw_only=True)
class AssetDeleted(Event):
    """Staff deleted an asset: its files go, and nobody may watch it from now on."""

    detail_type: ClassVar[str] = "AssetDeleted"

    asset_id: str

    @property
    def subject(self) -> str:
        """The asset."""
        return self.asset_id
