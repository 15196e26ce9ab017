"""Titles, keys and sessions as JSON values: how they rest in the table and come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.events.catalog import Span as PublishedSpan
from kernel.events.catalog import TitlePublished
from kernel.events.keys import ContentKeysIssued
from kernel.maturity import UNRATED
from playback.devices import ManifestClass
from playback.domain import AssetKeys, EpisodeOf, Markers, Rights, Span, Title, WrappedKey


def title_of(event: TitlePublished) -> Title:
    """What a start needs of a published title; ValueError for times without a zone."""
    ends_at = event.rights["ends_at"]
    return Title(
        title_id=event.title_id,
        sequence=event.sequence,
        asset_id=event.asset_id,
        name=event.name,
        duration=timedelta(seconds=float(event.duration_seconds)),
        path=event.path,
        manifests=dict(event.manifests),
        classes=_classes(event.classes),
        storyboard=event.storyboard,
        episode_of=_episode_of(event.episode_of),
        maturity=event.maturity,
        markers=_markers(event.intro, event.credits_at_seconds),
        rights=Rights(
            territories=tuple(event.rights["territories"]),
            starts_at=_moment(event.rights["starts_at"]),
            ends_at=None if ends_at is None else _moment(ends_at),
        ),
    )


def keys_of(event: ContentKeysIssued) -> AssetKeys:
    """An asset's wrapped keys."""
    return AssetKeys(
        content_id=event.content_id,
        sequence=event.sequence,
        wrapped_data_key=event.wrapped_data_key,
        keys=tuple(
            WrappedKey(key["kid"], key["track_type"], key["wrapped_key"]) for key in event.keys
        ),
    )


def title_document(title: Title) -> dict[str, Any]:
    """A title without its keys."""
    rights = title.rights
    return {
        "name": title.name,
        "duration_seconds": title.duration.total_seconds(),
        "path": title.path,
        "manifests": dict(title.manifests),
        "classes": [
            {**vars(one), "codecs": sorted(one.codecs), "ranges": sorted(one.ranges)}
            for one in title.classes
        ],
        "storyboard": title.storyboard,
        "episode_of": None if title.episode_of is None else vars(title.episode_of),
        "maturity": title.maturity,
        "markers": title.markers.told(),
        "territories": list(rights.territories),
        "starts_at": rights.starts_at.isoformat(),
        "ends_at": None if rights.ends_at is None else rights.ends_at.isoformat(),
    }


def title_from(
    title_id: str,
    asset_id: str,
    sequence: int,
    document: Mapping[str, Any],
    keys: AssetKeys | None,
) -> Title:
    """A title as it was kept."""
    ends_at = document["ends_at"]
    return Title(
        title_id=title_id,
        sequence=sequence,
        asset_id=asset_id,
        name=document["name"],
        duration=timedelta(seconds=document["duration_seconds"]),
        path=document["path"],
        manifests=document["manifests"],
        # Titles kept before there were classes, storyboards or series have no word of them.
        classes=_classes(document.get("classes", ())),
        storyboard=document.get("storyboard"),
        episode_of=_episode_of(document.get("episode_of")),
        # Nor of an age.
        maturity=document.get("maturity", UNRATED),
        markers=_markers_from(document.get("markers")),
        rights=Rights(
            territories=tuple(document["territories"]),
            starts_at=_moment(document["starts_at"]),
            ends_at=None if ends_at is None else _moment(ends_at),
        ),
        keys=keys,
    )


def keys_document(keys: AssetKeys) -> dict[str, Any]:
    """An asset's keys."""
    return {
        "content_id": keys.content_id,
        "sequence": keys.sequence,
        "wrapped_data_key": keys.wrapped_data_key,
        "keys": [[key.kid, key.track_type, key.wrapped_key] for key in keys.keys],
    }


def keys_from(document: Mapping[str, Any]) -> AssetKeys:
    """An asset's keys as they were kept."""
    return AssetKeys(
        content_id=document["content_id"],
        sequence=document["sequence"],
        wrapped_data_key=document["wrapped_data_key"],
        keys=tuple(WrappedKey(*key) for key in document["keys"]),
    )


def _classes(told: Iterable[Mapping[str, Any]]) -> tuple[ManifestClass, ...]:
    return tuple(
        ManifestClass(
            one["family"],
            one["manifest"],
            frozenset(one["codecs"]),
            frozenset(one["ranges"]),
            one["picture"],
        )
        for one in told
    )


def _episode_of(place: Mapping[str, Any] | None) -> EpisodeOf | None:
    if place is None:
        return None
    return EpisodeOf(place["series_id"], place["series"], place["season"], place["episode"])


def _markers(intro: PublishedSpan | None, credits_at_seconds: float | None) -> Markers:
    if intro is None:
        return Markers(None, credits_at_seconds)
    return Markers(Span(intro["starts_at_seconds"], intro["ends_at_seconds"]), credits_at_seconds)


def _markers_from(document: Mapping[str, Any] | None) -> Markers:
    """Titles kept before anybody could mark them have no word of it."""
    return Markers() if document is None else _markers(**document)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone.")
    return moment
