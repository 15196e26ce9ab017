"""Whom the judgement of a CDN is made of: everybody once, nobody by choice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.beacons import Batch, Beacon, Kind, Watching
from playback.steering.domain import Quality
from playback.steering.samples import (
    RECENT,
    SIZE,
    WINDOW,
    Met,
    Samples,
    quality_of,
    sampled,
    window_of,
)
from tests.unit.playback.fakes import SECRET

NOW = datetime(2026, 11, 29, 20, 2, tzinfo=UTC)
CDNS = ("a", "b")


def told(account: str, kind: Kind = "position", cdn: str | None = "a", **changes: Any) -> Batch:
    beacon = Beacon(
        kind, **{"at": NOW, "cdn": cdn, **changes}, position_seconds=1.0, duration_seconds=9.0
    )
    watching = Watching("ses_1", account, "prf_1", "dev_1", "ttl_1")
    return Batch(watching, (beacon,), NOW)


def met(*batches: Batch) -> dict[str, list[Met]]:
    by_cdn = sampled(batches, CDNS, SECRET).get(window_of(NOW), {})
    return {cdn: sorted(samples.met.values()) for cdn, samples in by_cdn.items()}


@pytest.mark.parametrize(
    ("kind", "worst"),
    [("start", 0), ("position", 0), ("pause", 0), ("leave", 0), ("rebuffer", 1), ("error", 2)],
)
def test_what_a_player_tells_is_what_its_account_met(kind: Kind, worst: int) -> None:
    assert met(told("acc_1", kind)) == {"a": [worst]}


def test_an_account_counts_once_however_often_it_tells_with_the_worst_it_met() -> None:
    assert met(*[told("acc_1", "error")] * 50, told("acc_1")) == {"a": [Met.FAILURE]}


def test_a_cdn_that_failed_is_told_beside_the_one_that_stepped_in() -> None:
    assert met(told("acc_1", cdn="b", failed_cdns=("a",))) == {"b": [0], "a": [Met.FAILURE]}


def test_players_that_name_no_cdn_or_one_that_is_not_ours_count_for_nothing() -> None:
    assert met(told("acc_1", cdn=None), told("acc_2", cdn="elsewhere")) == {}


def test_what_happened_while_a_player_had_no_network_says_nothing_of_now() -> None:
    assert met(told("acc_1", "error", at=NOW - RECENT - timedelta(seconds=1))) == {}


def test_a_sample_is_small_and_spread_evenly_over_everybody() -> None:
    crowd = [told(f"acc_{n}", "error" if n % 4 == 0 else "position") for n in range(4000)]

    samples = met(*crowd)["a"]

    assert len(samples) == SIZE
    assert 0.15 < samples.count(Met.FAILURE) / SIZE < 0.35


def test_one_loud_account_is_one_voice_in_the_sample_or_none() -> None:
    crowd = [told(f"acc_{n}") for n in range(1000)]

    assert met(*crowd, *[told("acc_loud", "error")] * 100)["a"].count(Met.FAILURE) <= 1


def test_another_window_samples_others() -> None:
    crowd = [told(f"acc_{n}") for n in range(2000)]
    then = NOW + WINDOW
    later = [Batch(one.watching, one.beacons, then) for one in crowd]

    now_sampled = sampled(crowd, CDNS, SECRET)[window_of(NOW)]["a"].met
    then_sampled = sampled(later, CDNS, SECRET)[window_of(then)]["a"].met

    assert not set(now_sampled) & set(then_sampled)


samples = st.dictionaries(
    st.text("0123456789abcdef", min_size=3, max_size=3), st.sampled_from(Met), max_size=300
).map(lambda met: Samples().with_(Samples(met)))


@given(samples, samples, samples)
def test_in_whatever_order_and_however_often_samples_are_joined_the_sample_is_the_same(
    one: Samples, two: Samples, three: Samples
) -> None:
    joined = one.with_(two).with_(three)

    assert three.with_(one.with_(two)) == joined
    assert joined.with_(two).with_(one) == joined
    assert len(joined.met) <= SIZE


def window(failing: int, fine: int) -> dict[str, Samples]:
    every = {
        f"{n:012x}": Met.FAILURE if n < failing else Met.NOTHING for n in range(failing + fine)
    }
    return {"a": Samples(every)}


def test_later_windows_count_more_than_earlier_ones() -> None:
    this, last = window_of(NOW), window_of(NOW - WINDOW)

    quality = quality_of({this: window(0, 10), last: window(10, 0)}, NOW)

    assert quality == {"a": Quality(accounts=15.0, trouble=pytest.approx(1 / 3))}


def test_waiting_is_half_as_bad_as_failing() -> None:
    waiting = {"a": Samples({"0": Met.WAITING, "1": Met.NOTHING})}

    assert quality_of({window_of(NOW): waiting}, NOW)["a"].trouble == 0.25


def test_a_window_of_long_ago_counts_for_nothing() -> None:
    assert quality_of({window_of(NOW - 3 * WINDOW): window(10, 0)}, NOW) == {}
