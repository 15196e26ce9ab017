"""The OAuth endpoints over HTTP, without a web framework: they are on every sign-in's path."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from identity.discovery import discovery_document
from identity.domain import OAuthError, UnknownClientError
from identity.pages import problem_page, security_headers, sign_in_page
from identity.service import Authorization, Tokens, WrongPasswordError
from kernel.web.payload import Event, Reply, header, reply

REQUEST_PARAMETERS = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method"),
)

MAX_FORM_BYTES = 16 * 1024
"""No sign-in form is larger."""

PUBLIC = {"cache-control": "public, max-age=3600"}
"""Discovery and keys: API Gateway caches them for up to two hours itself."""


def _form(event: Event) -> dict[str, str]:
    raw = str(event.get("body") or "")
    if event.get("isBase64Encoded"):
        raw = base64.b64decode(raw).decode("utf-8", errors="replace")
    if len(raw) > MAX_FORM_BYTES:
        return {}
    return dict(parse_qsl(raw, keep_blank_values=True))


def _page(status: int, html: str, public_origin: str) -> Reply:
    # A native client's loopback port is free to vary, and CSP can say so only with a wildcard.
    headers = security_headers(f"{public_origin} http://127.0.0.1:*")
    answer = reply(status, headers=headers)
    return {**answer, "body": html}


def discovery(
    issuer: str, jwks: Callable[[], Sequence[Mapping[str, str]]]
) -> Callable[[Event], Reply]:
    """`GET /.well-known/openid-configuration` and `GET /.well-known/jwks.json`."""

    def answer(event: Event) -> Reply:
        if event["rawPath"].endswith("/jwks.json"):
            return reply(200, {"keys": [dict(jwk) for jwk in jwks()]}, headers=PUBLIC)
        return reply(200, discovery_document(issuer), headers=PUBLIC)

    return answer


def authorize(service: Authorization, issuer: str, public_origin: str) -> Callable[[Event], Reply]:
    """`GET /authorize` shows the sign-in page, `POST /authorize` takes it."""

    def answer(event: Event) -> Reply:
        posted = event["requestContext"]["http"]["method"] == "POST"
        sent = _form(event) if posted else dict(parse_qsl(event.get("rawQueryString", "")))
        parameters = {name: sent[name] for name in REQUEST_PARAMETERS if sent.get(name)}
        if posted and header(event, "origin") not in (None, issuer):
            return _page(403, problem_page("That form was not ours."), public_origin)
        try:
            return _signing_in(parameters, sent, posted=posted)
        except UnknownClientError as error:
            return _page(400, problem_page(error.message), public_origin)
        except OAuthError as error:
            refusal = {"error": error.code, "error_description": error.message}
            return _redirect(parameters, {**refusal, "iss": issuer})

    def _signing_in(
        parameters: Mapping[str, str], sent: Mapping[str, str], *, posted: bool
    ) -> Reply:
        request = service.request(parameters)
        if not posted:
            return _page(200, sign_in_page(parameters), public_origin)
        email = sent.get("email", "")
        try:
            code = service.sign_in(request, email, sent.get("password", ""))
        except WrongPasswordError as error:
            page = sign_in_page(parameters, email=email, problem=error.message)
            return _page(401, page, public_origin)
        return _redirect(parameters, {"code": code, "iss": issuer})

    return answer


def _redirect(parameters: Mapping[str, str], answer: Mapping[str, str]) -> Reply:
    state = {"state": parameters["state"]} if "state" in parameters else {}
    location = f"{parameters['redirect_uri']}?{urlencode({**answer, **state})}"
    return reply(303, headers={"location": location, "referrer-policy": "no-referrer"})


def token(service: Tokens) -> Callable[[Event], Reply]:
    """`POST /token` (RFC 6749 section 3.2)."""

    def answer(event: Event) -> Reply:
        try:
            return reply(200, service.exchange(_form(event)))
        except OAuthError as error:
            return reply(400, {"error": error.code, "error_description": error.message})

    return answer
