"""Archives of an event bus, and replays: what was published comes again, marked with its replay.

Source: EventBridge user guide, "Archiving and replaying events".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.registry import Registry, Resource
from localcloud.triggers.patterns import Pattern
from localcloud.triggers.rules import bus_name

REPLAY_NAME = "replay-name"
"""The field that a replayed event has and others lack; such an event is not archived again."""

Route = Callable[[Mapping[str, Any], str, frozenset[str]], None]
"""Event, bus, and the ARNs of the rules to consider (empty: all)."""


class ReplayRefusedError(Exception):
    """StartReplay or another call about replays is refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Archived:
    """An event and when it was taken in."""

    at: float
    """Seconds since 1970."""
    event: Mapping[str, Any]


class Archives:
    """The archives of the templates."""

    def __init__(self, registry: Registry, clock: Callable[[], datetime]) -> None:
        self._registry = registry
        self._clock = clock
        self._kept: dict[str, list[Archived]] = {}
        self._patterns: dict[str, tuple[Resource, Pattern | None]] = {}
        self._lock = threading.Lock()

    def keep(self, event: Mapping[str, Any], bus: str) -> None:
        """Put an event into every archive of its bus whose pattern it matches."""
        if REPLAY_NAME in event:
            return
        for archive in self._archives():
            pattern = self._pattern(archive)
            wanted = pattern is None or pattern.matches(event)
            if wanted and bus_name(archive.properties["SourceArn"]) == bus:
                with self._lock:
                    events = self._kept.setdefault(_place(archive), [])
                    events.append(Archived(self._clock().timestamp(), event))

    def between(self, archive: Resource, start: float, end: float) -> list[Archived]:
        """An archive's events of a time, oldest first; those past their retention are gone."""
        with self._lock:
            self._forget_old(archive)
            kept = list(self._kept.get(_place(archive), ()))
        return [one for one in kept if start <= one.at <= end]

    def find(self, arn: str) -> Resource:
        """The archive of that ARN; ReplayRefusedError when there is none."""
        for archive in self._archives():
            if archive.attributes["Arn"] == arn:
                return archive
        name = arn.rpartition("/")[2]
        message = f"Parameter EventSourceArn is not valid. Reason: Archive {name} does not exist."
        raise ReplayRefusedError("ValidationException", message)

    def export_state(self) -> dict[str, Any]:
        """Every archive's events."""
        with self._lock:
            for archive in self._archives():
                self._forget_old(archive)
            return {
                place: [[one.at, dict(one.event)] for one in events]
                for place, events in self._kept.items()
            }

    def import_state(self, state: Mapping[str, Any], /) -> None:
        """Put archived events back, before those of this run."""
        with self._lock:
            for place, events in state.items():
                before = [Archived(at, event) for at, event in events]
                self._kept[place] = before + self._kept.get(place, [])

    def _forget_old(self, archive: Resource) -> None:
        days = int(archive.properties.get("RetentionDays", 0))
        if days:
            oldest = (self._clock() - timedelta(days=days)).timestamp()
            events = self._kept.get(_place(archive), [])
            events[:] = [one for one in events if one.at >= oldest]

    def _archives(self) -> list[Resource]:
        return self._registry.by_type("AWS::Events::Archive")

    def _pattern(self, archive: Resource) -> Pattern | None:
        known = self._patterns.get(_place(archive))
        if known is None or known[0] is not archive:
            written = archive.properties.get("EventPattern")
            known = (archive, None if written is None else Pattern(written))
            self._patterns[_place(archive)] = known
        return known[1]


def _place(archive: Resource) -> str:
    return f"{archive.stack}/{archive.logical_id}"


@dataclass(frozen=True)
class Replay:
    """One replay, as DescribeReplay tells of it."""

    name: str
    archive_arn: str
    start: float
    end: float
    destination: Mapping[str, Any]
    description: str
    state: str
    began: float
    ended: float | None = None

    def described(self, arn: str) -> dict[str, Any]:
        """The answer's document."""
        document = {
            "ReplayName": self.name,
            "ReplayArn": arn,
            "Description": self.description,
            "State": self.state,
            "EventSourceArn": self.archive_arn,
            "Destination": dict(self.destination),
            "EventStartTime": self.start,
            "EventEndTime": self.end,
            "EventLastReplayedTime": self.end if self.ended is not None else None,
            "ReplayStartTime": self.began,
            "ReplayEndTime": self.ended,
        }
        return {name: value for name, value in document.items() if value is not None}


class Replays:
    """Brings archived events to their bus again."""

    def __init__(
        self,
        archives: Archives,
        route: Route,
        arn_prefix: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`arn_prefix` is what stands before a replay's name in its ARN."""
        self._archives = archives
        self._route = route
        self._arn_prefix = arn_prefix
        self._clock = clock
        self._replays: dict[str, Replay] = {}
        self._lock = threading.Lock()

    def answer(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer to a call about replays, None when it is about something else.

        ReplayRefusedError with the code that AWS answers.
        """
        if operation == "StartReplay":
            return self._start(body)
        if operation == "DescribeReplay":
            return self._described(body["ReplayName"])
        if operation == "ListReplays":
            prefix = body.get("NamePrefix", "")
            with self._lock:
                names = [name for name in self._replays if name.startswith(prefix)]
            return {"Replays": [self._described(name) for name in names]}
        if operation == "CancelReplay":
            # A replay here is over before anybody could cancel it.
            name = body["ReplayName"]
            self._described(name)
            raise ReplayRefusedError(
                "IllegalStatusException",
                f"Replay {name} is not in a valid state for this operation.",
            )
        return None

    def _start(self, body: Mapping[str, Any]) -> dict[str, Any]:
        name, destination = body["ReplayName"], body["Destination"]
        archive = self._archives.find(body["EventSourceArn"])
        if destination["Arn"] != archive.properties["SourceArn"]:
            raise ReplayRefusedError(
                "ValidationException",
                "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not "
                "permitted.",
            )
        start, end = float(body["EventStartTime"]), float(body["EventEndTime"])
        if start >= end:
            raise ReplayRefusedError(
                "ValidationException",
                "Parameter EventEndTime is not valid. Reason: EventStartTime must be before "
                "EventEndTime.",
            )
        replay = Replay(
            name=name,
            archive_arn=body["EventSourceArn"],
            start=start,
            end=end,
            destination=destination,
            description=body.get("Description", ""),
            state="RUNNING",
            began=self._clock().timestamp(),
        )
        with self._lock:
            if name in self._replays:
                message = f"Replay {name} already exists."
                raise ReplayRefusedError("ResourceAlreadyExistsException", message)
            self._replays[name] = replay
        rules = frozenset(destination.get("FilterArns") or ())
        for archived in self._archives.between(archive, start, end):
            event = {**archived.event, REPLAY_NAME: name}
            self._route(event, bus_name(destination["Arn"]), rules)
        ended = replace(replay, state="COMPLETED", ended=self._clock().timestamp())
        with self._lock:
            self._replays[name] = ended
        return {
            "ReplayArn": self._arn_prefix + name,
            "State": "STARTING",
            "StateReason": "",
            "ReplayStartTime": replay.began,
        }

    def _described(self, name: str) -> dict[str, Any]:
        with self._lock:
            replay = self._replays.get(name)
        if replay is None:
            message = f"Replay {name} does not exist."
            raise ReplayRefusedError("ResourceNotFoundException", message)
        return replay.described(self._arn_prefix + name)
