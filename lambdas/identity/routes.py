"""The sign-in page over HTTP, without a web framework: it is on every sign-in's path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from identity.accounts.domain import (
    BlockedAccountError,
    ClosingAccountError,
    TooManyAttemptsError,
    WrongPasswordError,
)
from identity.accounts.requests import caller_place, is_foreign, with_retry_after
from identity.forms import form
from identity.mfa.domain import SecondStepNeededError
from identity.mfa.pages import SECOND_STEP
from identity.oauth.clients import PARAMETER_MAX_CHARACTERS
from identity.oauth.errors import OAuthError, UnknownClientError
from identity.pages import problem_page, security_headers, sign_in_page
from identity.service import Authorization
from kernel import log
from kernel.web.payload import Event, Reply, reply
from kernel.web.problems import status_of

REQUEST_PARAMETERS = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method", "dpop_jkt"),
    *("prompt", "response_mode", "request", "request_uri"),
)


def html_page(status: int, html: str, public_origin: str, *, scripted: bool = False) -> Reply:
    """A page with the headers of all our pages."""
    # A native client's loopback port is free to vary, and CSP can say so only with a wildcard.
    headers = security_headers(f"{public_origin} http://127.0.0.1:*", scripted=scripted)
    answer = reply(status, headers=headers)
    return {**answer, "body": html}


def authorize(service: Authorization, issuer: str, public_origin: str) -> Callable[[Event], Reply]:
    """`GET /authorize` shows the sign-in page, `POST /authorize` takes it."""

    def answer(event: Event) -> Reply:
        posted = event["requestContext"]["http"]["method"] == "POST"
        sent = form(event) if posted else dict(parse_qsl(event.get("rawQueryString", "")))
        parameters = {name: sent[name] for name in REQUEST_PARAMETERS if sent.get(name)}
        if posted and is_foreign(event, issuer):
            return html_page(403, problem_page("That form was not ours."), public_origin)
        try:
            return _signing_in(parameters, sent, caller_place(event), posted=posted)
        except UnknownClientError as error:
            return html_page(400, problem_page(error.message), public_origin)
        except OAuthError as error:
            refusal = {"error": error.code, "error_description": error.message}
            return back_to_client(parameters, {**refusal, "iss": issuer})

    def _signing_in(
        parameters: Mapping[str, str], sent: Mapping[str, str], place: str, *, posted: bool
    ) -> Reply:
        request = service.request(parameters)
        if not posted:
            return html_page(200, sign_in_page(parameters), public_origin, scripted=True)
        email = sent.get("email", "")
        try:
            code = service.sign_in(request, email, sent.get("password", ""), place)
        except SecondStepNeededError as needed:
            html = SECOND_STEP.html(parameters, {"step": needed.secret})
            return html_page(200, html, public_origin)
        except (
            WrongPasswordError,
            BlockedAccountError,
            ClosingAccountError,
            TooManyAttemptsError,
        ) as error:
            log.note(code=error.code)
            page = sign_in_page(parameters, email=email, problem=error.message)
            answer = html_page(status_of(error), page, public_origin, scripted=True)
            return with_retry_after(answer, error)
        return back_to_client(parameters, {"code": code, "iss": issuer})

    return answer


def back_to_client(parameters: Mapping[str, str], answer: Mapping[str, str]) -> Reply:
    """Back to where the client wants its answer; the request must have been accepted before."""
    sent = parameters.get("state", "")
    state = {"state": sent} if 0 < len(sent) <= PARAMETER_MAX_CHARACTERS else {}
    location = f"{parameters['redirect_uri']}?{urlencode({**answer, **state})}"
    return reply(303, headers={"location": location, "referrer-policy": "no-referrer"})
