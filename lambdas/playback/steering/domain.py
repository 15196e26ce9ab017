"""Which CDN players turn to first: from what is configured, what answers and what viewers met.

An order is never shorter than what is configured. Whoever is last is still there for a player that
finds nothing else, and where nothing is known the configured order holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from kernel.errors import GoneError, NotFoundError, UnauthenticatedError

TTL = timedelta(seconds=300)
"""How long a player keeps to an order: what RFC 8216bis, section 7.2, and DASH-IF take where it is
not said. Twelve requests an hour, and only of players that asked to be steered."""

SPREAD = timedelta(minutes=10)
"""A change for the sake of quality reaches one play after the other in this time: a CDN that gets
everybody within one `TTL` is the next to fail."""

HOLD = timedelta(minutes=15)
"""No second change for the sake of quality sooner: the first has arrived, and shows in a window."""

VERDICT_LIFE = timedelta(hours=1)
"""A CDN that nobody uses cannot show that it is well again: after this it is tried once more."""

STALE = timedelta(minutes=10)
"""Judged ten times less often than it should be: of then, not of now."""

DOWN_AFTER = 2
"""Probes in a row without an answer; one alone may be the network between."""

UP_AFTER = 3
"""Probes in a row with one: what has just come back often goes again."""

ENOUGH = 40.0
"""Accounts that have to tell of a CDN before it is judged, older ones counting less: where one in
twenty fails as usual, six of forty fail by chance less than once in fifty times."""

MARGIN = 0.1
"""How much worse than the next a CDN has to be: one viewer in ten who met an error, or one in five
who waited."""

USUAL = 0.05
"""Trouble of a CDN that nobody tells of."""


class SteeringTokenError(UnauthenticatedError):
    """There is no steering token, it is not one of ours, or it is another play's."""

    code = "steering_token_invalid"


class SteeringEndedError(GoneError):
    """The play that the token was made for is over; a player that hears it asks no more
    (RFC 8216bis, section 7.1)."""

    code = "steering_ended"


class CdnNotFoundError(NotFoundError):
    """No such CDN is configured."""

    code = "cdn_not_found"


@dataclass(frozen=True)
class Cdn:
    """A place that has all films."""

    cdn_id: str
    """As players know it: HLS's PATHWAY-ID, DASH's serviceLocation."""
    origin: str


def cdn_id(origin: str) -> str:
    """A CDN's name from its address, in the letters that PATHWAY-ID may have (RFC 8216bis, 7.2)."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", urlsplit(origin).netloc)


def cdns_of(origins: Collection[str]) -> tuple[Cdn, ...]:
    """The CDNs as they are configured, the public origin's first."""
    return tuple(Cdn(cdn_id(origin), origin) for origin in origins)


@dataclass(frozen=True)
class Quality:
    """What accounts met at one CDN lately."""

    accounts: float
    """How many told of it, older ones counting less."""
    trouble: float
    """From 0, everybody saw the film without a halt, to 1, nobody saw it."""


NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Standing:
    """What is known of the CDNs; all that a steered player's question needs."""

    order: tuple[str, ...] = ()
    """By quality; empty for as it is configured."""
    before: tuple[str, ...] = ()
    """What `order` was until `changed_at`."""
    changed_at: datetime = NEVER
    judged_at: datetime = NEVER
    streaks: Mapping[str, int] = field(default_factory=dict)
    """Probes in a row that ended alike: more than 0 with an answer, less without."""
    down: frozenset[str] = frozenset()
    """Those that do not answer."""
    drained: frozenset[str] = frozenset()
    """Those that an operator wants nobody to begin with."""


NOTHING_KNOWN = Standing()


def order_for(
    share: float, configured: Sequence[str], standing: Standing, now: datetime
) -> tuple[str, ...]:
    """The order for one play; `share` is its place among all plays, over [0, 1).

    What an operator drains or does not answer is last at once, for everybody; what is better by
    quality comes first when the play's turn in `SPREAD` has come.
    """
    if now - standing.judged_at >= STALE:
        ranked, down = tuple(configured), frozenset[str]()
    else:
        turn = (now - standing.changed_at) / SPREAD
        ranked = _whole(standing.order if turn > share else standing.before, configured)
        down = standing.down
    return tuple(sorted(ranked, key=lambda cdn: (cdn in standing.drained, cdn in down)))


def judged(
    standing: Standing,
    configured: Sequence[str],
    answers: Mapping[str, bool],
    quality: Mapping[str, Quality],
    now: datetime,
) -> Standing:
    """The standing after another look: which CDNs answered a probe, and what viewers told."""
    streaks = {
        cdn: _streak(standing.streaks.get(cdn, 0), has_answered=answers[cdn]) for cdn in answers
    }
    down = frozenset(
        cdn
        for cdn, streak in streaks.items()
        if streak <= -DOWN_AFTER or (cdn in standing.down and streak < UP_AFTER)
    )
    probed = replace(standing, judged_at=now, streaks=streaks, down=down)
    if now - standing.changed_at < HOLD:
        return probed
    before = _whole(standing.order, configured)
    is_worn_out = now - standing.changed_at >= VERDICT_LIFE
    after = _by_quality(tuple(configured) if is_worn_out else before, quality)
    if after == before:
        return probed
    return replace(probed, order=after, before=before, changed_at=now)


def _streak(before: int, *, has_answered: bool) -> int:
    if has_answered:
        return max(before, 0) + 1
    return min(before, 0) - 1


def _by_quality(order: tuple[str, ...], quality: Mapping[str, Quality]) -> tuple[str, ...]:
    """Each goes past those before it that are clearly worse."""
    ranked: list[str] = []
    for cdn in order:
        place = len(ranked)
        while place and _trouble(ranked[place - 1], quality) - _trouble(cdn, quality) >= MARGIN:
            place -= 1
        ranked.insert(place, cdn)
    return tuple(ranked)


def _trouble(cdn: str, quality: Mapping[str, Quality]) -> float:
    told = quality.get(cdn)
    return USUAL if told is None or told.accounts < ENOUGH else told.trouble


def _whole(order: Sequence[str], configured: Sequence[str]) -> tuple[str, ...]:
    """An order of exactly what is configured: settings may have changed since it was made."""
    kept = [cdn for cdn in order if cdn in configured]
    return (*kept, *(cdn for cdn in configured if cdn not in kept))
