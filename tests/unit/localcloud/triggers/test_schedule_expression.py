from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from localcloud.triggers.schedule_expression import InvalidScheduleError, parse

BEGINS = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("rate(1 minute)", "2026-11-22T11:00:00", "2026-11-22T12:00:00"),
        ("rate(1 minute)", "2026-11-22T12:00:00", "2026-11-22T12:01:00"),
        ("rate(5 minutes)", "2026-11-22T12:07:30", "2026-11-22T12:10:00"),
        ("rate(12 hours)", "2026-11-23T00:00:00", "2026-11-23T12:00:00"),
        ("rate(7 days)", "2026-11-22T12:00:00", "2026-11-29T12:00:00"),
        ("at(2026-12-01T08:00:00)", "2026-11-22T12:00:00", "2026-12-01T08:00:00"),
        ("cron(0 10 * * ? *)", "2026-11-22T10:00:00", "2026-11-23T10:00:00"),
        ("cron(15 12 * * ? *)", "2026-11-22T12:00:00", "2026-11-22T12:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-20T18:00:00", "2026-11-23T18:00:00"),
        ("cron(0 8 1 * ? *)", "2026-11-22T12:00:00", "2026-12-01T08:00:00"),
        ("cron(0/15 * * * ? *)", "2026-11-22T12:31:00", "2026-11-22T12:45:00"),
        ("cron(0/5 8-17 ? * 2-6 *)", "2026-11-20T17:55:00", "2026-11-23T08:00:00"),
        ("cron(0 0 ? * FRI-MON *)", "2026-11-23T00:00:00", "2026-11-27T00:00:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-11-22T12:00:00", "2026-12-07T09:00:00"),
        ("cron(15 10 ? * 6L 2026-2027)", "2026-11-22T12:00:00", "2026-11-27T10:15:00"),
        ("cron(0 0 L * ? *)", "2026-11-30T00:00:00", "2026-12-31T00:00:00"),
        ("cron(0 0 15W * ? *)", "2026-11-01T00:00:00", "2026-11-16T00:00:00"),
        ("cron(0 0 1W * ? *)", "2026-07-02T00:00:00", "2026-08-03T00:00:00"),
        ("cron(0 0 29 FEB ? *)", "2026-11-22T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 31 * ? *)", "2026-11-22T00:00:00", "2026-12-31T00:00:00"),
    ],
)
def test_the_next_occurrence(expression: str, after: str, expected: str) -> None:
    schedule = parse(expression, begins=BEGINS)

    assert schedule.next_after(moment(after)) == moment(expected)


def test_a_cron_follows_its_time_zone_through_the_change_of_clocks() -> None:
    schedule = parse("cron(30 9 * * ? *)", begins=BEGINS, zone="Europe/Dublin")

    assert schedule.next_after(moment("2026-10-24T12:00:00")) == moment("2026-10-25T09:30:00")
    assert schedule.next_after(moment("2026-10-23T12:00:00")) == moment("2026-10-24T08:30:00")


def test_a_time_that_the_clock_skips_does_not_occur() -> None:
    schedule = parse("cron(30 1 29 3 ? 2026)", begins=BEGINS, zone="Europe/Dublin")

    assert schedule.next_after(moment("2026-01-01T00:00:00")) is None


def test_what_is_over_does_not_occur_again() -> None:
    assert parse("at(2026-11-01T00:00:00)", begins=BEGINS).next_after(BEGINS) is None
    assert parse("cron(0 0 1 1 ? 2026)", begins=BEGINS).next_after(BEGINS) is None


def test_occurrences_follow_each_other() -> None:
    schedule = parse("cron(0 0 ? * SUN *)", begins=BEGINS)

    first = schedule.next_after(BEGINS)
    assert first is not None
    assert schedule.next_after(first) == first + timedelta(days=7)


@pytest.mark.parametrize(
    "expression",
    [
        "every day",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 seconds)",
        "at(2026-13-01T00:00:00)",
        "at(tomorrow)",
        "cron(* * * * *)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * 2#6 *)",
        "cron(0/0 10 * * ? *)",
    ],
)
def test_what_aws_would_refuse_is_refused(expression: str) -> None:
    with pytest.raises(InvalidScheduleError):
        parse(expression, begins=BEGINS)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(InvalidScheduleError, match="Mars/Olympus"):
        parse("rate(1 day)", begins=BEGINS, zone="Mars/Olympus")
