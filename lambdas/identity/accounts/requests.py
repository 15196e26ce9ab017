"""What a form's request says of itself: where it comes from, and whether the form was ours."""

from __future__ import annotations

import secrets

from identity.accounts.device_cookies import DEVICE_BYTES, MARK_LIFE, renewed_cookie
from identity.accounts.domain import TooManyAttemptsError, place_of
from identity.domain import Proven
from kernel.errors import DomainError
from kernel.web.payload import Event, Reply, header

_OUR_SITES = (None, "same-origin", "none")
"""Sec-Fetch-Site of our own forms, and of clients that are no browsers (W3C Fetch Metadata)."""

DEVICE_COOKIE = "__Host-known"
"""A name that no other origin, not even a sibling of ours, can set a cookie under (RFC 6265bis)."""


def caller_place(event: Event) -> str:
    """Where a request comes from; this API stands behind nothing that could say otherwise."""
    return place_of(str(event["requestContext"]["http"].get("sourceIp", "")))


def is_foreign(event: Event, issuer: str) -> bool:
    """Whether a page of somebody else posted this form.

    Browsers send Origin with every POST: another site's name, `null` out of a sandbox, a redirect
    or a file, and our own only from our own pages. No cookie of ours signs anybody in, so what
    is left to forge is signing a person in as somebody else: that, too, is refused.
    """
    foreign = header(event, "origin") not in (None, issuer)
    return foreign or header(event, "sec-fetch-site") not in _OUR_SITES


def device_cookie(event: Event) -> str:
    """By what an account may know the browser that sends this; empty when it sent nothing."""
    for sent in event.get("cookies", []):
        name, _, value = str(sent).partition("=")
        if name.strip() == DEVICE_COOKIE:
            return value
    return ""


def with_device_cookie(answer: Reply, sent: str, proven: Proven) -> Reply:
    """The answer, after which the account knows the browser that it goes to, which sent that."""
    chance = secrets.token_urlsafe(DEVICE_BYTES)
    value = renewed_cookie(proven.account, sent, chance, proven.at)
    seconds = int(MARK_LIFE.total_seconds())
    cookie = (
        f"{DEVICE_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    )
    return {**answer, "cookies": [*answer.get("cookies", []), cookie]}


def with_retry_after(answer: Reply, error: DomainError) -> Reply:
    """The answer, saying when to come back where the error knows (RFC 9110 section 10.2.3)."""
    if not isinstance(error, TooManyAttemptsError):
        return answer
    seconds = str(error.retry_after_seconds)
    return {**answer, "headers": {**answer["headers"], "retry-after": seconds}}
