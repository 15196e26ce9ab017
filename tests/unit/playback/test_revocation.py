"""Plays of those who lost the right to them: ended once, told of once, in whatever order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.clock import epoch_milliseconds
from kernel.errors import UnavailableError
from kernel.events import Event
from kernel.events.identity import (
    AccountBlocked,
    AccountDeleted,
    AccountDeletionRequested,
    AccountUnblocked,
    DeviceRegistered,
    DeviceRemoved,
    DeviceRenamed,
    PasswordChanged,
    SecondStepsRemoved,
    SessionEnded,
    SignedOutEverywhere,
)
from kernel.ids import new_id
from playback.domain import Allowance, SignedOutError, Viewer
from playback.events import projection_handler
from playback.revocation import Revocation
from playback.service import Projection
from tests.unit.playback.fakes import FAMILY, VIEWER, FakePlayback, FakeShelves, session

HERS = replace(VIEWER, device_id="dev_2", family_id="fam_01k00000000000000000000001")


class Home:
    """An account with a play on each of two devices, and what it hears."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.table = FakePlayback()
        self.table.save_allowance("acc_1", Allowance(4, 1080), 1)
        self.plays("ses_1", VIEWER)
        self.plays("ses_2", HERS)
        revocation = Revocation(self.table, self.table, lambda: self.now)
        self.handler: Callable[[Mapping[str, Any], object], None] = projection_handler(
            Projection(self.table), revocation, FakeShelves()
        )

    def plays(self, session_id: str, viewer: Viewer) -> bool:
        play = session(self.now, session_id=session_id, viewer=viewer)
        return self.table.open(play, self.table.account("acc_1"), {}, self.now)

    def hears(self, *events: Event) -> None:
        for event in events:
            self.handler({"detail-type": event.detail_type, "detail": event.to_detail()}, None)

    def about(self, kind: type[Event], **facts: Any) -> Event:
        return kind(**{"sequence": epoch_milliseconds(self.now), "account_id": "acc_1", **facts})

    @property
    def left(self) -> set[str]:
        return set(self.table.sessions)

    @property
    def revoked(self) -> list[tuple[str, str]]:
        return [(told.session_id, told.reason) for told in self.table.told]


@pytest.fixture
def home(now: datetime) -> Home:
    return Home(now)


def test_a_sign_out_ends_the_plays_of_that_sign_in_alone(home: Home) -> None:
    home.hears(home.about(SessionEnded, device_id="dev_1", family_id=FAMILY))

    assert home.left == {"ses_2"}
    assert home.revoked == [("ses_1", "signed_out")]
    assert home.table.account("acc_1").ended["ses_1"].reason == "signed_out"


def test_a_removed_device_ends_its_plays_and_is_forgotten(home: Home) -> None:
    home.table.save_device("acc_1", "dev_2", "Kitchen", 1)

    home.hears(home.about(DeviceRemoved, device_id="dev_2"))

    assert home.left == {"ses_1"}
    assert home.revoked == [("ses_2", "device_removed")]
    assert home.table.devices == {}


def test_a_name_that_comes_after_the_removal_of_its_device_is_not_kept(home: Home) -> None:
    renamed = home.about(DeviceRenamed, device_id="dev_2", name="Kitchen")
    home.now += timedelta(seconds=1)
    removed = home.about(DeviceRemoved, device_id="dev_2")

    home.hears(renamed, removed, renamed)
    assert home.table.devices == {}

    home.now += timedelta(seconds=1)
    again = home.about(DeviceRegistered, device_id="dev_2", name="Kitchen")
    home.hears(again, removed)
    assert set(home.table.devices) == {("acc_1", "dev_2")}


def test_a_device_that_joined_again_keeps_what_it_began_since(home: Home) -> None:
    removed = home.about(DeviceRemoved, device_id="dev_2")
    home.hears(removed)
    home.now += timedelta(minutes=1)
    again = replace(HERS, family_id=new_id("fam", home.now))
    assert home.plays("ses_3", again)

    home.hears(removed)

    assert home.left == {"ses_1", "ses_3"}


LETTER = {"language": "en", "sealed": ""}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (SignedOutEverywhere, {"family_ids": [FAMILY]}),
        (PasswordChanged, LETTER),
        (AccountDeletionRequested, LETTER),
        (SecondStepsRemoved, {"by": "acc_2", "reason": "lost"}),
    ],
)
def test_what_ends_every_sign_in_ends_all_that_began_before(
    home: Home, kind: type[Event], facts: dict[str, Any]
) -> None:
    everywhere = home.about(kind, **facts)
    home.now += timedelta(minutes=1)
    assert home.plays("ses_3", replace(VIEWER, family_id=new_id("fam", home.now)))

    home.hears(everywhere)

    assert home.left == {"ses_3"}
    assert home.revoked == [("ses_1", "signed_out"), ("ses_2", "signed_out")]


@pytest.mark.parametrize("kind", [AccountBlocked, AccountDeleted])
def test_a_blocked_or_deleted_account_loses_all_its_plays(home: Home, kind: type[Event]) -> None:
    facts = {"profile_ids": ["prf_1"]} if kind is AccountDeleted else {}

    home.hears(home.about(kind, **facts))

    reason = {AccountBlocked: "account_blocked", AccountDeleted: "account_deleted"}[kind]
    assert home.left == set()
    assert home.revoked == [("ses_1", reason), ("ses_2", reason)]
    assert not home.plays("ses_3", VIEWER)


def test_every_end_is_told_once_however_often_it_is_heard(home: Home) -> None:
    events = [
        home.about(SessionEnded, device_id="dev_1", family_id=FAMILY),
        home.about(DeviceRemoved, device_id="dev_2"),
        home.about(AccountDeleted, profile_ids=[]),
    ]

    home.hears(*events, *events)

    assert [play for play, _ in home.revoked] == ["ses_1", "ses_2"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_blocks_in_any_order_end_in_the_latest(home: Home, order: tuple[int, ...]) -> None:
    told = [
        home.about(AccountBlocked, sequence=1),
        home.about(AccountUnblocked, sequence=2),
        home.about(AccountBlocked, sequence=3),
    ]

    home.hears(*(told[number] for number in order), told[0])

    assert home.table.account("acc_1").is_blocked
    assert home.left == set()


def test_a_block_that_was_lifted_before_it_was_heard_ends_nothing(home: Home) -> None:
    home.hears(
        home.about(AccountUnblocked, sequence=2),
        home.about(AccountBlocked, sequence=1),
    )

    assert home.left == {"ses_1", "ses_2"}
    assert not home.table.account("acc_1").is_blocked


def test_tokens_of_an_ended_sign_in_start_nothing_more(home: Home) -> None:
    home.hears(home.about(SessionEnded, device_id="dev_1", family_id=FAMILY))

    assert not home.plays("ses_3", VIEWER)
    with pytest.raises(SignedOutError):
        home.table.account("acc_1").check(VIEWER)
    assert home.plays("ses_4", HERS)


def test_an_account_without_plays_hears_it_too(home: Home) -> None:
    home.hears(home.about(SessionEnded, account_id="acc_2", device_id="dev_1", family_id=FAMILY))

    assert home.table.told == []


def test_ends_that_cannot_be_kept_are_told_again(home: Home) -> None:
    home.table.revoke = lambda *_: False  # type: ignore[method-assign]

    with pytest.raises(UnavailableError):
        home.hears(home.about(AccountBlocked))
