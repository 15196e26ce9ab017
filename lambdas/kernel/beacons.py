"""Beacons: what a player tells while somebody watches, in batches under its session's ticket.

API Gateway puts each batch into the stream without looking at it, so whoever reads the stream
checks everything here. Whose play it is says the ticket alone; nothing in the body does.

Moments are the player's. Its clock is believed as long as it was within `CLOCK_TOLERANCE` of the
stream's when it sent the batch; a clock further off is set right by that difference, so that it
neither silences the viewer's other devices nor is silenced by them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NoReturn, cast, get_args

from kernel import tokens
from kernel.tokens import MacKey

TICKET = "ticket"
"""The purpose of a session ticket among our tokens."""

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How long a batch may be on its way: API Gateway waits 30 s, and a player's network as long.

Less would take a slow network for a slow clock, more let a device whose clock is ahead win against
what is watched elsewhere after it."""

OLDEST = timedelta(days=30)
"""How long a player may hold a beacon back for want of a network: as long as a title may be kept
on a device. Plays that came over the network are told of for as long as their tickets live."""

LONGEST_BATCH = 16 * 1024
"""Bytes; a ticket has about 500 and a beacon 120."""

MOST_BEACONS = 50
"""In one batch: more than a player meets in minutes of the worst network."""

LONGEST_CDN = 100
"""Characters of a CDN's name, which is made from its host's."""

MOST_CDNS = 8
"""That may have failed since a player's last word."""

Kind = Literal["start", "position", "rebuffer", "error", "pause", "leave"]


class DroppedError(Exception):
    """A batch that cannot be believed: nobody waits for an answer, so it is counted and dropped."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Watching:
    """Whose play it is, as its ticket says."""

    session_id: str
    account_id: str
    profile_id: str
    device_id: str
    title_id: str


@dataclass(frozen=True)
class Beacon:
    """What happened at one moment of a play."""

    kind: Kind
    at: datetime
    position_seconds: float
    duration_seconds: float
    cdn: str | None = None
    """Where the film came from, as the start named it; None where there is one CDN only."""
    failed_cdns: tuple[str, ...] = ()
    """Those that gave no part of it since the player's last word."""


@dataclass(frozen=True)
class Batch:
    """What a player told at once: at least one beacon."""

    watching: Watching
    beacons: tuple[Beacon, ...]
    arrived: datetime
    """When the stream took it, by our own clock."""

    @property
    def latest(self) -> Beacon:
        """The beacon of the latest moment, wherever in the batch it stands; the furthest of two."""
        return max(self.beacons, key=lambda beacon: (beacon.at, beacon.position_seconds))


def read_batch(data: bytes, arrived: datetime, keys: Mapping[str, MacKey]) -> Batch:
    """A batch as the stream holds it; `arrived` is when the stream took it.

    DroppedError; tokens.UnknownKeyError when the ticket's secret may be newer than ours.
    """
    if len(data) > LONGEST_BATCH:
        raise DroppedError("too_long")
    body = _members(_json(data), {"ticket", "sent_at", "beacons"})
    watching = _watching(body["ticket"], arrived, keys)
    sent_at, told = _moment(body["sent_at"]), body["beacons"]
    if not isinstance(told, list) or not 0 < len(told) <= MOST_BEACONS:
        raise DroppedError("malformed")
    ahead = sent_at - arrived
    set_right = ahead if abs(ahead) > CLOCK_TOLERANCE else timedelta(0)
    beacons = tuple(_beacon(one, sent_at, set_right) for one in told)
    return Batch(watching, beacons, arrived)


def _watching(ticket: object, now: datetime, keys: Mapping[str, MacKey]) -> Watching:
    if not isinstance(ticket, str):
        raise DroppedError("malformed")
    try:
        claims = tokens.read(TICKET, ticket, now, keys)
    except tokens.UnknownKeyError:
        raise
    except tokens.ExpiredTokenError as error:
        raise DroppedError("expired") from error
    except tokens.TokenError as error:
        raise DroppedError("forged") from error
    named = [claims.get(name) for name in ("session", "account", "profile", "device", "title")]
    if not all(isinstance(name, str) and name for name in named):
        raise DroppedError("forged")
    return Watching(*cast(list[str], named))


def _beacon(told: object, sent_at: datetime, set_right: timedelta) -> Beacon:
    members = _members(
        told,
        {"kind", "at", "position_seconds", "duration_seconds"},
        {"cdn", "failed_cdns"},
    )
    kind, at = members["kind"], _moment(members["at"])
    if kind not in get_args(Kind):
        raise DroppedError("malformed")
    if not timedelta(0) <= sent_at - at <= OLDEST:
        raise DroppedError("out_of_time")
    return Beacon(
        kind,
        at - set_right,
        _number(members["position_seconds"]),
        _number(members["duration_seconds"]),
        None if "cdn" not in members else _cdn(members["cdn"]),
        _cdns(members.get("failed_cdns", [])),
    )


def _cdn(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_CDN:
        raise DroppedError("malformed")
    return value


def _cdns(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_CDNS:
        raise DroppedError("malformed")
    return tuple(_cdn(one) for one in value)


def _json(data: bytes) -> object:
    def refuse(_constant: str) -> NoReturn:
        raise ValueError("NaN and Infinity are no JSON.")

    try:
        return json.loads(data, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise DroppedError("malformed") from error


def _members(value: object, names: set[str], may_have: Collection[str] = ()) -> dict[str, Any]:
    """An object with exactly those members, and perhaps some of the others."""
    if not isinstance(value, dict) or not names <= set(value) <= names.union(may_have):
        raise DroppedError("malformed")
    return value


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise DroppedError("malformed") from error
    # Near the calendar's ends, arithmetic overflows.
    if moment.tzinfo is None or not 2000 < moment.year < 9000:
        raise DroppedError("malformed")
    return moment


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DroppedError("malformed")
    try:
        number = float(value)
    except OverflowError as error:
        raise DroppedError("malformed") from error
    if not math.isfinite(number):
        raise DroppedError("malformed")
    return number
