"""CORS as an HTTP API does it by itself: preflights answered, the backend's own headers ignored.

Source: "Configure CORS for HTTP APIs" in the API Gateway developer guide.
"""

from __future__ import annotations

from localcloud.gateway.model import Cors
from localcloud.wire import HttpRequest

Headers = list[tuple[str, str]]


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks permission, rather than for the thing itself."""
    return (
        request.method == "OPTIONS"
        and request.header("origin") is not None
        and request.header("access-control-request-method") is not None
    )


def allowed_origin(cors: Cors, origin: str | None) -> str | None:
    """What to answer in `access-control-allow-origin`; None when the origin is not allowed."""
    if origin is None:
        return None
    if "*" in cors.allow_origins:
        return "*"
    return origin if any(_matches(origin, each) for each in cors.allow_origins) else None


def _matches(origin: str, allowed: str) -> bool:
    if allowed in ("http://*", "https://*"):
        return origin.startswith(allowed[:-1])
    return origin == allowed


def preflight_headers(cors: Cors, request: HttpRequest) -> Headers:
    """The headers of the gateway's own answer to a preflight."""
    headers = _common(cors, request)
    if not headers:
        return headers
    if cors.allow_methods:
        headers.append(("access-control-allow-methods", ",".join(cors.allow_methods)))
    if cors.allow_headers:
        headers.append(("access-control-allow-headers", ",".join(cors.allow_headers)))
    if cors.max_age is not None:
        headers.append(("access-control-max-age", str(cors.max_age)))
    return headers


def response_headers(cors: Cors, request: HttpRequest) -> Headers:
    """The headers added to any other answer."""
    headers = _common(cors, request)
    if headers and cors.expose_headers:
        headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
    return headers


def _common(cors: Cors, request: HttpRequest) -> Headers:
    origin = allowed_origin(cors, request.header("origin"))
    if origin is None:
        return []
    headers = [("access-control-allow-origin", origin)]
    if cors.allow_credentials:
        headers.append(("access-control-allow-credentials", "true"))
    return headers


def without_backend_cors(headers: Headers) -> Headers:
    """The integration's headers without its own CORS ones, which the gateway ignores."""
    return [(name, value) for name, value in headers if not name.startswith("access-control-")]
