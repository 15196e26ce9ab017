"""What comes back from an invocation, and what an asynchronous one ends in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Invocation:
    """The answer of one synchronous invocation."""

    status_code: int
    payload: bytes
    """What the handler returned as JSON, or the error document when `function_error` is set."""
    function_error: str | None
    """None when the handler returned; `Unhandled` when it raised, timed out, exited or never
    started."""
    log_tail: str
    """The last 4 KB of what this invocation logged."""
    executed_version: str = "$LATEST"
    request_id: str = ""


@dataclass(frozen=True)
class AsyncOutcome:
    """How an event invocation ended, after its last attempt."""

    function_arn: str
    """Qualified as it was invoked."""
    request_id: str
    payload: bytes
    condition: str
    """`Success`, `RetriesExhausted` or `EventAgeExceeded`, as in an invocation record."""
    attempts: int
    invocation: Invocation | None
    """The last attempt's answer; None when every attempt was throttled."""
