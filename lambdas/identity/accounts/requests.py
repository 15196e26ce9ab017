"""What a form's request says of itself: where it comes from, and whether the form was ours."""

from __future__ import annotations

from identity.accounts.domain import TooManyAttemptsError, place_of
from kernel.errors import DomainError
from kernel.web.payload import Event, Reply, header

_OUR_SITES = (None, "same-origin", "none")
"""Sec-Fetch-Site of our own forms, and of clients that are no browsers (W3C Fetch Metadata)."""


def caller_place(event: Event) -> str:
    """Where a request comes from; this API stands behind nothing that could say otherwise."""
    return place_of(str(event["requestContext"]["http"].get("sourceIp", "")))


def is_foreign(event: Event, issuer: str) -> bool:
    """Whether a page of somebody else posted this form.

    Browsers send Origin with every POST: another site's name, `null` out of a sandbox, a redirect
    or a file, and our own only from our own pages. No page of ours is known by a cookie, so what
    is left to forge is signing a person in as somebody else: that, too, is refused.
    """
    foreign = header(event, "origin") not in (None, issuer)
    return foreign or header(event, "sec-fetch-site") not in _OUR_SITES


def with_retry_after(answer: Reply, error: DomainError) -> Reply:
    """The answer, saying when to come back where the error knows (RFC 9110 section 10.2.3)."""
    if not isinstance(error, TooManyAttemptsError):
        return answer
    seconds = str(error.retry_after_seconds)
    return {**answer, "headers": {**answer["headers"], "retry-after": seconds}}
