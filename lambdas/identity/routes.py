"""The sign-in page over HTTP, without a web framework: it is on every sign-in's path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit

from identity.accounts.domain import (
    BlockedAccountError,
    ClosingAccountError,
    TooManyAttemptsError,
    WrongPasswordError,
)
from identity.accounts.requests import (
    caller_place,
    device_cookie,
    is_foreign,
    with_device_cookie,
    with_retry_after,
)
from identity.consent.domain import ConsentNeededError
from identity.consent.pages import consent_page
from identity.domain import EMAIL_MAX_CHARACTERS, Admitted
from identity.forms import body_text
from identity.mfa.domain import SecondStepNeededError
from identity.mfa.pages import SECOND_STEP, staff_page
from identity.oauth.clients import PARAMETER_MAX_CHARACTERS
from identity.oauth.errors import (
    InvalidRequestError,
    OAuthError,
    SecondStepRequiredError,
    UnknownClientError,
)
from identity.oauth.replies import TEMPORARILY_UNAVAILABLE
from identity.pages import problem_page, security_headers, sign_in_page
from identity.service import Authorization
from kernel import log
from kernel.errors import UnavailableError
from kernel.web.payload import Event, Reply, reply
from kernel.web.problems import status_of

REQUEST_PARAMETERS = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
    *("code_challenge", "code_challenge_method", "dpop_jkt"),
    *("prompt", "max_age", "response_mode", "request", "request_uri"),
)


def html_page(
    status: int,
    html: str,
    public_origin: str,
    *,
    request: Mapping[str, str] = MappingProxyType({}),
    scripted: bool = False,
) -> Reply:
    """A page with the headers of all our pages; a form on it may lead to the client whose accepted
    request it carries."""
    # A native client's loopback port is free to vary, and CSP can say so only with a wildcard.
    targets = [public_origin, "http://127.0.0.1:*"]
    client = urlsplit(request.get("redirect_uri", ""))
    if client.netloc and client.hostname != "127.0.0.1":
        targets.append(f"{client.scheme}://{client.netloc}")
    headers = security_headers(" ".join(dict.fromkeys(targets)), scripted=scripted)
    answer = reply(status, headers=headers)
    return {**answer, "body": html}


def authorize(service: Authorization, issuer: str, public_origin: str) -> Callable[[Event], Reply]:
    """`GET /authorize` shows the sign-in page, `POST /authorize` takes it."""

    def answer(event: Event) -> Reply:
        posted = event["requestContext"]["http"]["method"] == "POST"
        text = body_text(event) if posted else event.get("rawQueryString", "")
        pairs = parse_qsl(text, keep_blank_values=True)
        sent = dict(pairs)
        parameters = {name: sent[name] for name in REQUEST_PARAMETERS if sent.get(name)}
        # A client may post its request as well as link to it (OpenID Connect Core 3.1.2.1).
        signs_in = posted and not sent.keys().isdisjoint(("email", "password"))
        if signs_in and is_foreign(event, issuer):
            return html_page(403, problem_page("That form was not ours."), public_origin)
        try:
            _check_said_once([name for name, _ in pairs], service, parameters)
            return _signing_in(event, parameters, sent, signs_in=signs_in)
        except UnknownClientError as error:
            return html_page(400, problem_page(error.message), public_origin)
        except OAuthError as error:
            refusal = {"error": error.code, "error_description": error.message}
            return back_to_client(parameters, {**refusal, "iss": issuer})

    def _signing_in(
        event: Event, parameters: Mapping[str, str], sent: Mapping[str, str], *, signs_in: bool
    ) -> Reply:
        request = service.request(parameters)
        if not signs_in:
            page = sign_in_page(parameters, email=sent.get("login_hint", "")[:EMAIL_MAX_CHARACTERS])
            return html_page(200, page, public_origin, request=parameters, scripted=True)
        email, password = sent.get("email", ""), sent.get("password", "")
        place, cookie = caller_place(event), device_cookie(event)
        try:
            return admitted(
                cookie,
                lambda: service.sign_in(request, email, password, place, cookie),
                parameters,
                issuer,
                public_origin,
            )
        except SecondStepNeededError as needed:
            html = SECOND_STEP.html(parameters, {"step": needed.secret})
            return html_page(200, html, public_origin, request=parameters)
        except SecondStepRequiredError as error:
            log.note(code=error.code)
            page = staff_page(parameters)
            return html_page(status_of(error), page, public_origin, request=parameters)
        except (
            WrongPasswordError,
            BlockedAccountError,
            ClosingAccountError,
            TooManyAttemptsError,
        ) as error:
            log.note(code=error.code)
            page = sign_in_page(parameters, email=email, problem=error.message)
            answer = html_page(
                status_of(error), page, public_origin, request=parameters, scripted=True
            )
            return with_retry_after(answer, error)

    return answer


def _check_said_once(
    names: list[str], service: Authorization, parameters: Mapping[str, str]
) -> None:
    """RFC 6749 section 3.1: told to the client, unless it is in doubt who that is."""
    twice = {name for name in REQUEST_PARAMETERS if names.count(name) > 1}
    if twice & {"client_id", "redirect_uri"}:
        raise UnknownClientError("This sign-in link says two things at once.")
    if twice:
        service.request(parameters)
        raise InvalidRequestError(f"{', '.join(sorted(twice))} is there more than once.")


def admitted(
    cookie: str,
    work: Callable[[], Admitted],
    parameters: Mapping[str, str],
    issuer: str,
    public_origin: str,
) -> Reply:
    """Back to the client with the code that the work makes, with its refusal, or with our own
    trouble (RFC 6749 section 4.1.2.1); or the page that asks whether the client may.

    From then on the account knows the browser, which sent that device cookie, or none.
    """
    try:
        proven = work()
    except ConsentNeededError as needed:
        return html_page(200, consent_page(parameters, needed), public_origin, request=parameters)
    except OAuthError as error:
        refusal = {"error": error.code, "error_description": error.message}
        return back_to_client(parameters, {**refusal, "iss": issuer})
    except UnavailableError as error:
        log.note(code=error.code)
        trouble = {"error": TEMPORARILY_UNAVAILABLE, "error_description": error.message}
        return back_to_client(parameters, {**trouble, "iss": issuer})
    answer = back_to_client(parameters, {"code": proven.code, "iss": issuer})
    return with_device_cookie(answer, cookie, proven)


def back_to_client(parameters: Mapping[str, str], answer: Mapping[str, str]) -> Reply:
    """Back to where the client wants its answer; the request must have been accepted before."""
    sent = parameters.get("state", "")
    state = {"state": sent} if 0 < len(sent) <= PARAMETER_MAX_CHARACTERS else {}
    location = f"{parameters['redirect_uri']}?{urlencode({**answer, **state})}"
    return reply(303, headers={"location": location, "referrer-policy": "no-referrer"})
