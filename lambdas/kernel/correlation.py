"""The id that one request of a viewer or of staff has, from the browser to the last function.

It is the trace-id of W3C Trace Context (www.w3.org/TR/trace-context, section 3.2): 32 lower-case
hexadecimal digits. Clients send it in `traceparent`. It names a request and proves nothing:
whoever calls chooses it, so nothing is ever decided by it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar, Token

HEADER = "traceparent"

ANSWER_HEADER = "x-correlation-id"
"""In every answer of a function: Trace Context has no finished header for answers."""

FIELD = "correlation_id"
"""Its name in log lines, in items, in events on the bus and in executions."""

_TRACE_ID = re.compile(r"[0-9a-f]{32}")

_TRACEPARENT = re.compile(r"(?P<version>[0-9a-f]{2})-(?P<id>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00; a later version may only add to it (section 3.2.4), and we send version 00."""

_GATEWAY = re.compile(r"(?:^|;)Root=1-(?P<time>[0-9a-f]{8})-(?P<random>[0-9a-f]{24})(?:;|$)")
"""X-Ray's trace id, whose digits without the dashes are a W3C trace-id (X-Ray developer guide)."""

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def current() -> str | None:
    """The id of what is being handled; None outside of it."""
    return _current.get()


def follow(correlation_id: str) -> Token[str | None]:
    """From here on we work for this one; the answer leads back by `leave`."""
    return _current.set(correlation_id)


def leave(token: Token[str | None]) -> None:
    """Back to what was followed before."""
    _current.reset(token)


def accepted(value: object) -> str | None:
    """The value where it is an id in its only form, else None: anybody may have written it."""
    well_formed = isinstance(value, str) and _TRACE_ID.fullmatch(value) and value.strip("0")
    return str(value) if well_formed else None


def of_request(headers: Mapping[str, str]) -> str:
    """The caller's id; API Gateway's own trace id where the caller sent none, or nonsense."""
    sent = _TRACEPARENT.fullmatch(headers.get(HEADER, ""))
    if sent is not None and sent["version"] == "00":
        found = accepted(sent["id"])
        if found is not None:
            return found
    traced = _GATEWAY.search(headers.get("x-amzn-trace-id", ""))
    return traced["time"] + traced["random"] if traced else made()


def made() -> str:
    """A new id, for what nobody asked for."""
    return secrets.token_hex(16)
