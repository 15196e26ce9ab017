"""From a domain's refusal to an RFC 9457 problem; the one place that knows HTTP statuses."""

from __future__ import annotations

from http import HTTPStatus

from kernel.errors import (
    ConflictError,
    DomainError,
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
    (TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def status_of(error: DomainError) -> HTTPStatus:
    """The HTTP status of a refusal."""
    for branch, status in _STATUSES:
        if isinstance(error, branch):
            return status
    return HTTPStatus.BAD_REQUEST


def problem(error: DomainError) -> dict[str, object]:
    """The problem document: `code` for machines, `detail` for people, the facts beside them."""
    status = status_of(error)
    return {
        **error.facts,
        "type": f"urn:marquee:problem:{error.code}",
        "title": status.phrase,
        "status": int(status),
        "detail": error.message,
        "code": error.code,
    }
