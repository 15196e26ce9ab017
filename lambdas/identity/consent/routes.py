"""Consent over HTTP: the answer to the question, and the account's page of apps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identity.accounts.requests import caller_place, device_cookie, is_foreign
from identity.confirmation.replies import owner_in, refused_form
from identity.consent.apps import Apps
from identity.consent.domain import StaleConsentError
from identity.consent.pages import ENTER, apps_page, stale_page
from identity.consent.service import Deciding
from identity.forms import form
from identity.oauth.errors import OAuthError, UnknownClientError
from identity.pages import problem_page
from identity.routes import REQUEST_PARAMETERS, admitted, html_page
from kernel import log
from kernel.errors import DomainError
from kernel.web.payload import Event, Reply

FOREIGN = "That form was not ours."


def consent(service: Deciding, issuer: str, public_origin: str) -> Callable[[Event], Reply]:
    """`POST /consent` takes the answer."""

    def answer(event: Event) -> Reply:
        sent = form(event)
        parameters = {name: sent[name] for name in REQUEST_PARAMETERS if sent.get(name)}
        if is_foreign(event, issuer):
            return html_page(403, problem_page(FOREIGN), public_origin)
        decision = sent.get("decision")
        try:
            request = service.admission.request(parameters)
            if decision not in ("allow", "deny"):
                raise StaleConsentError("Say whether to allow it. Sign in again.")
            log.note(decision=decision, client=request.client_id)
            return admitted(
                device_cookie(event),
                lambda: service.decide(request, sent.get("ticket", ""), allow=decision == "allow"),
                parameters,
                issuer,
                public_origin,
            )
        except (UnknownClientError, OAuthError) as error:
            return html_page(400, problem_page(error.message), public_origin)
        except StaleConsentError as error:
            log.note(code=error.code)
            return html_page(400, stale_page(parameters, error.message), public_origin)

    return answer


@dataclass(frozen=True)
class AppRoutes:
    """`/account/apps`: a form that asks who it is, then the page with forms of its own."""

    service: Apps
    names: Mapping[str, str]
    """What people call the clients."""
    issuer: str
    public_origin: str

    def answer(self, event: Event) -> Reply:
        """Any of the routes."""
        if event["requestContext"]["http"]["method"] == "GET":
            return self._page(200, ENTER.html({}))
        if is_foreign(event, self.issuer):
            return self._page(403, problem_page(FOREIGN))
        sent = form(event)
        try:
            if event["rawPath"] == "/account/apps/withdraw":
                secret = sent.get("page", "")
                self.service.withdraw(secret, sent.get("client", ""))
            else:
                owner = owner_in(sent, caller_place(event), device_cookie(event))
                secret = self.service.enter(owner)
            shown = apps_page(secret, self.service.shown(secret), self.names)
        except DomainError as error:
            return refused_form(ENTER, sent, error, self.public_origin)
        return self._page(200, shown)

    def _page(self, status: int, html: str) -> Reply:
        return html_page(status, html, self.public_origin)
