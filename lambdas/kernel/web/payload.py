"""API Gateway's payload format 2.0 for functions that do without a web framework."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kernel import log
from kernel.errors import (
    DomainError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
    UnavailableError,
)
from kernel.web.logged import logged
from kernel.web.problems import PROBLEM_JSON, problem, status_of

JSON = "application/json"
Event = Mapping[str, Any]
Reply = dict[str, Any]


def reply(
    status: int,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    cookies: Sequence[str] = (),
    content_type: str = JSON,
) -> Reply:
    """An answer in payload format 2.0; private unless the headers say otherwise."""
    answer: Reply = {
        "statusCode": status,
        "headers": {"cache-control": "no-store", **(headers or {})},
    }
    if body is not None:
        answer["headers"]["content-type"] = content_type
        answer["body"] = json.dumps(body, separators=(",", ":"))
    if cookies:
        answer["cookies"] = list(cookies)
    return answer


RETRY_AFTER_SECONDS = "1"
"""For what is our fault and may be over by then: DynamoDB splits a hot partition in seconds."""


def refusal(error: DomainError) -> Reply:
    """The problem document of a domain's refusal; whoever met our own trouble is told when to
    come back (RFC 9110, section 10.2.3)."""
    headers = {"retry-after": RETRY_AFTER_SECONDS} if isinstance(error, UnavailableError) else {}
    return reply(status_of(error), problem(error), headers=headers, content_type=PROBLEM_JSON)


def by_route(routes: Mapping[str, Callable[[Event], Reply]]) -> Callable[[Event], Reply]:
    """What answers each of the routes that one function has, by the names that API Gateway gives
    them; NotFoundError for another."""

    def answer(event: Event) -> Reply:
        work = routes.get(str(event.get("routeKey")))
        if work is None:
            raise NotFoundError("There is nothing here.")
        return work(event)

    return answer


def answering(work: Callable[[Event], Reply]) -> Callable[[Event, object], Reply]:
    """A Lambda handler that turns refusals into problems, leaves bugs to fail loudly, and logs."""

    def handler(event: Event, _context: object) -> Reply:
        try:
            return work(event)
        except DomainError as error:
            log.note(code=error.code)
            return refusal(error)

    return logged(handler)


def bytes_reply(body: bytes, content_type: str) -> Reply:
    """A private answer that is not JSON of ours."""
    return {
        "statusCode": 200,
        "headers": {"cache-control": "no-store", "content-type": content_type},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def bytes_body(event: Event, largest: int) -> bytes:
    """The request's body as it was sent; InvalidInputError when it is larger."""
    raw = str(event.get("body") or "")
    body = base64.b64decode(raw) if event.get("isBase64Encoded") else raw.encode()
    if len(body) > largest:
        raise InvalidInputError(f"The request body is larger than {largest} bytes.", field="body")
    return body


def json_body(event: Event) -> dict[str, Any]:
    """The request's JSON object; InvalidInputError when it is anything else."""
    raw = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            raw = base64.b64decode(raw, validate=True)
        parsed = json.loads(raw, parse_constant=_not_json)
    # Deeper than the interpreter's stack, a document is nobody's honest request.
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("The request body is not JSON.", field="body") from error
    if not isinstance(parsed, dict):
        raise InvalidInputError("The request body must be a JSON object.", field="body")
    return parsed


def _not_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON (RFC 8259, section 6)")


def header(event: Event, name: str) -> str | None:
    """A request header; API Gateway lowers the names."""
    value = event.get("headers", {}).get(name.lower())
    return None if value is None else str(value)


def claims(event: Event, scope: str) -> dict[str, str]:
    """The claims that the API's own authorizer verified; fails closed without them or the scope.

    Claims arrive as strings. The gateway checks the route's scope before we are called; checking
    it again means that a route deployed without its authorizer answers 401, not data.
    """
    verified = event.get("requestContext", {}).get("authorizer", {}).get("jwt", {}).get("claims")
    if not verified or "sub" not in verified:
        raise UnauthenticatedError("Sign in to continue.")
    if scope not in str(verified.get("scope", "")).split(" "):
        raise RefusedError(f"This needs the scope {scope}.", scope=scope)
    return {name: str(value) for name, value in verified.items()}
