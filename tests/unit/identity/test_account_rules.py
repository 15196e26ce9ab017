"""Codes, languages, places, limits and the list of breached passwords."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.breached_passwords import listing
from identity.accounts.breached import PREFIX_BYTES, count, is_breached
from identity.accounts.domain import (
    CODE_ALPHABET,
    code_digest,
    place_of,
    preferred_language,
    shown_code,
    waiting,
)
from identity.accounts.limits import Limit
from kernel.ids import new_id, time_of
from tests.fakes.accounts import FakeLimits, TooManyAttemptsError


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.5, de;q=0.9", "de"),
        ("pt-BR", "pt"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("<script>;q=9, ;;;,,", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_the_language_is_what_a_browser_asks_for_first(header: str, language: str) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_one_subscriber_is_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (30, "30 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (541, "10 minutes"),
    ],
)
def test_a_wait_is_said_as_people_say_it(seconds: int, words: str) -> None:
    assert waiting(seconds) == words


@given(st.integers(min_value=0, max_value=len(CODE_ALPHABET) ** 8 - 1))
def test_a_code_is_two_groups_of_four_that_nobody_confuses(randomness: int) -> None:
    code = shown_code(randomness)

    assert len(code) == 9
    assert code[4] == "-"
    assert not set(code) & set("01ILOU")
    assert code_digest("s", code.lower().replace("-", "")) == code_digest("s", code)
    assert code_digest("s", code) != code_digest("t", code)


def test_two_numbers_never_make_one_code() -> None:
    assert len({shown_code(number) for number in range(10_000)}) == 10_000


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=60))
def test_a_limit_never_lets_more_through_than_its_burst_and_its_rate(pauses: list[int]) -> None:
    limit, limits = Limit("x", timedelta(seconds=10), 3), FakeLimits()
    now = start = datetime(2026, 11, 1, tzinfo=UTC)
    taken, waits = 0, list[int]()
    for pause in pauses:
        now += timedelta(seconds=pause)
        try:
            limits.take(limit, "a", now)
            taken += 1
        except TooManyAttemptsError as refused:
            waits.append(refused.retry_after_seconds)

    assert all(1 <= wait <= 10 for wait in waits)
    assert taken <= 3 + (now - start) / timedelta(seconds=10)


def test_common_passwords_are_listed_however_they_are_cased() -> None:
    assert count() == 11_611
    for password in ("password1", "12345678", "qwertyuiop", "Football", "LETMEIN1"):
        assert is_breached(password), password


def test_a_password_that_is_not_listed_is_hardly_ever_taken_for_one() -> None:
    tries = 200_000
    wrong = sum(is_breached(secrets.token_hex(8)) for _ in range(tries))

    # 11,611 of 2^32: half a hit is expected, and six come once in 60,000 runs.
    assert wrong < 6


def test_the_list_is_small_sorted_and_holds_no_password() -> None:
    made = listing(["Password1", "password1 ", "short", "correct horse"])

    entries = [made[i : i + PREFIX_BYTES] for i in range(0, len(made), PREFIX_BYTES)]
    assert entries == sorted(
        hashlib.sha256(one).digest()[:PREFIX_BYTES] for one in (b"password1", b"correct horse")
    )


def test_an_identifier_tells_when_it_was_made(now: datetime) -> None:
    moment = now + timedelta(milliseconds=123)

    assert time_of(new_id("fam", moment)) == moment
