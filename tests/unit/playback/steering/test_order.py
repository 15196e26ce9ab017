"""Which CDN is first, second and last, and how fast that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.steering.domain import (
    DOWN_AFTER,
    ENOUGH,
    HOLD,
    SPREAD,
    STALE,
    UP_AFTER,
    VERDICT_LIFE,
    Quality,
    Standing,
    cdn_id,
    judged,
    order_for,
)

NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CONFIGURED = ("a", "b")
ANSWERING = {"a": True, "b": True}
FINE = Quality(100.0, 0.01)
BAD = Quality(100.0, 0.3)


def looks(
    standing: Standing,
    *,
    answers: dict[str, bool] = ANSWERING,
    quality: dict[str, Quality] | None = None,
    now: datetime = NOW,
    times: int = 1,
) -> Standing:
    """What is known after some looks, a minute after each other; the last one is now."""
    for ago in reversed(range(times)):
        standing = judged(standing, CONFIGURED, answers, quality or {}, now - ago * MINUTE)
    return standing


def everybody(standing: Standing, now: datetime) -> set[tuple[str, ...]]:
    return {order_for(share / 10, CONFIGURED, standing, now) for share in range(10)}


def test_where_nothing_is_known_the_configured_order_holds() -> None:
    assert everybody(Standing(), NOW) == {CONFIGURED}
    assert everybody(looks(Standing()), NOW) == {CONFIGURED}


def test_a_cdn_that_is_drained_is_last_for_everybody_at_once() -> None:
    assert everybody(Standing(drained=frozenset({"a"})), NOW) == {("b", "a")}


def test_all_cdns_drained_are_still_all_there() -> None:
    assert everybody(Standing(drained=frozenset(CONFIGURED)), NOW) == {CONFIGURED}


def test_a_cdn_that_answers_nothing_is_last_for_everybody_after_the_second_silence() -> None:
    silent = {"a": False, "b": True}

    once = looks(Standing(), answers=silent, times=DOWN_AFTER - 1)
    twice = looks(Standing(), answers=silent, times=DOWN_AFTER)

    assert everybody(once, NOW) == {CONFIGURED}
    assert everybody(twice, NOW) == {("b", "a")}


def test_a_cdn_that_came_back_is_first_again_after_its_third_answer() -> None:
    gone = looks(Standing(), answers={"a": False, "b": True}, times=DOWN_AFTER)

    assert everybody(looks(gone, times=UP_AFTER - 1), NOW) == {("b", "a")}
    assert everybody(looks(gone, times=UP_AFTER), NOW) == {CONFIGURED}


def test_a_drained_cdn_comes_after_one_that_does_not_answer() -> None:
    standing = looks(Standing(), answers={"a": True, "b": False}, times=DOWN_AFTER)

    assert everybody(replace(standing, drained=frozenset({"a"})), NOW) == {("b", "a")}


def test_a_cdn_with_clearly_more_trouble_gives_way_play_by_play() -> None:
    standing = looks(Standing(), quality={"a": BAD, "b": FINE})

    at_once = everybody(standing, NOW)
    halfway = [
        order_for(
            share / 100, CONFIGURED, replace(standing, judged_at=NOW + SPREAD / 2), NOW + SPREAD / 2
        )
        for share in range(100)
    ]
    in_the_end = everybody(replace(standing, judged_at=NOW + SPREAD), NOW + SPREAD)

    assert at_once == {CONFIGURED}
    assert halfway.count(("b", "a")) == 50
    assert in_the_end == {("b", "a")}


def test_a_cdn_whose_viewers_are_in_trouble_gives_way_to_one_that_nobody_tells_of() -> None:
    assert looks(Standing(), quality={"a": BAD}).order == ("b", "a")


@pytest.mark.parametrize(
    "quality",
    [
        {"a": Quality(ENOUGH - 1, 1.0), "b": FINE},
        {"a": Quality(100.0, 0.12), "b": Quality(100.0, 0.03)},
        {"a": BAD, "b": BAD},
    ],
    ids=["too few tell of it", "a little worse", "all are bad"],
)
def test_nothing_changes_for_less(quality: dict[str, Quality]) -> None:
    assert looks(Standing(), quality=quality).order == ()


def test_no_second_change_follows_before_the_first_can_show() -> None:
    first = looks(Standing(), quality={"a": BAD, "b": FINE})

    soon = looks(first, quality={"a": FINE, "b": BAD}, now=NOW + HOLD - MINUTE)
    later = looks(first, quality={"a": FINE, "b": BAD}, now=NOW + HOLD)

    assert soon.order == ("b", "a")
    assert later.order == CONFIGURED


def test_a_verdict_holds_while_nobody_tells_of_the_cdn_any_more() -> None:
    first = looks(Standing(), quality={"a": BAD, "b": FINE})

    later = looks(first, quality={"b": FINE}, now=NOW + VERDICT_LIFE - MINUTE)

    assert later.order == ("b", "a")


def test_a_verdict_wears_out_and_the_cdn_is_tried_again_play_by_play() -> None:
    first = looks(Standing(), quality={"a": BAD, "b": FINE})
    then = NOW + VERDICT_LIFE

    again = looks(first, quality={"b": FINE}, now=then)

    assert again.order == CONFIGURED
    assert everybody(again, then) == {("b", "a")}
    assert everybody(again, then + SPREAD - MINUTE) == {("b", "a"), CONFIGURED}


def test_a_worn_out_verdict_on_one_that_is_still_bad_holds_on() -> None:
    first = looks(Standing(), quality={"a": BAD, "b": FINE})

    assert looks(first, quality={"a": BAD, "b": FINE}, now=NOW + VERDICT_LIFE).order == ("b", "a")


def test_what_was_judged_long_ago_counts_for_nothing_but_what_is_drained_does() -> None:
    old = looks(Standing(), answers={"a": False, "b": True}, times=DOWN_AFTER)

    assert everybody(old, NOW + STALE) == {CONFIGURED}
    assert everybody(replace(old, drained=frozenset({"a"})), NOW + STALE) == {("b", "a")}


def test_a_cdn_that_is_no_longer_configured_is_told_to_nobody_and_a_new_one_to_all() -> None:
    standing = replace(Standing(), order=("gone", "b"), judged_at=NOW, changed_at=NOW - SPREAD)

    assert order_for(0.5, ("a", "b"), standing, NOW) == ("b", "a")


@given(
    order=st.permutations(["a", "b", "c", "gone"]),
    down=st.sets(st.sampled_from(["a", "b", "c"])),
    drained=st.sets(st.sampled_from(["a", "b", "c"])),
    share=st.floats(0, 1, exclude_max=True),
    age=st.integers(0, 3600),
)
def test_whatever_is_known_everybody_is_told_every_cdn_once(
    order: list[str], down: set[str], drained: set[str], share: float, age: int
) -> None:
    standing = Standing(
        order=tuple(order),
        changed_at=NOW - timedelta(seconds=age),
        judged_at=NOW - timedelta(seconds=age),
        down=frozenset(down),
        drained=frozenset(drained),
    )

    told = order_for(share, ("a", "b", "c"), standing, NOW)

    assert sorted(told) == ["a", "b", "c"]
    assert sorted(told, key=lambda cdn: cdn in drained) == list(told)


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("https://watch.marquee.example", "watch.marquee.example"),
        ("http://127.0.0.2:8080", "127.0.0.2-8080"),
    ],
)
def test_a_cdn_is_named_in_the_letters_of_a_pathway(origin: str, name: str) -> None:
    assert cdn_id(origin) == name
