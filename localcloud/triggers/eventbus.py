"""EventBridge: takes events by PutEvents, matches them with rules, and brings them to targets.

At least once: a target that fails is tried again, then its dead-letter queue gets the event.
What is under way when the service stops is brought again by the next run.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.deliveries import NOW, Deliveries
from localcloud.registry import Registry
from localcloud.triggers.archives import Archives, ReplayRefusedError, Replays
from localcloud.triggers.clients import Clients
from localcloud.triggers.permissions import Permissions
from localcloud.triggers.rules import Rule, Rules, Target, bus_name
from localcloud.triggers.targets import SUPPORTED, Deliverer, DeliveryError, FunctionsPort
from localcloud.triggers.transform import InvalidInputError, check_input, target_input
from localcloud.wire import HttpRequest, HttpResponse

ENTRIES_LIMIT = 10
ENTRY_LIMIT_BYTES = 256 * 1024
"""All entries of a call together, counted as below (PutEvents API reference)."""
TIME_BYTES = 14
"""What an entry's Time counts, however it is written (EventBridge user guide)."""
FIRST_RETRY = timedelta(milliseconds=200)
LAST_RETRY = timedelta(seconds=60)
"""Between attempts; twice as long each time. EventBridge spreads its attempts over 24 hours."""

_log = logging.getLogger(__name__)


class UnsupportedTargetError(Exception):
    """A rule has a target that this local cloud cannot deliver to."""


class InvalidEventsError(ValueError):
    """The whole call is refused."""


@dataclass(frozen=True)
class _Delivery:
    rule: Rule
    target: Target
    event: Mapping[str, Any]
    accepted: float
    retries: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class EventBus:
    """All event buses of the account."""

    def __init__(
        self,
        registry: Registry,
        functions: FunctionsPort,
        clients: Clients,
        *,
        region: str,
        account: str,
        duplicates: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """With `duplicates`, every delivery and every event of an AWS service comes twice."""
        self._rules = Rules(registry)
        self._deliverer = Deliverer(functions, clients, Permissions(registry, account))
        self._region = region
        self._account = account
        self._times = 2 if duplicates else 1
        self._deliveries = Deliveries("eventbridge")
        self._under_way: dict[str, _Delivery] = {}
        self._lock = threading.Lock()
        self.archives = Archives(registry, clock)
        arn_prefix = f"arn:aws:events:{region}:{account}:replay/"
        self._replays = Replays(self.archives, self._route, arn_prefix, clock)

    def start(self) -> None:
        """Check every rule: InvalidPatternError, UnsupportedTargetError or InvalidTransformerError
        name what is wrong."""
        for rule in self._rules.all():
            for target in rule.targets:
                if target.service not in SUPPORTED:
                    raise UnsupportedTargetError(
                        f"rule {rule.name}: no delivery to {target.service}: {target.arn}"
                    )
                check_input(target.settings, rule.name)

    def stop(self) -> None:
        """Deliver nothing more."""
        self._deliveries.stop()

    def wait_idle(self, timeout: timedelta) -> bool:
        """Wait until everything accepted was delivered or given up; False if it took longer."""
        return self._deliveries.wait_idle(timeout)

    def handle(self, request: HttpRequest, principal: object = None) -> HttpResponse | None:
        """PutEvents and replays; None for every other call. `principal` was authorized before."""
        del principal
        operation = (request.header("x-amz-target") or "").removeprefix("AWSEvents.")
        body = json.loads(request.body or b"{}")
        try:
            if operation == "PutEvents":
                return _json_response(200, self.put_events(body.get("Entries") or []))
            answer = self._replays.answer(operation, body)
        except InvalidEventsError as error:
            return _json_response(400, {"__type": "ValidationException", "message": str(error)})
        except ReplayRefusedError as error:
            return _json_response(400, {"__type": error.code, "message": str(error)})
        return None if answer is None else _json_response(200, answer)

    def put_events(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """PutEvents' answer, entry for entry; InvalidEventsError when the call is refused."""
        if not 1 <= len(entries) <= ENTRIES_LIMIT:
            bound = "greater than or equal to 1" if not entries else "less than or equal to 10"
            raise InvalidEventsError(
                f"1 validation error detected: Value '[{_listed(entries)}]' at 'entries' failed "
                f"to satisfy constraint: Member must have length {bound}"
            )
        if sum(entry_size_bytes(entry) for entry in entries) > ENTRY_LIMIT_BYTES:
            raise InvalidEventsError("Total size of the entries in the request is over the limit.")
        results = [self._put(entry) for entry in entries]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        *,
        bus: str | None = None,
    ) -> str:
        """An event of an AWS service's own (`aws.s3`); its id.

        A duplicate of such an event has an id of its own: S3 itself may tell twice.
        """
        now = datetime.now(UTC)
        ids = [
            self._publish(source, detail_type, detail, resources, now, bus)
            for _ in range(self._times)
        ]
        return ids[0]

    def fire(self, rule: Rule, at: datetime) -> None:
        """Bring a scheduled event to the targets of one rule."""
        event = self._event("aws.events", "Scheduled Event", {}, [rule.arn], at)
        for target in rule.targets:
            self._accept(rule, target, event)

    def export_state(self) -> dict[str, Any]:
        """Deliveries that are neither made nor given up."""
        with self._lock:
            under_way = list(self._under_way.values())
        return {
            one.id: {"rule": one.rule.arn, "target": one.target.id, "event": dict(one.event)}
            for one in under_way
        }

    def import_state(self, state: Mapping[str, Any], /) -> None:
        """Make them, as far as the rule and its target still exist."""
        targets = {
            (rule.arn, target.id): (rule, target)
            for rule in self._rules.all()
            for target in rule.targets
        }
        for kept in state.values():
            if (found := targets.get((kept["rule"], kept["target"]))) is not None:
                self._accept(*found, kept["event"])

    def _put(self, entry: Mapping[str, Any]) -> dict[str, str]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
        if entry["Source"].startswith("aws."):
            return {
                "ErrorCode": "NotAuthorizedForSourceException",
                "ErrorMessage": "Not authorized for the source.",
            }
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        event_id = self._publish(
            entry["Source"],
            entry["DetailType"],
            detail,
            entry.get("Resources") or (),
            _time(entry.get("Time")),
            entry.get("EventBusName"),
        )
        return {"EventId": event_id}

    def _publish(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str],
        at: datetime,
        bus: str | None,
    ) -> str:
        event = self._event(source, detail_type, detail, resources, at)
        self._route(event, bus_name(bus))
        return str(event["id"])

    def _event(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str],
        at: datetime,
    ) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": self._account,
            "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": list(resources),
            "detail": detail,
        }

    def _route(
        self, event: Mapping[str, Any], bus: str, only: frozenset[str] = frozenset()
    ) -> None:
        """An event for a bus without rules, or without existence, is dropped, as on AWS."""
        self.archives.keep(event, bus)
        for rule in self._rules.all():
            wanted = rule.bus == bus and rule.enabled and (not only or rule.arn in only)
            if wanted and rule.pattern and rule.pattern.matches(event):
                for target in rule.targets:
                    self._accept(rule, target, event)

    def _accept(self, rule: Rule, target: Target, event: Mapping[str, Any]) -> None:
        for _ in range(self._times):
            delivery = _Delivery(rule, target, event, time.monotonic())
            with self._lock:
                self._under_way[delivery.id] = delivery
            self._later(delivery, NOW)

    def _done(self, delivery: _Delivery) -> None:
        with self._lock:
            self._under_way.pop(delivery.id, None)

    def _later(self, delivery: _Delivery, delay: timedelta) -> None:
        self._deliveries.submit(lambda: self._deliver(delivery), after=delay)

    def _deliver(self, delivery: _Delivery) -> None:
        rule, target, event = delivery.rule, delivery.target, delivery.event
        try:
            if target.service == "events":
                self._route(event, bus_name(target.arn))
            else:
                text = target_input(target.settings, event, rule_arn=rule.arn, rule_name=rule.name)
                self._deliverer.deliver(rule, target, event["id"], text)
            self._done(delivery)
        except InvalidInputError as error:
            self._give_up(delivery, DeliveryError("INVALID_JSON", str(error), final=True))
        except DeliveryError as error:
            self._failed(delivery, error)

    def _failed(self, delivery: _Delivery, error: DeliveryError) -> None:
        delay = min(FIRST_RETRY * 2 ** min(delivery.retries, 16), LAST_RETRY)
        age = timedelta(seconds=time.monotonic() - delivery.accepted)
        target = delivery.target
        if error.final or delivery.retries >= target.max_retries or age + delay > target.max_age:
            self._give_up(delivery, error)
        else:
            self._later(replace(delivery, retries=delivery.retries + 1), delay)

    def _give_up(self, delivery: _Delivery, error: DeliveryError) -> None:
        self._set_aside(delivery, error)
        self._done(delivery)

    def _set_aside(self, delivery: _Delivery, error: DeliveryError) -> None:
        rule, target = delivery.rule, delivery.target
        _log.warning("%s → %s: %s: %s", rule.name, target.arn, error.code, error)
        if target.dead_letter_arn is None:
            return
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target.arn,
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": str(error),
            "RETRY_ATTEMPTS": str(delivery.retries),
        }
        if not error.final:
            exhausted = delivery.retries >= target.max_retries
            attributes["EXHAUSTED_RETRY_CONDITION"] = (
                "MaximumRetryAttempts" if exhausted else "MaximumEventAgeInSeconds"
            )
        text = json.dumps(delivery.event, separators=(",", ":"))
        try:
            self._deliverer.send_dead_letter(rule, target.dead_letter_arn, text, attributes)
        except DeliveryError as failure:
            _log.warning("%s: dead-letter queue: %s", rule.name, failure)


def entry_size_bytes(entry: Mapping[str, Any]) -> int:
    """What an entry counts (EventBridge user guide, "Calculating PutEvents event entry size")."""
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources") or []
    return sum(len(text.encode()) for text in texts) + (TIME_BYTES if entry.get("Time") else 0)


def _time(given: float | str | None) -> datetime:
    if given is None:
        return datetime.now(UTC)
    if isinstance(given, str):
        return datetime.fromisoformat(given).astimezone(UTC)
    return datetime.fromtimestamp(given, UTC)


def _listed(entries: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join("PutEventsRequestEntry" for _ in entries)


def _json_response(status: int, document: Mapping[str, Any]) -> HttpResponse:
    headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amzn-requestid", str(uuid.uuid4())),
    ]
    return HttpResponse(status, tuple(headers), json.dumps(document).encode())
