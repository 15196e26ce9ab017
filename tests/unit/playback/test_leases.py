"""Who gets a screen and who gives one up: what holds whatever an account's plays are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from playback.domain import Allowance, Session, SignedOutError, Viewer
from playback.leases import LEASE, MOST_ENDS, Account, End, Reason, TooManyStreamsError, revocation
from tests.unit.playback.fakes import FakePlayback, session, viewer_on

NOW = datetime(2026, 6, 1, tzinfo=UTC)

DEVICES = st.integers(0, 4)
SECONDS = st.integers(0, 2 * int(LEASE.total_seconds()))


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Any household, also one whose plan has become smaller than what it watches."""
    silences = draw(st.lists(st.tuples(DEVICES, SECONDS), max_size=6))
    plays = {
        f"ses_{number}": session(
            NOW - timedelta(seconds=silence),
            session_id=f"ses_{number}",
            viewer=viewer_on(device),
        )
        for number, (device, silence) in enumerate(silences)
    }
    return Account("acc_1", Allowance(draw(st.integers(1, 4)), 1080), plays=plays)


def admitted(
    account: Account, viewer: Viewer, take_over: str | None = None
) -> Mapping[str, Reason] | TooManyStreamsError:
    try:
        return account.admit(viewer, NOW, take_over)
    except TooManyStreamsError as full:
        return full


@given(accounts(), DEVICES, st.none() | st.sampled_from([f"ses_{n}" for n in range(7)]))
def test_a_screen_is_given_within_the_plan_and_never_taken_from_who_watches(
    account: Account, device: int, take_over: str | None
) -> None:
    viewer = viewer_on(device)

    giving_way = admitted(account, viewer, take_over)
    if isinstance(giving_way, TooManyStreamsError):
        holders = giving_way.holders
        assert len(holders) >= account.allowance.streams
        assert all(play.is_held(NOW) for play in holders)
        assert all(play.viewer.device_id != viewer.device_id for play in holders)
        return

    assert len(account.plays) - len(giving_way) < account.allowance.streams
    for session_id in giving_way:
        play = account.plays[session_id]
        assert (
            session_id == take_over
            or not play.is_held(NOW)
            or play.viewer.device_id == viewer.device_id
        )
    assert (take_over in account.plays) == (take_over in giving_way)


@given(accounts(), DEVICES)
def test_no_more_give_way_than_needed_and_silent_ones_first(account: Account, device: int) -> None:
    giving_way = admitted(account, viewer_on(device))
    if isinstance(giving_way, TooManyStreamsError):
        return

    room = account.allowance.streams - len(account.plays)
    assert len(giving_way) == max(0, 1 - room)
    silent = {key for key, play in account.plays.items() if not play.is_held(NOW)}
    if any(reason == "taken_over" for reason in giving_way.values()):
        assert silent <= set(giving_way)


@given(st.integers(0, 30), st.integers(0, 4))
def test_the_oldest_ends_are_forgotten(ended: int, more: int) -> None:
    ends = {f"ses_{n}": End(NOW + timedelta(seconds=n), "left") for n in range(ended)}

    gone = Account("acc_1", ended=ends).forgettable(more)

    assert len(ends) - len(gone) == min(ended, MOST_ENDS - more)
    assert set(gone) == {f"ses_{n}" for n in range(len(gone))}


def test_only_ends_with_living_signatures_are_told() -> None:
    play = session(NOW)

    assert revocation(play, "lapsed", play.expires_at) is None
    told = revocation(play, "lapsed", play.expires_at - timedelta(seconds=1))
    assert told is not None
    assert told.expires_at == play.expires_at.isoformat()


@pytest.mark.parametrize("family", ["", "fam_1"])
def test_a_sign_in_that_nobody_can_date_began_before_all_others(family: str) -> None:
    everywhere = Account("acc_1", signed_out_before=NOW)

    with pytest.raises(SignedOutError):
        everywhere.check(Viewer("acc_1", "prf_1", "dev_1", family_id=family))


class Household(RuleBasedStateMachine):
    """Any devices that start, tell, leave, crash and take over, in any order, by any clock."""

    def __init__(self) -> None:
        super().__init__()
        self.table = FakePlayback()
        self.now = NOW
        self.began: list[Session] = []
        self.limit = 1

    @initialize(limit=st.integers(1, 4))
    def subscribe(self, limit: int) -> None:
        self.limit = limit
        self.table.save_allowance("acc_1", Allowance(limit, 1080), 1)

    @rule(device=DEVICES, stale=st.booleans(), number=st.none() | st.integers(0, 20))
    def start(self, device: int, *, stale: bool, number: int | None) -> None:
        """Perhaps by an account that was read before everybody else's start."""
        account = self.table.account("acc_1")
        if stale:
            account = Account("acc_1", account.allowance, is_new=account.is_new)
        taken = None
        if number is not None and self.began:
            taken = self.began[number % len(self.began)].session_id
        play = session(self.now, session_id=f"ses_{len(self.began)}", viewer=viewer_on(device))
        try:
            giving_way = account.admit(play.viewer, self.now, taken)
        except TooManyStreamsError:
            return
        if self.table.open(play, account, giving_way, self.now):
            self.began.append(play)

    @rule(number=st.integers(0, 20), late=SECONDS)
    def beacon(self, number: int, late: int) -> None:
        if self.began:
            play = self.began[number % len(self.began)]
            until = self.now - timedelta(seconds=late) + LEASE
            before = self.table.sessions.get(play.session_id)
            renewed = self.table.renew(play.session_id, play.viewer, until)
            assert renewed is None or (before is not None and renewed.held_until == until)

    @rule(number=st.integers(0, 20))
    def leave(self, number: int) -> None:
        if self.began:
            session_id = self.began[number % len(self.began)].session_id
            self.table.leave(session_id, "acc_1", self.now)
            assert session_id not in self.table.sessions

    @rule(seconds=SECONDS)
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def there_are_never_more_plays_than_screens(self) -> None:
        assert len(self.table.sessions) <= self.limit

    @invariant()
    def a_play_that_ended_stays_so(self) -> None:
        account = self.table.account("acc_1")
        assert not set(account.plays) & set(account.ended)


@pytest.mark.race
def test_whatever_a_household_does_it_has_no_more_plays_than_screens() -> None:
    run_state_machine_as_test(Household, settings=settings(stateful_step_count=40))  # type: ignore[no-untyped-call]
