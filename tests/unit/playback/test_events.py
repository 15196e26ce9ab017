"""The read model: events in any order, twice, and late."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from kernel.events import Event
from kernel.events.billing import SubscriptionChanged
from kernel.events.catalog import TitlePublished
from kernel.events.identity import DeviceRegistered, DeviceRenamed
from kernel.events.keys import ContentKeysIssued
from playback.devices import ManifestClass
from playback.domain import Allowance, EpisodeOf, Markers, Span
from playback.events import projection_handler
from playback.revocation import Revocation
from playback.service import Projection
from tests.unit.playback.fakes import FakePlayback, FakeShelves


def handler_of(table: FakePlayback) -> Callable[[Mapping[str, Any], object], None]:
    """The handler, long after all that was told of."""
    revocation = Revocation(table, table, lambda: datetime(2027, 1, 1, tzinfo=UTC))
    return projection_handler(Projection(table), revocation, FakeShelves())


def told(event: Event) -> dict[str, Any]:
    """An event as the bus delivers it."""
    return {"detail-type": event.detail_type, "detail": event.to_detail()}


def published(sequence: int = 1, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "title_id": "ttl_1",
        "asset_id": "ast_1",
        "name": f"Version {sequence}",
        "duration_seconds": 90.5,
        "path": "m/ast_1/v1",
        "manifests": {"dash-clearkey": "manifest.mpd"},
        "poster": "art/ast_1/v1/poster.jpg",
        "rights": {"territories": ["*"], "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": None},
        **changes,
    }
    event = TitlePublished(sequence=sequence, **fields)
    return {"detail-type": event.detail_type, "detail": event.to_detail()}


def issued(sequence: int = 1) -> dict[str, Any]:
    event = ContentKeysIssued(
        sequence=sequence,
        content_id="ast_1",
        wrapped_data_key="ZGF0YQ==",
        keys=[{"kid": f"kid-{sequence}", "track_type": "SD", "wrapped_key": "a2V5"}],
    )
    return {"detail-type": event.detail_type, "detail": event.to_detail()}


@pytest.mark.parametrize(
    "events",
    list(itertools.permutations([published(1), published(2), issued(1), issued(2)])),
)
def test_any_order_of_events_ends_in_the_newest_title_with_the_newest_keys(
    events: tuple[dict[str, Any], ...],
) -> None:
    table = FakePlayback()
    handler = handler_of(table)

    for event in (*events, *events):
        handler(event, None)

    title = table.titles["ttl_1"]
    assert title.name == "Version 2"
    assert title.keys is not None
    assert [key.kid for key in title.keys.keys] == ["kid-2"]


def test_the_classes_of_a_title_are_kept_and_a_title_told_without_has_none() -> None:
    table = FakePlayback()
    handler = handler_of(table)
    told = {
        "family": "dash",
        "manifest": "dash.avc.sd.mpd",
        "codecs": ["avc1", "mp4a"],
        "ranges": ["SDR"],
        "picture": "SD",
    }

    handler(published(1, classes=[told]), None)
    (kept,) = table.titles["ttl_1"].classes
    without = published(2)
    del without["detail"]["classes"]
    handler(without, None)

    assert kept == ManifestClass(
        "dash", "dash.avc.sd.mpd", frozenset({"avc1", "mp4a"}), frozenset({"SDR"}), "SD"
    )
    assert table.titles["ttl_1"].classes == ()


def test_fields_that_a_publisher_adds_later_are_ignored() -> None:
    table = FakePlayback()
    event = published()
    event["detail"]["added_later"] = True

    handler_of(table)(event, None)

    assert table.titles["ttl_1"].duration.total_seconds() == 90.5


@pytest.mark.parametrize(
    "event",
    [
        {"detail-type": "SomethingElse", "detail": {}},
        {"detail-type": "TitlePublished", "detail": {"title_id": "ttl_1"}},
        published(rights={"territories": ["*"], "starts_at": "2026-01-01", "ends_at": None}),
    ],
)
def test_an_event_that_cannot_be_read_fails_so_that_it_is_set_aside(event: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        handler_of(FakePlayback())(event, None)


def test_an_episode_keeps_its_place_in_its_series() -> None:
    table = FakePlayback()
    place: dict[str, Any] = {"series_id": "srs_1", "series": "The Tide", "season": 1, "episode": 2}
    event = published(episode_of={**place, "added_later": True})

    handler_of(table)(event, None)

    assert table.titles["ttl_1"].episode_of == EpisodeOf(**place)


def test_what_may_be_skipped_is_kept_and_what_nobody_marked_is_nothing() -> None:
    table = FakePlayback()
    intro = {"starts_at_seconds": 4.5, "ends_at_seconds": 20.0, "added_later": True}
    event = published(2, intro=intro, credits_at_seconds=55.0)

    handler_of(table)(published(1), None)
    assert table.titles["ttl_1"].markers == Markers()
    handler_of(table)(event, None)

    assert table.titles["ttl_1"].markers == Markers(Span(4.5, 20.0), 55.0)


def test_a_title_keeps_from_which_age_it_may_be_watched_and_18_when_it_was_not_told() -> None:
    table = FakePlayback()
    rated, untold = published(1, maturity=6), published(2)
    del untold["detail"]["maturity"]

    handler_of(table)(rated, None)
    assert table.titles["ttl_1"].maturity == 6
    handler_of(table)(untold, None)
    assert table.titles["ttl_1"].maturity == 18


def plan_told(sequence: int, streams: int, quality: int) -> dict[str, Any]:
    event = SubscriptionChanged(
        sequence=sequence,
        account_id="acc_1",
        plan="premium",
        streams=streams,
        devices=10,
        downloads=30,
        quality=quality,
    )
    return {"detail-type": event.detail_type, "detail": event.to_detail()}


def test_the_newest_plan_counts_in_whatever_order_it_was_told() -> None:
    table = FakePlayback()
    handler = handler_of(table)

    handler(plan_told(2, 4, 2160), None)
    handler(plan_told(1, 1, 1080), None)

    allowance = table.facts("ttl_1", "acc_1").account.allowance
    assert allowance == Allowance(streams=4, max_height=2160, downloads=30)


def test_a_device_is_called_by_its_latest_name_in_whatever_order_it_was_told() -> None:
    of = {"account_id": "acc_1", "device_id": "dev_1"}
    registered = told(DeviceRegistered(sequence=1, name="Chrome on Linux", **of))
    renamed = told(DeviceRenamed(sequence=2, name="Kitchen", **of))

    for events in ((registered, renamed), (renamed, registered)):
        table = FakePlayback()
        for event in events:
            handler_of(table)(event, None)
        assert table.devices["acc_1", "dev_1"] == (2, "Kitchen")
