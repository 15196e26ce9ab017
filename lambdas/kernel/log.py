"""One line of JSON for each thing a function handled: what, for whom, how it ended, how long.

Lambda sends standard output to the function's log group as it is, and CloudWatch Logs Insights
finds the fields by itself. Facts are named one by one by those who note them: no event, header
or body is ever written whole, so no token and no key can come in with it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from kernel import correlation
from kernel.errors import DomainError

MAX_TEXT = 200
"""Characters kept of one value: ids in a path are the caller's to choose, and lines cost money."""

_facts: ContextVar[dict[str, Any] | None] = ContextVar("facts", default=None)
_first = True


@contextmanager
def handling(event: str, correlation_id: str | None, **facts: object) -> Iterator[None]:
    """Everything inside is one thing handled; its line is written when it ends, however it does.

    `outcome` is `done` unless somebody noted another; `refused` with the error's code for a
    DomainError, `crashed` with the exception's name for any other. Errors go on to the caller.
    """
    followed = correlation.follow(correlation_id or correlation.made())
    noted: dict[str, Any] = {**facts, **_cold_start()}
    token = _facts.set(noted)
    began = time.perf_counter()
    try:
        yield
    except DomainError as error:
        noted |= {"outcome": "refused", "code": error.code}
        raise
    except BaseException as error:
        noted |= {"outcome": "crashed", "error": type(error).__name__}
        raise
    finally:
        _facts.reset(token)
        took = round((time.perf_counter() - began) * 1000, 1)
        write(event, **{"outcome": "done", **noted, "duration_ms": took})
        correlation.leave(followed)


def note(**facts: object) -> None:
    """Add facts to the line of what is being handled; the last word on a name counts."""
    noted = _facts.get()
    if noted is not None:
        noted.update(facts)


def write(event: str, **facts: object) -> None:
    """A line by itself: for audit, where one thing handled is several facts."""
    failed = facts.get("outcome") in ("crashed", "failed")
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "error" if failed else "info",
        "event": event,
        correlation.FIELD: correlation.current(),
        "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        **{name: _short(value) for name, value in facts.items()},
    }
    kept = {name: value for name, value in line.items() if value is not None}
    sys.stdout.write(json.dumps(kept, separators=(",", ":"), default=str) + "\n")
    sys.stdout.flush()


def _short(value: object) -> object:
    return value[:MAX_TEXT] if isinstance(value, str) else value


def _cold_start() -> dict[str, bool]:
    """Says of a process's first line that its caller also waited for the start."""
    global _first
    cold, _first = _first, False
    return {"cold": True} if cold else {}
