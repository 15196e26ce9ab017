"""Confirming by a passkey over HTTP: the page that asks, what browsers ask for, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from identity.accounts import pages as accounts
from identity.accounts.pages import FormPage
from identity.accounts.requests import caller_place, device_cookie, is_foreign, with_retry_after
from identity.confirmation.domain import CHANGES, Change
from identity.confirmation.pages import confirm_page
from identity.confirmation.service import Confirming
from identity.consent.pages import ENTER as APPS
from identity.forms import form
from identity.mfa import pages as mfa
from identity.pages import problem_page
from identity.passkeys.pages import ENTER as PASSKEYS
from identity.routes import html_page
from kernel import log
from kernel.errors import DomainError, InvalidInputError, RefusedError
from kernel.web.payload import Event, Reply, reply
from kernel.web.problems import status_of

FORMS: Mapping[Change, FormPage] = {
    "password": accounts.CHANGE_PASSWORD,
    "email": accounts.CHANGE_EMAIL,
    "two-step": mfa.TURN_ON,
    "two-step-off": mfa.TURN_OFF,
    "recovery-codes": mfa.NEW_CODES,
    "passkeys": PASSKEYS,
    "apps": APPS,
    "export": accounts.EXPORT,
    "delete": accounts.DELETE,
}
"""Where a confirmation of each change leads: nowhere else, whatever a link says."""

UNKNOWN_CHANGE = "There is nothing like that to confirm."


@dataclass(frozen=True)
class ConfirmationRoutes:
    """`/account/confirm`: asks for a passkey, then shows the form of the change, proven."""

    service: Confirming
    issuer: str
    public_origin: str

    def answer(self, event: Event) -> Reply:
        """Any of the three routes."""
        if event["rawPath"] == "/account/confirm/options":
            return self._options(event)
        posted = event["requestContext"]["http"]["method"] == "POST"
        sent = form(event) if posted else _query(event)
        if posted and is_foreign(event, self.issuer):
            return html_page(403, problem_page("That form was not ours."), self.public_origin)
        try:
            change = _change(sent)
        except InvalidInputError as error:
            return html_page(status_of(error), problem_page(error.message), self.public_origin)
        if not posted:
            return self._asking(200, change)
        return self._confirm(change, sent, device_cookie(event))

    def _options(self, event: Event) -> Reply:
        if is_foreign(event, self.issuer):
            raise RefusedError("That page is not ours.")
        return reply(200, self.service.options(_change(_query(event)), caller_place(event)))

    def _confirm(self, change: Change, sent: Mapping[str, str], cookie: str) -> Reply:
        try:
            given = self.service.confirm(change, sent.get("credential", ""), cookie)
        except DomainError as error:
            log.note(code=error.code)
            answer = self._asking(status_of(error), change, error.message)
            return with_retry_after(answer, error)
        html = FORMS[change].confirmed(given.email).html({}, {"confirmation": given.secret})
        return html_page(200, html, self.public_origin)

    def _asking(self, status: int, change: Change, problem: str = "") -> Reply:
        page = confirm_page(FORMS[change], problem)
        return html_page(status, page, self.public_origin, scripted=True)


def _query(event: Event) -> dict[str, str]:
    return dict(parse_qsl(str(event.get("rawQueryString") or "")))


def _change(sent: Mapping[str, str]) -> Change:
    """The change that a request names; InvalidInputError."""
    named = sent.get("change", "")
    if named not in CHANGES:
        raise InvalidInputError(UNKNOWN_CHANGE, field="change")
    return named
