"""What the catalogue tells: a title can be watched, under which rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypedDict

from kernel.events import Event
from kernel.events.media import EpisodeOf, ManifestClass
from kernel.maturity import UNRATED

EARLIEST_CREDITS = 0.5
"""Credits begin in the second half of a title. A marker before it is a mistake: the catalogue
refuses it, and who reads one all the same does not believe it."""


class Span(TypedDict):
    """A part of a title, in seconds from its beginning."""

    starts_at_seconds: float
    ends_at_seconds: float


class Rights(TypedDict):
    """Where and when a title may be watched."""

    territories: list[str]
    """ISO 3166-1 alpha-2 country codes, or `*` for everywhere."""
    starts_at: str
    """ISO 8601 with zone."""
    ends_at: str | None


@dataclass(frozen=True, kw_only=True)
class TitlePublished(Event):
    """A title is published, or what is published of it changed."""

    detail_type: ClassVar[str] = "TitlePublished"

    title_id: str
    asset_id: str
    name: str
    duration_seconds: float
    path: str
    """Folder of the packaged files: `m/<asset_id>/<version>`."""
    manifests: dict[str, str]
    """Player family to manifest, relative to `path`."""
    poster: str
    """Object key of the poster."""
    rights: Rights
    classes: list[ManifestClass] = field(default_factory=list)
    """Narrower manifests than the families'; none for films packaged before there were any."""
    storyboard: str | None = None
    """WebVTT of thumbnails, relative to `path`."""
    episode_of: EpisodeOf | None = None
    """None for a film."""
    credits_at_seconds: float | None = None
    """Where the credits begin; None while nobody marked it."""
    intro: Span | None = None
    """What is the same in every episode and may be skipped; None while nobody marked it."""
    maturity: int = UNRATED
    """From which age it may be watched, in years."""

    @property
    def subject(self) -> str:
        """The title."""
        return self.title_id


@dataclass(frozen=True, kw_only=True)
class TitleWithdrawn(Event):
    """A title may not be watched any more."""

    detail_type: ClassVar[str] = "TitleWithdrawn"

    title_id: str
    asset_id: str

    @property
    def subject(self) -> str:
        """The title."""
        return self.title_id
