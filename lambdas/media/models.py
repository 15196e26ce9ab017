"""The items of the media table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import (
    DiscriminatorAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

BY_CREATION = "by_creation"
"""Index of all assets; asset ids sort by creation."""

ALL_ASSETS = "asset"
"""The one partition of BY_CREATION: staff list assets a few times a minute."""

SUMMARY_ATTRIBUTES = [
    "kind",
    "name",
    "file_name",
    "size_bytes",
    "upload_id",
    "status",
    "created_at",
    "version",
    "checksum",
    "progress_percent",
    "failure",
    "package",
    "episode_of",
    "maturity",
]
"""What a listed asset shows; the index carries these."""


def iso(moment: datetime) -> str:
    """A moment as stored: UTC, to the millisecond, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """A stored moment."""
    return datetime.fromisoformat(text)


class MediaItem(Model):
    """Every item of the table; `bind` says which table that is."""

    class Meta:
        """PynamoDB's settings."""

        table_name = ""
        region: str | None = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class ByCreation(GlobalSecondaryIndex["AssetItem"]):  # type: ignore[no-untyped-call]  # PynamoDB types no __init_subclass__
    """Assets by creation."""

    class Meta:
        """PynamoDB's settings."""

        index_name = BY_CREATION
        projection = IncludeProjection(SUMMARY_ATTRIBUTES)

    listing = UnicodeAttribute(hash_key=True)
    asset_id = UnicodeAttribute(range_key=True)


class AssetItem(MediaItem, discriminator="asset"):
    """`ASSET#<id>` / `ASSET`."""

    listing = UnicodeAttribute(default=ALL_ASSETS, null=True)
    """None takes it off the list: a deleted asset."""
    asset_id = UnicodeAttribute()
    name = UnicodeAttribute()
    file_name = UnicodeAttribute()
    size_bytes = NumberAttribute()
    upload_id = UnicodeAttribute()
    status = UnicodeAttribute()
    created_at = UnicodeAttribute()
    correlation_id = UnicodeAttribute(null=True)
    version = UnicodeAttribute(null=True)
    checksum = UnicodeAttribute(null=True)
    progress_percent = NumberAttribute(null=True)
    failure: JSONAttribute = JSONAttribute(null=True)
    package: JSONAttribute = JSONAttribute(null=True)
    scheme = UnicodeAttribute(null=True)
    episode_of: JSONAttribute = JSONAttribute(null=True)
    maturity = NumberAttribute(null=True)
    execution = UnicodeAttribute(null=True)
    """ARN of the present run's."""
    deleted_at = UnicodeAttribute(null=True)
    captions: MapAttribute[str, Any] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]  # PynamoDB types no __init__
    """Language to label."""
    by_creation = ByCreation()


class StepItem(MediaItem, discriminator="step"):
    """`ASSET#<id>` / `STEP#<version>#<name>`."""

    version = UnicodeAttribute()
    name = UnicodeAttribute()
    status = UnicodeAttribute()
    started_at = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)


class RunItem(MediaItem, discriminator="run"):
    """`SOURCE#<asset>#<revision>` / `RUN`: which execution has an uploaded object."""

    asset_id = UnicodeAttribute()
    execution = UnicodeAttribute()
    version = UnicodeAttribute()


class ContentItem(MediaItem, discriminator="content"):
    """`CONTENT#<composite checksum>` / `CONTENT`: which asset had a content first."""

    asset_id = UnicodeAttribute()


class EpisodeItem(MediaItem, discriminator="episode"):
    """`SERIES#<series id>` / `EPISODE#<season>#<episode>`: which asset has a place in a series."""

    asset_id = UnicodeAttribute()


class EventItem(MediaItem, discriminator="event"):
    """The outbox."""

    detail_type = UnicodeAttribute()
    detail = UnicodeAttribute()
    expires_at = NumberAttribute()


def bind(table_name: str, region: str | None = None) -> None:
    """Say which table the items live in, before the first call."""
    settings: Any = MediaItem.Meta
    settings.table_name = table_name
    settings.region = region
    for model in (MediaItem, AssetItem, StepItem, RunItem, ContentItem, EpisodeItem, EventItem):
        model._connection = None
