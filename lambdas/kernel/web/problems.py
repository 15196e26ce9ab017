"""From a domain's refusal to an RFC 9457 problem; the one place that knows HTTP statuses."""

from __future__ import annotations

from http import HTTPStatus

from kernel.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
)

PROBLEM_JSON = "application/problem+json"

_STATUSES: tuple[tuple[type[DomainError], HTTPStatus], ...] = (
    (InvalidInputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (RefusedError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (GoneError, HTTPStatus.GONE),
    (TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def status_of(error: DomainError) -> HTTPStatus:
    """The HTTP status of a refusal."""
    for branch, status in _STATUSES:
        if isinstance(error, branch):
            return status
    return HTTPStatus.BAD_REQUEST


MOST_QUOTED = 300
"""Characters of what was sent that a refusal repeats: a name of megabytes makes no answer of
megabytes, which Lambda would not send."""


def problem(error: DomainError) -> dict[str, object]:
    """The problem document: `code` for machines, `detail` for people, the facts beside them."""
    status = status_of(error)
    return {
        **{name: _quoted(fact) for name, fact in error.facts.items()},
        "type": f"urn:marquee:problem:{error.code}",
        "title": status.phrase,
        "status": int(status),
        "detail": _quoted(error.message),
        "code": error.code,
    }


def _quoted(fact: object) -> object:
    if isinstance(fact, str) and len(fact) > MOST_QUOTED:
        return f"{fact[:MOST_QUOTED]}…"
    return fact
