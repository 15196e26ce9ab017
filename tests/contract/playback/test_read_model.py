"""What the bus tells playback ends in one read model, in whatever order and however often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.clock import epoch_milliseconds
from kernel.events import Event
from kernel.events.billing import SubscriptionChanged
from kernel.events.catalog import TitlePublished, TitleWithdrawn
from kernel.events.identity import (
    AccountBlocked,
    AccountUnblocked,
    DeviceRegistered,
    DeviceRenamed,
    SessionEnded,
    SignedOutEverywhere,
)
from kernel.events.keys import ContentKeysIssued
from playback.events import projection_handler
from playback.revocation import Revocation
from playback.service import Projection
from tests.contract.playback.conftest import Store
from tests.unit.playback.fakes import FAMILY, FakeShelves, session, viewer_on

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
THEN = epoch_milliseconds(NOW)

Told = Callable[[str], Event]
"""An event of the title, asset and account whose names end so."""


def published(sequence: int) -> Told:
    return lambda one: TitlePublished(
        sequence=sequence,
        title_id=f"ttl_{one}",
        asset_id=f"ast_{one}",
        name=f"Version {sequence}",
        duration_seconds=90.5,
        path=f"m/ast_{one}/v1",
        manifests={"dash-clearkey": "manifest.mpd"},
        poster="poster.jpg",
        rights={"territories": ["*"], "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": None},
    )


def withdrawn(sequence: int) -> Told:
    return lambda one: TitleWithdrawn(
        sequence=sequence, title_id=f"ttl_{one}", asset_id=f"ast_{one}"
    )


def issued(sequence: int) -> Told:
    return lambda one: ContentKeysIssued(
        sequence=sequence,
        content_id=f"ast_{one}",
        wrapped_data_key="ZGF0YQ==",
        keys=[{"kid": f"kid-{sequence}", "track_type": "SD", "wrapped_key": "a2V5"}],
    )


def subscribed(sequence: int) -> Told:
    return lambda one: SubscriptionChanged(
        sequence=sequence,
        account_id=f"acc_{one}",
        plan="premium",
        streams=sequence,
        devices=10,
        downloads=30,
        quality=1080,
    )


def named(sequence: int, kind: type[DeviceRegistered | DeviceRenamed]) -> Told:
    return lambda one: kind(
        sequence=sequence, account_id=f"acc_{one}", device_id="dev_1", name=f"Name {sequence}"
    )


def blocked(sequence: int) -> Told:
    return lambda one: AccountBlocked(sequence=THEN + sequence, account_id=f"acc_{one}")


def unblocked(sequence: int) -> Told:
    return lambda one: AccountUnblocked(sequence=THEN + sequence, account_id=f"acc_{one}")


def session_ended(sequence: int) -> Told:
    return lambda one: SessionEnded(
        sequence=THEN + sequence, account_id=f"acc_{one}", device_id="dev_1", family_id=FAMILY
    )


def signed_out(sequence: int) -> Told:
    return lambda one: SignedOutEverywhere(
        sequence=THEN + sequence, account_id=f"acc_{one}", family_ids=[]
    )


FILM = [published(1), withdrawn(2), published(3), withdrawn(4), published(5), issued(1), issued(2)]
LOSING = [blocked(3), session_ended(2), signed_out(3)]
"""After each of these a play that began before is over."""
HOUSE = [
    *(subscribed(sequence) for sequence in (1, 2, 3)),
    *(blocked(1), unblocked(2)),
    *(session_ended(1), signed_out(1)),
    *LOSING,
    *(named(1, DeviceRegistered), named(2, DeviceRenamed)),
]
BACK = unblocked(4)

ANY_ORDER = settings(
    max_examples=settings().max_examples // 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Each example is of a title and an account of its own, so that one table serves them all; a
tenth of what costs no table."""

NUMBERS = count()


@st.composite
def tellings(draw: st.DrawFn, known: list[Told]) -> tuple[list[Told], list[Told]]:
    """Some of what could be told, as it happened; and as it arrives, shuffled and repeated."""
    happened = draw(st.lists(st.sampled_from(known), min_size=1, unique_by=id))
    happened = [one for one in known if one in happened]
    again = draw(st.lists(st.sampled_from(happened), max_size=5))
    return happened, draw(st.permutations([*happened, *again]))


def hear(store: Store, told: list[Told], one: str) -> None:
    revocation = Revocation(store, store, lambda: NOW + timedelta(hours=1))
    handler = projection_handler(Projection(store), revocation, FakeShelves())
    for event in (make(one) for make in told):
        detail: Mapping[str, Any] = event.to_detail()
        handler({"detail-type": event.detail_type, "detail": detail}, None)


@ANY_ORDER
@given(tellings(FILM))
def test_a_film_is_what_was_told_last_of_it(
    store: Store, told: tuple[list[Told], list[Told]]
) -> None:
    happened, arrives = told
    numbers = [str(next(NUMBERS)) for _ in range(2)]

    for number, events in zip(numbers, (happened, arrives), strict=True):
        hear(store, events, number)

    kept = [
        repr(store.facts(f"ttl_{number}", "acc_nobody")).replace(f"_{number}", "")
        for number in numbers
    ]
    assert kept[0] == kept[1]


@ANY_ORDER
@given(tellings([*HOUSE, BACK]))
def test_what_an_account_may_do_is_what_was_told_last_of_it(
    store: Store, told: tuple[list[Told], list[Told]]
) -> None:
    happened, arrives = told
    numbers = [str(next(NUMBERS)) for _ in range(2)]

    for number, events in zip(numbers, (happened, arrives), strict=True):
        hear(store, events, number)

    kept = [
        repr(
            (
                store.account(f"acc_{number}"),
                store.names([session(NOW, viewer=viewer_on(1, f"acc_{number}"))]).devices,
            )
        ).replace(f"_{number}", "")
        for number in numbers
    ]
    assert kept[0] == kept[1]


@ANY_ORDER
@given(tellings(HOUSE), st.sampled_from(LOSING), st.integers(0, 20))
def test_who_has_lost_the_right_has_no_play_left_in_whatever_order_it_was_told(
    store: Store, told: tuple[list[Told], list[Told]], loss: Told, place: int
) -> None:
    _, arrives = told
    number = str(next(NUMBERS))
    account_id = f"acc_{number}"
    mine = session(NOW, session_id=f"ses_{number}", viewer=viewer_on(1, account_id))
    assert store.open(mine, store.account(account_id), {}, NOW)

    hear(store, [*arrives[:place], loss, *arrives[place:]], number)

    assert store.account(account_id).plays == {}
