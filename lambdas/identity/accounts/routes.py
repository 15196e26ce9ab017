"""The account pages over HTTP: each address shows a form, or takes it.

The client's request travels through the forms of sign-up and recovery, so that a person ends where
they began: in the app, signed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from identity.accounts import pages
from identity.accounts.domain import preferred_language
from identity.accounts.pages import FormPage, Told
from identity.accounts.requests import (
    caller_place,
    device_cookie,
    is_foreign,
    with_device_cookie,
)
from identity.accounts.service import Recovery, SignUp, Upkeep
from identity.confirmation.replies import owner_in, refused_form
from identity.domain import Admitted, Proven
from identity.forms import form
from identity.mfa.check import Owner
from identity.mfa.domain import PASSWORD
from identity.oauth.clients import AuthorizationRequest
from identity.oauth.errors import OAuthError, UnknownClientError
from identity.pages import problem_page
from identity.routes import REQUEST_PARAMETERS, admitted, html_page
from kernel import log
from kernel.errors import DomainError
from kernel.web.payload import Event, Reply, header, reply


class Admission(Protocol):
    """What lets somebody into a client."""

    def request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """What the client asks for; UnknownClientError or an OAuthError."""

    def admit(self, request: AuthorizationRequest, proven: Proven, methods: str) -> Admitted:
        """A code for the client."""


@dataclass(frozen=True)
class Form:
    """A form that was posted."""

    sent: Mapping[str, str]
    request: dict[str, str]
    """What the client asked for; empty for who came without one."""
    language: str
    place: str
    cookie: str = ""
    """By which an account may know the browser."""

    def __getitem__(self, name: str) -> str:
        """A field; empty when it was not sent."""
        return self.sent.get(name, "")

    @property
    def owner(self) -> Owner:
        """Whoever says that an account is theirs."""
        return owner_in(self.sent, self.place, self.cookie)


@dataclass(frozen=True)
class Accounts:
    """Every page: what is shown at an address, and what its form does."""

    sign_up: SignUp
    recovery: Recovery
    upkeep: Upkeep
    admission: Admission
    issuer: str
    public_origin: str

    def answer(self, event: Event) -> Reply:
        """The Lambda's whole work."""
        posted = event["requestContext"]["http"]["method"] == "POST"
        path = str(event["rawPath"])
        sent = form(event) if posted else dict(parse_qsl(event.get("rawQueryString", "")))
        request = {name: sent[name] for name in REQUEST_PARAMETERS if sent.get(name)}
        if posted and is_foreign(event, self.issuer):
            return self._page(403, problem_page("That form was not ours."))
        try:
            if request:
                self.admission.request(request)
        except (UnknownClientError, OAuthError) as error:
            return self._page(400, problem_page(error.message))
        if not posted:
            return self._page(200, self._shown(path).html(request))
        shown, work = self._taken(path)
        given = Form(
            sent,
            request,
            preferred_language(header(event, "accept-language") or ""),
            caller_place(event),
            device_cookie(event),
        )
        try:
            return work(given)
        except DomainError as error:
            return refused_form(shown, sent, error, self.public_origin, request)

    def _shown(self, path: str) -> FormPage | Told:
        shown: dict[str, FormPage | Told] = {
            "/sign-up": pages.SIGN_UP,
            "/forgot-password": pages.FORGOT_PASSWORD,
            "/account": pages.account(self.public_origin),
            "/account/password": pages.CHANGE_PASSWORD,
            "/account/email": pages.CHANGE_EMAIL,
            "/account/delete": pages.DELETE,
        }
        return shown[path]

    def _taken(self, path: str) -> tuple[FormPage, Callable[[Form], Reply]]:
        return {
            "/sign-up": (pages.SIGN_UP, self._sign_up),
            "/verify": (pages.VERIFY, self._verify),
            "/forgot-password": (pages.FORGOT_PASSWORD, self._forgot_password),
            "/reset-password": (pages.RESET_PASSWORD, self._reset_password),
            "/account/password": (pages.CHANGE_PASSWORD, self._change_password),
            "/account/email": (pages.CHANGE_EMAIL, self._change_email),
            "/account/email/confirm": (pages.CONFIRM_EMAIL, self._confirm_email),
            "/account/delete": (pages.DELETE, self._delete),
        }[path]

    def _sign_up(self, given: Form) -> Reply:
        secret = self.sign_up.request(
            given["email"], given["new_password"], given.language, given.place
        )
        html = pages.VERIFY.html(given.request, {"challenge": secret})
        return self._page(200, html, given.request)

    def _verify(self, given: Form) -> Reply:
        account = self.sign_up.confirm(given["challenge"], given["code"], given.place)
        log.note(account=account.account_id)
        proven = Proven(account, account.created_at)
        if not given.request:
            answer = self._told("Your account is ready", "Sign in and watch.")
            return with_device_cookie(answer, given.cookie, proven)
        return self._admitted(given, proven)

    def _admitted(self, given: Form, proven: Proven) -> Reply:
        request = self.admission.request(given.request)
        return admitted(
            given.cookie,
            # An account that is new has no second factor.
            lambda: self.admission.admit(request, proven, PASSWORD),
            given.request,
            self.issuer,
            self.public_origin,
        )

    def _forgot_password(self, given: Form) -> Reply:
        secret = self.recovery.request(given["email"], given.language, given.place, given.cookie)
        return self._page(200, pages.RESET_PASSWORD.html(given.request, {"challenge": secret}))

    def _reset_password(self, given: Form) -> Reply:
        proven = self.recovery.reset(
            given["challenge"], given["code"], given["new_password"], given.place, given.cookie
        )
        answer = self._to_sign_in(given.request)
        return answer if proven is None else with_device_cookie(answer, given.cookie, proven)

    def _to_sign_in(self, request: Mapping[str, str]) -> Reply:
        """By the sign-in page, which asks for whatever else an account wants to see."""
        if not request:
            return self._told("Your password is changed", "Sign in with the new one.")
        return reply(303, headers={"location": f"{self.issuer}/authorize?{urlencode(request)}"})

    def _change_password(self, given: Form) -> Reply:
        proven = self.upkeep.change_password(given.owner, given["new_password"])
        answer = self._told(
            "Your password is changed",
            "Every device was signed out.",
            "Passkeys still sign in: see under “Passkeys” of your account that each is yours.",
        )
        return with_device_cookie(answer, given.cookie, proven)

    def _change_email(self, given: Form) -> Reply:
        secret = self.upkeep.request_email(given.owner, given["new_email"])
        return self._page(200, pages.CONFIRM_EMAIL.html({}, {"challenge": secret}))

    def _confirm_email(self, given: Form) -> Reply:
        email = self.upkeep.confirm_email(
            given["challenge"], given["code"], given.place, given.cookie
        )
        return self._told("Your address is changed", f"Sign in with {email} from now on.")

    def _delete(self, given: Form) -> Reply:
        due = self.upkeep.delete(given.owner)
        return self._told(
            "Your account will be deleted",
            f"Every device was signed out. All is gone after {due.date().isoformat()}.",
            "Until then, “Forgot your password?” brings it back.",
        )

    def _told(self, title: str, *sentences: str) -> Reply:
        told = Told(title, sentences, ((self.public_origin, "Go to Marquee"),))
        return self._page(200, told.html({}))

    def _page(
        self, status: int, html: str, request: Mapping[str, str] = MappingProxyType({})
    ) -> Reply:
        return html_page(status, html, self.public_origin, request=request)
