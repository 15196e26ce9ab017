"""What the media pipeline tells: an asset is packaged, verified and waiting to be watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


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

    @property
    def subject(self) -> str:
        """The asset."""
        return self.asset_id
