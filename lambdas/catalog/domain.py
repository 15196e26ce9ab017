"""Titles and their rights. Pure: time comes in as an argument."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.markers import NOTHING_MARKED, Markers
from kernel.clock import epoch_milliseconds
from kernel.errors import NotFoundError
from kernel.events.catalog import Rights as RightsOnTheBus
from kernel.events.catalog import TitlePublished
from kernel.events.media import AssetReady, ManifestClass
from kernel.events.media import EpisodeOf as EpisodeOnTheBus
from kernel.maturity import UNRATED

EVERYWHERE = ("*",)
"""Territories of a title whose rights nobody has limited."""


class UnknownTitleError(NotFoundError):
    """No such title, or it is not published."""

    code = "title_not_found"


@dataclass(frozen=True)
class Rights:
    """Where and when a title may be watched."""

    territories: tuple[str, ...]
    """ISO 3166-1 alpha-2 codes, or `*` alone."""
    starts_at: datetime
    ends_at: datetime | None = None

    def on_the_bus(self) -> RightsOnTheBus:
        """The rights as other domains read them."""
        return {
            "territories": list(self.territories),
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
        }


@dataclass(frozen=True)
class EpisodeOf:
    """A title's place in a series."""

    series_id: str
    series: str
    """The series' name, as it was written for this episode."""
    season: int
    episode: int

    @classmethod
    def told(cls, place: EpisodeOnTheBus | None) -> EpisodeOf | None:
        """The place as the pipeline tells it; fields added since are ignored."""
        if place is None:
            return None
        return cls(place["series_id"], place["series"], place["season"], place["episode"])

    def on_the_bus(self) -> EpisodeOnTheBus:
        """The place as other domains read it."""
        return {
            "series_id": self.series_id,
            "series": self.series,
            "season": self.season,
            "episode": self.episode,
        }


@dataclass(frozen=True)
class Title:
    """A film, or an episode of a series, in the catalogue."""

    title_id: str
    asset_id: str
    name: str
    duration_seconds: float
    path: str
    """Folder of the packaged files."""
    manifests: dict[str, str]
    poster: str
    """Object key."""
    rights: Rights
    published_at: datetime
    sequence: int
    """Of the asset event that last changed it; an older one changes nothing."""
    classes: tuple[ManifestClass, ...] = ()
    """Manifests for devices that can do the same."""
    storyboard: str | None = None
    """WebVTT of thumbnails, relative to `path`."""
    episode_of: EpisodeOf | None = None
    """None for a film."""
    maturity: int = UNRATED
    """From which age it may be watched, in years."""
    markers: Markers = NOTHING_MARKED
    """What may be skipped."""
    edition: int = 0
    """How often staff have changed it: what was decided on an older one is decided again."""

    def renewed(self, ready: AssetReady) -> Title:
        """The title with the files and the rating of a newer word of the pipeline.

        Markers that cannot be true of its new length are gone.
        """
        return replace(
            self,
            duration_seconds=ready.duration_seconds,
            path=ready.path,
            manifests=ready.manifests,
            poster=ready.poster,
            classes=tuple(ready.classes),
            storyboard=ready.storyboard,
            maturity=ready.maturity,
            markers=self.markers.within(ready.duration_seconds),
            sequence=ready.sequence,
        )

    def marked(self, markers: Markers) -> Title:
        """The title with these markers in place of those before; InvalidInputError."""
        markers.check(self.duration_seconds)
        return replace(self, markers=markers, edition=self.edition + 1)

    def published(self, now: datetime) -> TitlePublished:
        """What the other domains are told."""
        return TitlePublished(
            sequence=epoch_milliseconds(now),
            title_id=self.title_id,
            asset_id=self.asset_id,
            name=self.name,
            duration_seconds=self.duration_seconds,
            path=self.path,
            manifests=self.manifests,
            poster=self.poster,
            classes=list(self.classes),
            storyboard=self.storyboard,
            episode_of=self.episode_of.on_the_bus() if self.episode_of else None,
            rights=self.rights.on_the_bus(),
            maturity=self.maturity,
            credits_at_seconds=self.markers.credits_at_seconds,
            intro=self.markers.intro.on_the_bus() if self.markers.intro else None,
        )


def title_id_of(asset_id: str) -> str:
    """The title an asset becomes: the same asset makes the same title, however often told."""
    return f"ttl_{asset_id.removeprefix('ast_')}"


def new_title(ready: AssetReady, now: datetime) -> Title:
    """A title with default rights: everywhere, from now on."""
    return Title(
        title_id=title_id_of(ready.asset_id),
        asset_id=ready.asset_id,
        name=ready.title_name,
        duration_seconds=ready.duration_seconds,
        path=ready.path,
        manifests=ready.manifests,
        poster=ready.poster,
        classes=tuple(ready.classes),
        storyboard=ready.storyboard,
        episode_of=EpisodeOf.told(ready.episode_of),
        maturity=ready.maturity,
        rights=Rights(EVERYWHERE, now),
        published_at=now,
        sequence=ready.sequence,
    )


def entity_tag(document: object) -> str:
    """A strong validator (RFC 9110 section 8.8.3) of a JSON document."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return f'"{hashlib.sha256(canonical).hexdigest()[:32]}"'
