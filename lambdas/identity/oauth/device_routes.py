"""The page where a TV's code is entered, and signing out: what a person sees of OAuth."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from identity.accounts.requests import caller_place, device_cookie, is_foreign
from identity.forms import form
from identity.oauth.device_grants import UnknownUserCodeError, shown, typed
from identity.oauth.device_pages import (
    approval_page,
    code_page,
    decided_page,
    problem_page,
    signed_out_page,
)
from identity.oauth.devices import DevicePage, StaleVisitError
from identity.oauth.errors import OAuthError
from identity.oauth.grants import SECRET_BYTES
from identity.oauth.replies import parameters, without_repetition
from identity.pages import security_headers
from kernel import log
from kernel.clock import Clock
from kernel.errors import TooManyRequestsError, UnavailableError
from kernel.web.payload import RETRY_AFTER_SECONDS, Event, Reply, reply

VISIT = "__Host-device"
"""A name that no other origin, not even a sibling of ours, can set a cookie under (RFC 6265bis)."""

VISIT_SECONDS = 600
"""As long as a code lives."""


class SignOut(Protocol):
    """What `logout` needs of `SigningOut`."""

    def sign_out(self, parameters: Mapping[str, str]) -> str | None:
        """Where to go then."""


@dataclass(frozen=True)
class DevicePages:
    """`/device` takes a code, `/device/approve` shows the device behind it and takes a decision."""

    service: DevicePage
    issuer: str
    names: Mapping[str, str]
    """What people call the clients."""
    clock: Clock

    def answer(self, event: Event) -> Reply:
        """Any of the four routes."""
        method, path = event["requestContext"]["http"]["method"], event["rawPath"]
        if method == "POST" and is_foreign(event, self.issuer):
            return self._page(403, problem_page("That form was not ours."))
        routes = {
            ("GET", "/device"): self._form,
            ("POST", "/device"): self._entered,
            ("GET", "/device/approve"): self._asked,
            ("POST", "/device/approve"): self._decided,
        }
        try:
            return routes[method, path](event)
        except UnknownUserCodeError as error:
            typed_before = form(event).get("user_code", "")
            return self._page(400, code_page(typed_before, problem=error.message))
        except StaleVisitError as error:
            log.note(code=error.code)
            return self._page(400, problem_page(error.message, again=True))
        except TooManyRequestsError as error:
            log.note(code=error.code)
            wait = {"retry-after": str(error.facts["retry_after_seconds"])}
            return self._page(429, code_page("", problem=error.message), wait)
        except UnavailableError as error:
            log.note(code=error.code)
            wait = {"retry-after": RETRY_AFTER_SECONDS}
            return self._page(503, problem_page(error.message, again=True), wait)

    def _form(self, event: Event) -> Reply:
        return self._page(200, code_page(_query(event).get("user_code", "")))

    def _entered(self, event: Event) -> Reply:
        visit = secrets.token_urlsafe(SECRET_BYTES)
        target = self.service.sign_in_address(
            form(event).get("user_code", ""), visit, caller_place(event)
        )
        return reply(303, headers={"location": target}, cookies=[_cookie(visit, VISIT_SECONDS)])

    def _asked(self, event: Event) -> Reply:
        query = _query(event)
        if "code" not in query:
            raise StaleVisitError("The sign-in did not work. Enter the code again.")
        grant, ticket = self.service.signed_in(
            query["code"], query.get("state", ""), _visit(event), device_cookie(event)
        )
        shown_page = approval_page(
            grant,
            self.names[grant.client_id],
            ticket,
            self.clock(),
            is_near=grant.asked_from == caller_place(event),
        )
        return self._page(200, shown_page)

    def _decided(self, event: Event) -> Reply:
        sent = form(event)
        decision = sent.get("decision")
        if decision not in ("approve", "deny"):
            raise StaleVisitError("Choose whether to let the device in. Enter the code again.")
        approve = decision == "approve"
        grant = self.service.decide(sent.get("ticket", ""), _visit(event), approve=approve)
        log.note(decision=decision, client=grant.client_id)
        done = self._page(200, decided_page(self.names[grant.client_id], approved=approve))
        return {**done, "cookies": [_cookie("", 0)]}

    def _page(self, status: int, html: str, extra: Mapping[str, str] | None = None) -> Reply:
        headers = {**security_headers(self.issuer), **(extra or {})}
        return {**reply(status, headers=headers), "body": html}


def _cookie(value: str, seconds: int) -> str:
    return f"{VISIT}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"


def device_qr(issuer: str, drawn: Callable[[str], str]) -> Callable[[Event], Reply]:
    """`GET /device/qr`: the address with the code in it, as a picture for the TV to show."""

    def answer(event: Event) -> Reply:
        user_code = shown(typed(_query(event).get("user_code", "")))
        picture = drawn(f"{issuer}/device?user_code={user_code}")
        headers = {
            "content-type": "image/svg+xml",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
            "x-content-type-options": "nosniff",
            # A TV app of another origin shows it.
            "cross-origin-resource-policy": "cross-origin",
        }
        return {**reply(200, headers=headers), "body": picture}

    return answer


def logout(service: SignOut, issuer: str) -> Callable[[Event], Reply]:
    """`GET` and `POST /logout` (OpenID Connect RP-Initiated Logout 1.0)."""

    def answer(event: Event) -> Reply:
        headers = security_headers(issuer)
        try:
            posted = event["requestContext"]["http"]["method"] == "POST"
            query = event.get("rawQueryString", "")
            sent = parameters(event) if posted else without_repetition(query)
            target = service.sign_out(sent)
        except OAuthError as error:
            log.note(code=error.code)
            return {**reply(400, headers=headers), "body": problem_page(error.message)}
        if target is None:
            return {**reply(200, headers=headers), "body": signed_out_page()}
        return reply(303, headers={"location": target, "referrer-policy": "no-referrer"})

    return answer


def _query(event: Event) -> dict[str, str]:
    return dict(parse_qsl(event.get("rawQueryString", "")))


def _visit(event: Event) -> str:
    """The visit in the cookie; StaleVisitError without one."""
    for sent in event.get("cookies", []):
        name, _, value = str(sent).partition("=")
        if name.strip() == VISIT and value:
            return value
    raise StaleVisitError(
        "This was begun in another browser, or cookies are off. Enter the code again."
    )
