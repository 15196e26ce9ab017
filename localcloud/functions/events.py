"""Asynchronous invocation: an event is accepted, run, and run again when it failed.

What becomes of an event that failed for good (destination, dead-letter queue) is told to a hook.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from localcloud.deliveries import NOW, Deliveries
from localcloud.functions.errors import LambdaError, ThrottledError
from localcloud.functions.invocation import AsyncOutcome, Invocation
from localcloud.functions.names import split
from localcloud.registry import Registry

RETRY_DELAYS = (timedelta(seconds=1), timedelta(seconds=2))
"""Before the second and third run. AWS waits one and two minutes; nobody learns more from that."""
MAX_ATTEMPTS = 3
MAX_AGE = timedelta(hours=6)
THROTTLE_DELAY = timedelta(milliseconds=100)
THROTTLE_DELAY_LIMIT = timedelta(seconds=30)
"""A throttled run waits twice as long each time (AWS: from one second to five minutes)."""


class Invoke(Protocol):
    """The synchronous invocation."""

    def __call__(
        self, identifier: str, payload: bytes, *, request_id: str | None = None
    ) -> Invocation: ...


@dataclass(frozen=True)
class _Pending:
    arn: str
    request_id: str
    payload: bytes
    accepted: float
    attempts: int = 0
    throttles: int = 0


@dataclass(frozen=True)
class _Policy:
    max_attempts: int = MAX_ATTEMPTS
    max_age: timedelta = MAX_AGE


class AsyncInvoker:
    """Lambda's internal queue of events."""

    def __init__(
        self,
        invoke: Invoke,
        registry: Registry | None,
        on_outcome: Callable[[AsyncOutcome], None] | None,
    ) -> None:
        self._invoke = invoke
        self._registry = registry
        self.on_outcome = on_outcome
        self._deliveries = Deliveries("lambda-events")

    def submit(self, arn: str, payload: bytes) -> str:
        """Accept an event; its request id, which every run of it shares."""
        pending = _Pending(arn, str(uuid.uuid4()), payload, time.monotonic())
        self._later(pending, NOW)
        return pending.request_id

    def wait_idle(self, timeout: timedelta) -> bool:
        """Wait until nothing is pending."""
        return self._deliveries.wait_idle(timeout)

    def stop(self) -> None:
        """Run nothing more."""
        self._deliveries.stop()

    def _later(self, pending: _Pending, delay: timedelta) -> None:
        self._deliveries.submit(lambda: self._run(pending), after=delay)

    def _run(self, pending: _Pending) -> None:
        policy = self._policy(pending.arn)
        try:
            invocation = self._invoke(pending.arn, pending.payload, request_id=pending.request_id)
        except ThrottledError:
            delay = min(THROTTLE_DELAY * 2**pending.throttles, THROTTLE_DELAY_LIMIT)
            throttled = replace(pending, throttles=min(pending.throttles + 1, 16))
            self._again_or_end(throttled, policy, delay, None)
            return
        except LambdaError:
            self._end(pending, "RetriesExhausted", None)
            return
        tried = replace(pending, attempts=pending.attempts + 1)
        if invocation.function_error is None:
            self._end(tried, "Success", invocation)
        elif tried.attempts >= policy.max_attempts:
            self._end(tried, "RetriesExhausted", invocation)
        else:
            delay = RETRY_DELAYS[min(tried.attempts, len(RETRY_DELAYS)) - 1]
            self._again_or_end(tried, policy, delay, invocation)

    def _again_or_end(
        self, pending: _Pending, policy: _Policy, delay: timedelta, last: Invocation | None
    ) -> None:
        age = timedelta(seconds=time.monotonic() - pending.accepted)
        if age + delay > policy.max_age:
            self._end(pending, "EventAgeExceeded", last)
        else:
            self._later(pending, delay)

    def _end(self, pending: _Pending, condition: str, last: Invocation | None) -> None:
        if self.on_outcome is not None:
            self.on_outcome(
                AsyncOutcome(
                    function_arn=pending.arn,
                    request_id=pending.request_id,
                    payload=pending.payload,
                    condition=condition,
                    attempts=pending.attempts,
                    invocation=last,
                )
            )

    def _policy(self, arn: str) -> _Policy:
        if self._registry is None:
            return _Policy()
        name, qualifier = split(arn)
        for resource in self._registry.by_type("AWS::Lambda::EventInvokeConfig"):
            config = resource.properties
            if split(config["FunctionName"])[0] == name and config["Qualifier"] == (
                qualifier or "$LATEST"
            ):
                retries = int(config.get("MaximumRetryAttempts", MAX_ATTEMPTS - 1))
                age = int(config.get("MaximumEventAgeInSeconds", MAX_AGE.total_seconds()))
                return _Policy(retries + 1, timedelta(seconds=age))
        return _Policy()
