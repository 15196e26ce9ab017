"""One line for each request: route, status, who, which; and the caller's id in the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernel import correlation, log

Handler = Callable[[Any, Any], dict[str, Any]]

FAILED = 500
"""From here on it is our fault (RFC 9110, section 15.6)."""

REFUSED = 400

_NEVER_NOTED = frozenset({"token"})
"""Of a path: what lets its holder in."""


def logged(work: Handler) -> Handler:
    """The same handler of HTTP requests, leaving a line of each and answering its id."""

    def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
        correlation_id = correlation.of_request(event.get("headers") or {})
        with log.handling("request", correlation_id, **_facts(event, context)):
            answer = work(event, context)
            status = int(answer["statusCode"])
            log.note(status=status)
            if status >= REFUSED:
                log.note(outcome="failed" if status >= FAILED else "refused")
        headers = {**(answer.get("headers") or {}), correlation.ANSWER_HEADER: correlation_id}
        return {**answer, "headers": headers}

    return handler


def _facts(event: Mapping[str, Any], context: object) -> dict[str, object]:
    about = event.get("requestContext") or {}
    in_path = event.get("pathParameters") or {}
    claims = (about.get("authorizer") or {}).get("jwt", {}).get("claims") or {}
    return {
        "route": event.get("routeKey"),
        **{name: one for name, one in in_path.items() if name not in _NEVER_NOTED},
        "account": claims.get("sub"),
        # API Gateway's access log has this id and no headers: it is how the two are joined.
        "request_id": about.get("requestId"),
        "invocation_id": getattr(context, "aws_request_id", None),
    }
