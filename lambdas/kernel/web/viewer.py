"""What the edge says of a viewer, believed only when the edge proves that it said it.

Anybody can call an API's own address and send `CloudFront-Viewer-Country`. Requests through the
distribution carry the origin secret, which CloudFront sets over whatever the viewer sent.
"""

from __future__ import annotations

import re
from typing import Protocol

from kernel.web.payload import Event, header

ORIGIN_SECRET_HEADER = "X-Marquee-Origin"  # noqa: S105 - a header's name, not a secret
COUNTRY_HEADER = "CloudFront-Viewer-Country"

_COUNTRY = re.compile(r"[A-Z]{2}")
"""ISO 3166-1 alpha-2."""


class OriginSecret(Protocol):
    """The secret between the edge and the API."""

    def accepts(self, presented: str) -> bool:
        """Whether it is the secret, or the one before it while the edge follows a rotation."""


def viewer_country(event: Event, secret: OriginSecret) -> str | None:
    """Where the viewer is, None when nobody trustworthy says so: callers refuse then."""
    presented = header(event, ORIGIN_SECRET_HEADER)
    if not presented or not secret.accepts(presented):
        return None
    country = header(event, COUNTRY_HEADER)
    return country if country is not None and _COUNTRY.fullmatch(country) else None
