"""SPEKE v2.0 over HTTP: `POST /speke/v2.0/copyProtection`, for AWS principals only.

Refusals are SPEKE's sentences as plain text, the form its encryptors show to people.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from kernel import log
from kernel.errors import DomainError, InvalidInputError, RefusedError
from kernel.web.logged import logged
from kernel.web.payload import Event, Reply, header
from kernel.web.problems import status_of
from keys import cpix
from keys.service import KeyServer

SPEKE_VERSION = "2.0"
USER_AGENT = "Marquee/1"


def speke_handler(server: KeyServer) -> Callable[[Event, object], Reply]:
    """The Lambda handler of the key server."""

    def handler(event: Event, _context: object) -> Reply:
        try:
            caller = _caller(event)
            _check_version(event)
            request = cpix.read_request(_body(event))
            issued = server.issue(request.content_id, request.wanted)
            answer = cpix.fill(request, issued)
        except DomainError as error:
            log.note(code=error.code)
            return _reply(status_of(error), "text/plain; charset=utf-8", error.message)
        for kid in issued:
            log.write("content_key_issued", **_use(request.content_id, kid, caller))
        log.note(outcome="content_keys_issued", content_id=request.content_id)
        return _reply(200, "application/xml", answer.decode())

    return logged(handler)


def _use(content_id: str, kid: str, caller: str) -> dict[str, str]:
    """The audit line of one key leaving the vault; never the key."""
    return {
        "content_id": content_id,
        "kid": kid,
        "caller": caller,
    }


def _caller(event: Event) -> str:
    """The ARN that API Gateway verified; a route deployed without its authorizer is refused."""
    authorizer: Any = event.get("requestContext", {}).get("authorizer", {})
    arn = authorizer.get("iam", {}).get("userArn")
    if not arn:
        raise RefusedError("The key server answers only signed requests of AWS principals.")
    return str(arn)


def _check_version(event: Event) -> None:
    if header(event, "X-Speke-Version") != SPEKE_VERSION:
        raise cpix.SpekeError("Unsupported SPEKE version")


def _body(event: Event) -> bytes:
    raw = str(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        return raw.encode()
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as error:
        raise InvalidInputError("The request body is not base64.") from error


def _reply(status: int, content_type: str, body: str) -> Reply:
    return {
        "statusCode": int(status),
        "headers": {
            "content-type": content_type,
            "cache-control": "no-store",
            "x-speke-version": SPEKE_VERSION,
            "x-speke-user-agent": USER_AGENT,
        },
        "body": body,
    }
