"""Scheduled rules and EventBridge Scheduler: what is due is brought to its target, at least once.

Schedules are those of the templates and those that functions create while the service runs. Here
a flexible time window always ends at its beginning, and an occurrence that was missed while the
service was down comes once, when it is up again.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from moto.backends import get_backend

from localcloud.registry import Registry
from localcloud.triggers.rules import Rule, Rules
from localcloud.triggers.schedule_expression import InvalidScheduleError, Schedule, parse
from localcloud.triggers.schedule_targets import Due, ScheduleTargets

INTERVAL = timedelta(seconds=1)
"""Between looks. AWS promises the minute."""
_MOMENT = timedelta(microseconds=1)
_SETTINGS = (
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
)
"""What CreateSchedule takes."""

_log = logging.getLogger(__name__)


class RuleBus(Protocol):
    """The event bus, as far as scheduled rules need it."""

    def fire(self, rule: Rule, at: datetime) -> None:
        """Bring a scheduled event to the targets of one rule."""


@dataclass(frozen=True)
class _Seen:
    """A schedule as it was when it was last looked at."""

    expression: tuple[str, str, str]
    schedule: Schedule
    done: datetime
    """Up to here all occurrences were dealt with."""


class Schedules:
    """Everything that happens by the clock."""

    def __init__(
        self,
        registry: Registry,
        bus: RuleBus,
        targets: ScheduleTargets,
        client: Callable[[str], Any],
        *,
        account: str,
        region: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`client` makes clients with the administrator's rights."""
        self._registry = registry
        self._rules = Rules(registry)
        self._bus = bus
        self._targets = targets
        self._client = client
        self._account = account
        self._region = region
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Look at the clock from now on. InvalidScheduleError for a rule that AWS refuses."""
        now = self._clock()
        for rule in self._rules.all():
            if rule.schedule is not None:
                parse(rule.schedule, begins=now)
        self.tick()
        threading.Thread(target=self._run, name="schedules", daemon=True).start()

    def stop(self) -> None:
        """Let nothing become due any more."""
        self._stopping.set()
        self._targets.stop()

    def tick(self) -> None:
        """Bring what is due by now to its targets."""
        now = self._clock()
        with self._lock:
            for rule in self._rules.all():
                if rule.schedule is not None and rule.enabled:
                    self._tick_rule(rule, rule.schedule, now)
            for settings in self._stored():
                self._tick_schedule(settings, now)

    def export_state(self) -> dict[str, Any]:
        """Schedules that no template holds, with how far they were dealt with."""
        templated = {
            (one.properties.get("GroupName", "default"), one.physical_id)
            for one in self._registry.by_type("AWS::Scheduler::Schedule")
        }
        with self._lock:
            return {
                settings["Arn"]: {
                    "settings": {
                        name: settings[name] for name in _SETTINGS if settings.get(name) is not None
                    },
                    "done": self._seen[settings["Arn"]].done.isoformat()
                    if settings["Arn"] in self._seen
                    else self._clock().isoformat(),
                }
                for settings in self._stored()
                if (settings["GroupName"], settings["Name"]) not in templated
            }

    def import_state(self, state: Mapping[str, Any], /) -> None:
        """Create them again. What they missed meanwhile is due now."""
        scheduler = self._client("scheduler")
        for arn, kept in state.items():
            settings = kept["settings"]
            try:
                scheduler.create_schedule(**settings)
            except scheduler.exceptions.ConflictException:
                continue
            done = datetime.fromisoformat(kept["done"])
            with self._lock:
                self._seen[arn] = self._first_look(settings, done, done)

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL.total_seconds()):
            try:
                self.tick()
            except Exception:  # noqa: BLE001 - the thread's edge: one odd schedule ends no other
                _log.exception("schedules")

    def _stored(self) -> Iterator[dict[str, Any]]:
        groups = get_backend("scheduler")[self._account][self._region].schedule_groups
        for group in list(groups.values()):
            for schedule in list(group.schedules.values()):
                yield schedule.to_dict()

    def _tick_rule(self, rule: Rule, expression: str, now: datetime) -> None:
        seen = self._seen.get(rule.arn)
        if seen is None or seen.expression[0] != expression:
            # A rule's rate counts from its creation: the first event is one period later.
            schedule = parse(expression, begins=now)
            seen = self._seen[rule.arn] = _Seen((expression, "", ""), schedule, now)
        due = seen.schedule.next_after(seen.done)
        if due is not None and due <= now:
            self._seen[rule.arn] = _Seen(seen.expression, seen.schedule, now)
            self._bus.fire(rule, due)

    def _tick_schedule(self, settings: Mapping[str, Any], now: datetime) -> None:
        arn = settings["Arn"]
        seen = self._seen.get(arn)
        try:
            if seen is None or seen.expression != _expression(settings):
                seen = self._seen[arn] = self._first_look(settings, now, now - _MOMENT)
        except InvalidScheduleError as error:
            _log.error("%s: %s", arn, error)
            return
        if settings["State"] != "ENABLED":
            self._seen[arn] = _Seen(seen.expression, seen.schedule, now)
            return
        starts, ends = _date(settings.get("StartDate")), _date(settings.get("EndDate"))
        from_then = seen.done if starts is None else max(seen.done, starts - _MOMENT)
        due = seen.schedule.next_after(from_then)
        over = due is None or (ends is not None and due > ends)
        if due is not None and not over and due <= now:
            seen = self._seen[arn] = _Seen(seen.expression, seen.schedule, now)
            self._targets.deliver(Due(arn, settings["Target"], due))
            following = seen.schedule.next_after(now)
            over = following is None or (ends is not None and following > ends)
        if over and settings.get("ActionAfterCompletion") == "DELETE":
            del self._seen[arn]
            self._client("scheduler").delete_schedule(
                Name=settings["Name"], GroupName=settings["GroupName"]
            )

    def _first_look(self, settings: Mapping[str, Any], begins: datetime, done: datetime) -> _Seen:
        starts = _date(settings.get("StartDate"))
        expression = _expression(settings)
        schedule = parse(expression[0], begins=starts or begins, zone=expression[1])
        return _Seen(expression, schedule, done)


def _expression(settings: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        settings["ScheduleExpression"],
        settings.get("ScheduleExpressionTimezone") or "UTC",
        json.dumps(settings.get("StartDate"), default=str),
    )


def _date(value: Any) -> datetime | None:
    """A date as the API was given it: seconds since 1970 or ISO 8601."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    parsed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
