"""Passkeys over HTTP: signing in with one, and the account's page of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identity.accounts.requests import caller_place, device_cookie, is_foreign, with_retry_after
from identity.confirmation.replies import owner_in, refused_form
from identity.forms import form
from identity.oauth.errors import OAuthError, UnknownClientError
from identity.pages import PASSKEY_SCRIPT, problem_page, sign_in_page
from identity.passkeys.domain import StaleCeremonyError
from identity.passkeys.pages import ENTER, passkeys_page
from identity.passkeys.service import OwnPasskeys, PasskeySignIn
from identity.routes import REQUEST_PARAMETERS, admitted, back_to_client, html_page
from kernel import log
from kernel.errors import DomainError, RefusedError
from kernel.web.payload import Event, Reply, reply
from kernel.web.problems import status_of

FOREIGN = "That form was not ours."


@dataclass(frozen=True)
class SignInRoutes:
    """The script of the pages, the options of a sign-in, and its form."""

    service: PasskeySignIn
    issuer: str
    public_origin: str

    def answer(self, event: Event) -> Reply:
        """Any of the three routes."""
        return {
            "/passkeys.js": self._script,
            "/passkey/options": self._options,
            "/passkey": self._sign_in,
        }[event["rawPath"]](event)

    def _script(self, _event: Event) -> Reply:
        headers = {
            "content-type": "text/javascript; charset=utf-8",
            "cache-control": "public, max-age=3600",
            "x-content-type-options": "nosniff",
        }
        return {**reply(200, headers=headers), "body": PASSKEY_SCRIPT}

    def _options(self, event: Event) -> Reply:
        if is_foreign(event, self.issuer):
            raise RefusedError("That page is not ours.")
        return reply(200, self.service.options(caller_place(event)))

    def _sign_in(self, event: Event) -> Reply:
        sent = form(event)
        parameters = {name: sent[name] for name in REQUEST_PARAMETERS if sent.get(name)}
        if is_foreign(event, self.issuer):
            return html_page(403, problem_page(FOREIGN), self.public_origin)
        try:
            request = self.service.admission.request(parameters)
            cookie = device_cookie(event)
            return admitted(
                cookie,
                lambda: self.service.sign_in(request, sent.get("credential", ""), cookie),
                parameters,
                self.issuer,
                self.public_origin,
            )
        except UnknownClientError as error:
            return html_page(400, problem_page(error.message), self.public_origin)
        except OAuthError as error:
            refusal = {"error": error.code, "error_description": error.message}
            return back_to_client(parameters, {**refusal, "iss": self.issuer})
        except DomainError as error:
            log.note(code=error.code)
            page = sign_in_page(parameters, problem=error.message)
            answer = html_page(
                status_of(error), page, self.public_origin, request=parameters, scripted=True
            )
            return with_retry_after(answer, error)


@dataclass(frozen=True)
class AccountRoutes:
    """`/account/passkeys`: a form that asks who it is, then the page with forms of its own."""

    service: OwnPasskeys
    issuer: str
    public_origin: str

    def answer(self, event: Event) -> Reply:
        """Any of the routes."""
        if event["requestContext"]["http"]["method"] == "GET":
            return self._page(200, ENTER.html({}))
        if is_foreign(event, self.issuer):
            return self._page(403, problem_page(FOREIGN))
        sent = form(event)
        changes: Mapping[str, Callable[[str, Mapping[str, str]], None]] = {
            "/account/passkeys/add": self._add,
            "/account/passkeys/rename": self._rename,
            "/account/passkeys/remove": self._remove,
        }
        change = changes.get(event["rawPath"])
        try:
            if change is None:
                owner = owner_in(sent, caller_place(event), device_cookie(event))
                return self._shown(self.service.enter(owner))
            return self._changed(change, sent)
        except DomainError as error:
            return refused_form(ENTER, sent, error, self.public_origin)

    def _changed(
        self, change: Callable[[str, Mapping[str, str]], None], sent: Mapping[str, str]
    ) -> Reply:
        """The page after a change, or with what was wrong with it; its time may be over, too."""
        secret = sent.get("page", "")
        try:
            change(secret, sent)
        except StaleCeremonyError:
            raise
        except DomainError as error:
            log.note(code=error.code)
            return self._shown(secret, error)
        return self._shown(secret)

    def _add(self, secret: str, sent: Mapping[str, str]) -> None:
        self.service.add(secret, sent.get("name", ""), sent.get("credential", ""))

    def _rename(self, secret: str, sent: Mapping[str, str]) -> None:
        self.service.rename(secret, sent.get("passkey", ""), sent.get("name", ""))

    def _remove(self, secret: str, sent: Mapping[str, str]) -> None:
        self.service.remove(secret, sent.get("passkey", ""))

    def _shown(self, secret: str, problem: DomainError | None = None) -> Reply:
        page = passkeys_page(secret, self.service.shown(secret), problem.message if problem else "")
        return self._page(status_of(problem) if problem else 200, page, scripted=True)

    def _page(self, status: int, html: str, *, scripted: bool = False) -> Reply:
        return html_page(status, html, self.public_origin, scripted=scripted)
