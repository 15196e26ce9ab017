"""What a fair sample of accounts met at one CDN in one window of time.

A bottom-k sample (Cohen and Kaplan, 2007): of all accounts, those with the smallest keyed hashes.
However often an account tells, it is in it once, with the worst that it met; nobody can choose to
be in it; and two samples are joined into that of both, so that shards and repeated records do not
matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from kernel.beacons import Batch, Beacon
from kernel.tokens import MacKey
from playback.steering.domain import Quality

WINDOW = timedelta(minutes=5)
"""Two beacons of everybody who watches."""

WINDOWS = 3
"""How many are looked at: a quarter of an hour."""

DECAY = 0.5
"""What a window counts beside the one after it."""

SIZE = 200
"""Accounts of a sample: a tenth of them in trouble is known to two in a hundred, and a shard's
sample of a CDN takes 3.5 KB."""

RECENT = timedelta(minutes=10)
"""What was met longer before it was told, by a player that had no network, says nothing of now."""

_HASH_DIGITS = 12
_PURPOSE = "cdn sample"


class Met(IntEnum):
    """What an account met, the worse the larger."""

    NOTHING = 0
    WAITING = 1
    FAILURE = 2


_TROUBLE: Mapping[Met, float] = {Met.NOTHING: 0.0, Met.WAITING: 0.5, Met.FAILURE: 1.0}


@dataclass(frozen=True)
class Samples:
    """The sampled accounts' hashes, and what each met."""

    met: Mapping[str, Met] = field(default_factory=dict)

    def with_(self, other: Samples) -> Samples:
        """The sample of both."""
        both = dict(self.met)
        for account, met in other.met.items():
            both[account] = max(both.get(account, Met.NOTHING), met)
        return Samples({account: both[account] for account in sorted(both)[:SIZE]})


def window_of(moment: datetime) -> datetime:
    """The beginning of the window that a moment lies in."""
    seconds = WINDOW.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def sampled(
    batches: Iterable[Batch], cdn_ids: Iterable[str], key: MacKey
) -> dict[datetime, dict[str, Samples]]:
    """What the accounts behind the batches met, by window and CDN.

    The window is the stream's: players' clocks say only what is too old. CDNs that are not
    configured count for nothing.
    """
    known = frozenset(cdn_ids)
    found: dict[datetime, dict[str, Samples]] = {}
    for batch in batches:
        window = window_of(batch.arrived)
        account = _hash(batch.watching.account_id, window, key)
        for beacon in batch.beacons:
            if batch.arrived - beacon.at > RECENT:
                continue
            for cdn, met in _met(beacon):
                if cdn in known:
                    of_window = found.setdefault(window, {})
                    one = Samples({account: met})
                    of_window[cdn] = of_window.get(cdn, Samples()).with_(one)
    return found


def _met(beacon: Beacon) -> Iterable[tuple[str, Met]]:
    if beacon.cdn is not None:
        at_hand = {"rebuffer": Met.WAITING, "error": Met.FAILURE}
        yield beacon.cdn, at_hand.get(beacon.kind, Met.NOTHING)
    for cdn in beacon.failed_cdns:
        yield cdn, Met.FAILURE


def _hash(account_id: str, window: datetime, key: MacKey) -> str:
    """Another one in each window, so that no account is always in the sample."""
    return key.mac(_PURPOSE, f"{window.timestamp():.0f}/{account_id}").hex()[:_HASH_DIGITS]


def quality_of(
    windows: Mapping[datetime, Mapping[str, Samples]], now: datetime
) -> dict[str, Quality]:
    """What is to be thought of each CDN by the last windows, later ones counting more."""
    accounts: dict[str, float] = {}
    trouble: dict[str, float] = {}
    for window, by_cdn in windows.items():
        age = (window_of(now) - window) // WINDOW
        if not 0 <= age < WINDOWS:
            continue
        weight = DECAY**age
        for cdn, samples in by_cdn.items():
            accounts[cdn] = accounts.get(cdn, 0.0) + weight * len(samples.met)
            told = sum(_TROUBLE[met] for met in samples.met.values())
            trouble[cdn] = trouble.get(cdn, 0.0) + weight * told
    return {cdn: Quality(told, trouble[cdn] / told) for cdn, told in accounts.items() if told}
