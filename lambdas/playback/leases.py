"""How many plays an account has at once: who gets a screen, who gives one up, and why one ended.

Each play under way holds one of the account's screens by a lease, which its own session id names:
a lease that has ended does not come back under it. There are never more leases than the plan
allows. One whose device has been silent for `LEASE` stays until its screen is
needed, and comes back to life with the next beacon if it was not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from kernel.clock import epoch_milliseconds
from kernel.errors import RefusedError
from kernel.events.playback import PlayRevoked
from kernel.ids import time_of
from playback.domain import (
    UNTOLD,
    AccountBlockedError,
    Allowance,
    PlayOverError,
    RequestReusedError,
    Session,
    SignedOutError,
    Viewer,
)

BEAT = timedelta(seconds=150)
"""A player that plays tells of it at least so often (web/src/player/beacons.ts). Requests and
writes of an hour go by it: docs/adr/0557 has the sum."""

ON_ITS_WAY = timedelta(seconds=60)
"""A beacon may take so long: for the network and the stream's reader."""

LEASE = 2 * BEAT + ON_ITS_WAY
"""A screen is held this long after the last beacon, so that two may be lost."""

MOST_ENDS = 8
"""Ends that an account's plays are remembered by: players ask within seconds, and a household of
the largest plan has four."""

TOKENS_LIVE = timedelta(minutes=15)
"""How long access tokens of a sign-in that has ended may still turn up: ten minutes, and clocks."""

Reason = Literal[
    "left",
    "taken_over",
    "lapsed",
    "signed_out",
    "device_removed",
    "account_blocked",
    "account_deleted",
    "expired",
]

SENTENCES: Mapping[Reason, str] = MappingProxyType(
    {
        "left": "This play was ended on its own device.",
        "taken_over": "Somebody in your account started watching elsewhere and took this screen.",
        "lapsed": "This device was silent for too long, and another one needed its screen.",
        "signed_out": "This device was signed out.",
        "device_removed": "This device was removed from your account.",
        "account_blocked": "This account cannot play titles at the moment.",
        "account_deleted": "This account was deleted.",
        "expired": "The time for this play has run out.",
    }
)
"""Why a play stopped, as its viewer is told."""


class TooManyStreamsError(RefusedError):
    """All of the account's screens are taken: `streams` names who has them."""

    code = "too_many_streams"

    def __init__(
        self, limit: int, holders: Sequence[Session], streams: Sequence[Mapping[str, str]] = ()
    ) -> None:
        screens = "one screen is" if limit == 1 else f"{limit} screens are"
        super().__init__(f"Your plan's {screens} in use.", limit=limit, streams=list(streams))
        self.limit = limit
        self.holders = holders

    def naming(self, streams: Sequence[Mapping[str, str]]) -> TooManyStreamsError:
        """The same refusal in words that a person can choose by."""
        return TooManyStreamsError(self.limit, self.holders, streams)


@dataclass(frozen=True)
class End:
    """When and why a play ended."""

    at: datetime
    reason: Reason


@dataclass(frozen=True)
class Account:
    """What playback keeps of an account: what it may do, and what it is doing."""

    account_id: str
    allowance: Allowance = UNTOLD
    is_blocked: bool = False
    plays: Mapping[str, Session] = field(default_factory=dict)
    """Leases by session id, silent ones too."""
    ended: Mapping[str, End] = field(default_factory=dict)
    """The latest ends by session id."""
    signed_out: Mapping[str, datetime] = field(default_factory=dict)
    """Sign-ins and devices that were ended lately, by their ids."""
    signed_out_before: datetime | None = None
    """All sign-ins up to then were ended."""
    is_new: bool = False
    """Whether it never had a play."""

    def check(self, viewer: Viewer) -> None:
        """Refuse who may not play, whatever their token says: AccountBlockedError, SignedOutError.

        A token outlives its sign-in by minutes; what was ended meanwhile is kept that long.
        """
        if self.is_blocked:
            raise AccountBlockedError("This account cannot play titles at the moment.")
        began = time_of(viewer.family_id)
        everywhere = self.signed_out_before
        removed = self.signed_out.get(viewer.device_id)
        if (
            viewer.family_id in self.signed_out
            or (everywhere is not None and began <= everywhere)
            or (removed is not None and began <= removed)
        ):
            raise SignedOutError("This sign-in was ended. Sign in again.")

    def begun(self, asked: Session) -> Session | None:
        """The play that the same request has begun already; None when it has not.

        RequestReusedError when that is another one than is asked for now, PlayOverError when it
        has ended: an answer that came too late does not start a film that was left.
        """
        kept = self.plays.get(asked.session_id)
        if asked.session_id in self.ended or (kept and asked.started_at >= kept.expires_at):
            raise PlayOverError("This play has ended. Start it anew, with another request_id.")
        if kept is not None and _wanted(kept) != _wanted(asked):
            raise RequestReusedError(
                "This request has begun another play. Start with another request_id.",
                field="request_id",
            )
        return kept

    def admit(
        self, viewer: Viewer, now: datetime, take_over: str | None = None
    ) -> Mapping[str, Reason]:
        """The plays that must end for one more of this viewer, and why.

        Ends are, in this order and no more of them than needed: the play that the viewer named,
        which always ends; screens of silent devices, the longest silent first; the viewer's own
        device's, the oldest first, for whoever starts anew there watches there. Nobody else's
        screen is taken: TooManyStreamsError.
        """
        giving_way: dict[str, Reason] = {}
        if take_over is not None and take_over in self.plays:
            giving_way[take_over] = "taken_over"
        silent = [play for play in self.plays.values() if not play.is_held(now)]
        own = [play for play in self.plays.values() if play.viewer.device_id == viewer.device_id]
        candidates: list[tuple[Session, Reason]] = [
            *((play, "lapsed") for play in sorted(silent, key=lambda play: play.held_until)),
            *((play, "taken_over") for play in sorted(own, key=lambda play: play.started_at)),
        ]
        for play, reason in candidates:
            if len(self.plays) - len(giving_way) < self.allowance.streams:
                break
            giving_way.setdefault(play.session_id, reason)
        if len(self.plays) - len(giving_way) >= self.allowance.streams:
            holders = [play for key, play in self.plays.items() if key not in giving_way]
            raise TooManyStreamsError(self.allowance.streams, holders)
        return giving_way

    def forgettable(self, more: int = 0) -> tuple[str, ...]:
        """Ends that need not be remembered once there are `more` of them."""
        latest = sorted(self.ended, key=lambda session_id: self.ended[session_id].at, reverse=True)
        return tuple(latest[max(0, MOST_ENDS - more) :])

    def outdated(self, now: datetime) -> tuple[str, ...]:
        """Ended sign-ins and removed devices whose tokens have run out since."""
        return tuple(key for key, at in self.signed_out.items() if now - at >= TOKENS_LIVE)


def _wanted(play: Session) -> tuple[object, ...]:
    """What a start asks for, as far as it decides about the play."""
    return play.title_id, play.asset_id, play.drm, play.kids


def revocation(play: Session, reason: Reason, now: datetime) -> PlayRevoked | None:
    """What the edge must hear of a play's end; None when its signatures have ended anyway."""
    if now >= play.expires_at:
        return None
    return PlayRevoked(
        sequence=epoch_milliseconds(now),
        session_id=play.session_id,
        account_id=play.viewer.account_id,
        reason=reason,
        expires_at=play.expires_at.isoformat(),
    )
