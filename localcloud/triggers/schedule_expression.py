"""When a schedule is due: `rate(…)`, `cron(…)` and `at(…)`, as EventBridge reads them.

Pure. Source: EventBridge user guide, "Cron expressions and rate expressions", and EventBridge
Scheduler user guide, "Schedule types".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EXPRESSION = re.compile(r"(rate|cron|at)\((.*)\)")
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""1 is Sunday here, unlike in Unix cron."""
LAST_YEAR = 2199
"""The last year that an expression may name."""


class InvalidScheduleError(ValueError):
    """AWS would refuse the expression."""


class Schedule(Protocol):
    """A parsed expression."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence later than a moment, in UTC; None when there is none any more."""


def parse(expression: str, *, begins: datetime, zone: str = "UTC") -> Schedule:
    """The schedule; InvalidScheduleError. `begins` is where a rate counts from."""
    match = _EXPRESSION.fullmatch(expression.strip())
    if match is None:
        raise InvalidScheduleError(f"Invalid Schedule Expression {expression}.")
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidScheduleError(f"Invalid Schedule Expression Timezone {zone}.") from error
    kind, inside = match.groups()
    if kind == "rate":
        return _rate(inside, begins)
    if kind == "at":
        return _at(inside, place)
    return _cron(inside, place)


@dataclass(frozen=True)
class Rate:
    """Again and again, the same time apart."""

    every: timedelta
    begins: datetime

    def next_after(self, moment: datetime) -> datetime:
        """The next whole number of periods since the beginning; the beginning itself counts."""
        if moment < self.begins:
            return self.begins
        return self.begins + ((moment - self.begins) // self.every + 1) * self.every


def _rate(inside: str, begins: datetime) -> Rate:
    match = re.fullmatch(r"([1-9]\d*)\s+(minute|hour|day)(s?)", inside.strip())
    if match is None or (match[1] == "1" and match[3]):
        raise InvalidScheduleError(f"Invalid Schedule Expression rate({inside}).")
    return Rate(int(match[1]) * _UNITS[match[2]], begins)


@dataclass(frozen=True)
class At:
    """Once."""

    moment: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """The moment, as long as it is to come."""
        return self.moment if self.moment > moment else None


def _at(inside: str, place: ZoneInfo) -> At:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inside):
        raise InvalidScheduleError(f"Invalid Schedule Expression at({inside}).")
    try:
        local = datetime.fromisoformat(inside)
    except ValueError as error:
        raise InvalidScheduleError(f"Invalid Schedule Expression at({inside}).") from error
    return At(local.replace(tzinfo=place).astimezone(UTC))


@dataclass(frozen=True)
class Cron:
    """On the days of a calendar, at the times of a clock, both of one time zone."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days_of_month: str
    months: frozenset[int]
    days_of_week: str
    years: frozenset[int]
    place: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """The next occurrence. A local time that a clock change skips does not occur."""
        local = moment.astimezone(self.place)
        for day in self._days(local.date()):
            for at in self._times():
                found = datetime.combine(day, at, self.place)
                utc = found.astimezone(UTC)
                exists = utc.astimezone(self.place).replace(tzinfo=None) == found.replace(
                    tzinfo=None
                )
                if exists and utc > moment:
                    return utc
        return None

    def _days(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                if (year, month) < (first.year, first.month):
                    continue
                for number in sorted(self._days_of(year, month)):
                    day = date(year, month, number)
                    if day >= first:
                        yield day

    def _times(self) -> Iterator[time]:
        return (time(hour, minute) for hour in self.hours for minute in self.minutes)

    def _days_of(self, year: int, month: int) -> set[int]:
        if self.days_of_month == "?":
            return _by_weekday(self.days_of_week, year, month)
        return _by_day(self.days_of_month, year, month)


def _cron(inside: str, place: ZoneInfo) -> Cron:
    fields = inside.split()
    if len(fields) != 6:
        raise InvalidScheduleError(f"Invalid Schedule Expression cron({inside}).")
    minute, hour, day, month, weekday, year = (field.upper() for field in fields)
    if (day == "?") == (weekday == "?"):
        # One of the two, and only one, says which days are meant.
        raise InvalidScheduleError(f"Invalid Schedule Expression cron({inside}).")
    cron = Cron(
        minutes=tuple(sorted(_numbers(minute, 0, 59))),
        hours=tuple(sorted(_numbers(hour, 0, 23))),
        days_of_month=day,
        months=frozenset(_numbers(month, 1, 12, _MONTHS)),
        days_of_week=weekday,
        years=frozenset(_numbers(year, 1970, LAST_YEAR)),
        place=place,
    )
    # What the day fields hold shows only on a calendar.
    cron._days_of(2024, 1)
    return cron


def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> set[int]:
    """The values that one field lists: `*`, values, ranges and steps."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = least, most
        else:
            low = _number(first, least, most, names)
            high = _number(last, least, most, names) if dash else (most if step else low)
        if step and not (step.isdigit() and int(step) > 0):
            raise InvalidScheduleError(f"{part} is not a step.")
        if low > high:
            # From Friday to Monday.
            found.update(range(low, most + 1, int(step or 1)), range(least, high + 1))
        else:
            found.update(range(low, high + 1, int(step or 1)))
    return found


def _number(text: str, least: int, most: int, names: tuple[str, ...]) -> int:
    value = names.index(text) + 1 if text in names else int(text) if text.isdigit() else -1
    if not least <= value <= most:
        raise InvalidScheduleError(f"{text or 'nothing'} is not between {least} and {most}.")
    return value


def _by_day(field: str, year: int, month: int) -> set[int]:
    """Days of a month by number, `L` (the last) or `15W` (the weekday nearest the 15th)."""
    last = calendar.monthrange(year, month)[1]
    if field == "L":
        return {last}
    if field == "LW":
        return {_nearest_weekday(year, month, last)}
    if field.endswith("W"):
        return {_nearest_weekday(year, month, min(_number(field[:-1], 1, 31, ()), last))}
    return {day for day in _numbers(field, 1, 31) if day <= last}


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The working day nearest to a day, without leaving the month."""
    last = calendar.monthrange(year, month)[1]
    weekday = date(year, month, day).weekday()
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _by_weekday(field: str, year: int, month: int) -> set[int]:
    """Days of a month by day of the week: `2-6`, `FRI`, `6#3` (the third), `5L` (the last)."""
    last = calendar.monthrange(year, month)[1]
    if "#" in field:
        wanted, _, which = field.partition("#")
        days = _days_with(_number(wanted, 1, 7, _WEEKDAYS), year, month)
        index = _number(which, 1, 5, ()) - 1
        return {days[index]} if index < len(days) else set()
    if field == "L":
        return set(_days_with(7, year, month))
    if field.endswith("L"):
        return {_days_with(_number(field[:-1], 1, 7, _WEEKDAYS), year, month)[-1]}
    wanted_days = _numbers(field, 1, 7, _WEEKDAYS)
    return {day for day in range(1, last + 1) if _weekday(year, month, day) in wanted_days}


def _days_with(weekday: int, year: int, month: int) -> list[int]:
    last = calendar.monthrange(year, month)[1]
    return [day for day in range(1, last + 1) if _weekday(year, month, day) == weekday]


def _weekday(year: int, month: int, day: int) -> int:
    """1 for Sunday to 7 for Saturday."""
    return (date(year, month, day).weekday() + 1) % 7 + 1
