"""What the media pipeline tells: an asset is ready to be watched, or is there no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypedDict

from kernel.events import Event


class EpisodeOf(TypedDict):
    """A place in a series."""

    series_id: str
    """The same for every episode of a series."""
    series: str
    """The series' name, as it was written for this episode."""
    season: int
    episode: int


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
    storyboard: str | None = None
    """WebVTT of thumbnails, relative to `path`."""
    episode_of: EpisodeOf | None = None
    """None for a film."""

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
