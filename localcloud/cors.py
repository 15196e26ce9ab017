"""S3's answers to browsers: preflights and response headers by a bucket's CORS rules.

Pure. Source: Amazon S3 user guide, "Using cross-origin resource sharing (CORS)".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
    "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers "
    "are not whitelisted by the resource's CORS spec."
)
"""S3's own sentence, its spelling included."""
NOT_ENABLED = "CORSResponse: CORS is not enabled for this bucket."
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CorsRule:
    """One rule of a bucket's CORS configuration."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_seconds: int | None = None

    def admits(self, origin: str, method: str, requested: Sequence[str] = ()) -> bool:
        """Whether the rule covers a request from this origin with these headers."""
        return (
            any(_like(pattern, origin) for pattern in self.origins)
            and method in self.methods
            and all(
                any(_like(pattern.lower(), name.lower()) for pattern in self.headers)
                for name in requested
            )
        )


def _like(pattern: str, value: str) -> bool:
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), value) is not None


def preflight(
    rules: Sequence[CorsRule], origin: str, method: str, requested: Sequence[str]
) -> Headers | None:
    """The headers that grant a preflight by the first rule that covers it, or None."""
    for rule in rules:
        if rule.admits(origin, method, requested):
            names = ", ".join(name.lower() for name in requested)
            allowed = (("access-control-allow-headers", names),) if names else ()
            return _granted(rule, origin, allowed)
    return None


def response_headers(rules: Sequence[CorsRule], origin: str, method: str) -> Headers:
    """What an actual answer carries; nothing when no rule covers the request."""
    for rule in rules:
        if rule.admits(origin, method):
            return _granted(rule, origin, ())
    return ()


def requested_headers(value: str | None) -> list[str]:
    """The names in an Access-Control-Request-Headers header."""
    return [name.strip() for name in (value or "").split(",") if name.strip()]


def _granted(rule: CorsRule, origin: str, allowed: Headers) -> Headers:
    # A rule for everybody answers `*` and therefore without credentials.
    everybody = "*" in rule.origins
    headers: list[tuple[str, str]] = [
        ("access-control-allow-origin", "*" if everybody else origin),
        ("access-control-allow-methods", ", ".join(rule.methods)),
        *allowed,
    ]
    if rule.exposed:
        headers.append(("access-control-expose-headers", ", ".join(rule.exposed)))
    if rule.max_age_seconds is not None:
        headers.append(("access-control-max-age", str(rule.max_age_seconds)))
    if not everybody:
        headers.append(("access-control-allow-credentials", "true"))
    headers.append(("vary", VARY))
    return tuple(headers)
