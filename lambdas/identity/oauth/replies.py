"""How the OAuth endpoints read requests and refuse them, each as its specification says."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from identity.forms import body_text, form
from identity.oauth.clients import DEVICE_CODE
from identity.oauth.errors import (
    InsufficientScopeError,
    InvalidClientError,
    InvalidRequestError,
    InvalidTokenError,
    OAuthError,
)
from kernel import log
from kernel.errors import DomainError, TooManyRequestsError, UnavailableError
from kernel.web.payload import RETRY_AFTER_SECONDS, Event, Reply, header, reply

FORM = "application/x-www-form-urlencoded"

_STATUSES: Mapping[type[OAuthError], int] = {
    InvalidClientError: 401,
    InvalidTokenError: 401,
    InsufficientScopeError: 403,
}
"""RFC 6749 section 5.2 and RFC 6750 section 3.1; all others are 400."""


TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
"""What RFC 6749 section 4.1.2.1 says of trouble of our own; section 5.2 has no word of its own."""


@dataclass(frozen=True)
class Credentials:
    """What a client sent of itself in the Authorization header (RFC 6749 section 2.3.1)."""

    client_id: str
    secret: str


def basic_credentials(event: Event) -> Credentials | None:
    """The client's name and secret; None when the header is absent or of another scheme."""
    scheme, _, encoded = (header(event, "authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise InvalidClientError("The Authorization header is not readable.") from error
    if not colon:
        raise InvalidClientError("The Authorization header is not readable.")
    return Credentials(unquote_plus(client_id), unquote_plus(secret))


def parameters(event: Event) -> dict[str, str]:
    """The fields of a posted form; InvalidRequestError when it is none or says a thing twice."""
    content_type = (header(event, "content-type") or FORM).partition(";")[0].strip().lower()
    if content_type != FORM:
        raise InvalidRequestError(f"Send {FORM}.")
    return without_repetition(body_text(event))


def without_repetition(query: str) -> dict[str, str]:
    """The parameters of a query or form; none may be there twice (RFC 6749 sections 3.1, 3.2)."""
    pairs = parse_qsl(query, keep_blank_values=True)
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidRequestError("A parameter is there more than once.")
    return fields


def public_client(event: Event) -> dict[str, str]:
    """The form of a public client: its name stands there, or in a Basic header without a secret,
    as some libraries send it."""
    form = parameters(event)
    sent = basic_credentials(event)
    if sent is None:
        return form
    if sent.secret:
        raise InvalidClientError("Clients here have no secret.")
    if form.get("client_id", sent.client_id) != sent.client_id:
        raise InvalidRequestError("client_id and the Authorization header name two clients.")
    return {**form, "client_id": sent.client_id}


def oauth(work: Callable[[Event], Reply]) -> Callable[[Event], Reply]:
    """The same, with every refusal in the form of RFC 6749 section 5.2."""

    def answer(event: Event) -> Reply:
        try:
            return work(event)
        except OAuthError as error:
            log.note(code=error.code, **error.facts)
            status = _STATUSES.get(type(error), 400)
            said = {"error": error.code, "error_description": error.message}
            return reply(status, said, headers=_challenge(event, error, status))
        except TooManyRequestsError as error:
            log.note(code=error.code)
            wait = str(error.facts["retry_after_seconds"])
            # A device that polls ends at any word but this one (RFC 8628 section 3.5).
            word = "slow_down" if _is_poll(event) else TEMPORARILY_UNAVAILABLE
            return _later(429, word, error, wait)
        except UnavailableError as error:
            log.note(code=error.code)
            return _later(503, TEMPORARILY_UNAVAILABLE, error, RETRY_AFTER_SECONDS)

    return answer


def _later(status: int, word: str, error: DomainError, wait: str) -> Reply:
    said = {"error": word, "error_description": error.message}
    return reply(status, said, headers={"retry-after": wait})


def _is_poll(event: Event) -> bool:
    return form(event).get("grant_type") == DEVICE_CODE


def _challenge(event: Event, error: OAuthError, status: int) -> dict[str, str]:
    """How to authenticate, where that is what failed (RFC 9110 section 11.6.1)."""
    if isinstance(error, InvalidTokenError | InsufficientScopeError):
        # What was not sent is not called invalid (RFC 6750 section 3.1).
        detail = f' error="{error.code}"' if header(event, "authorization") else ""
        return {"www-authenticate": f"Bearer{detail}"}
    return {"www-authenticate": 'Basic realm="marquee"'} if status == 401 else {}
