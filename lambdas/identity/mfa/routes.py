"""The second step over HTTP: of a sign-in, and as its owner turns it on and off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from identity.accounts.pages import FormPage, Told
from identity.accounts.requests import caller_place, device_cookie, is_foreign, with_retry_after
from identity.accounts.routes import Form
from identity.confirmation.replies import refused_form
from identity.forms import form
from identity.mfa import pages
from identity.mfa.service import SecondStep, TwoStep
from identity.oauth.errors import OAuthError, UnknownClientError
from identity.pages import problem_page
from identity.routes import REQUEST_PARAMETERS, admitted, html_page
from kernel import log
from kernel.errors import DomainError
from kernel.web.payload import Event, Reply
from kernel.web.problems import status_of


def second_step(service: SecondStep, issuer: str, public_origin: str) -> Callable[[Event], Reply]:
    """`POST /second-step` takes the code that follows the password."""

    def answer(event: Event) -> Reply:
        sent = form(event)
        parameters = {name: sent[name] for name in REQUEST_PARAMETERS if sent.get(name)}
        if is_foreign(event, issuer):
            return html_page(403, problem_page("That form was not ours."), public_origin)
        try:
            request = service.admission.request(parameters)
        except (UnknownClientError, OAuthError) as error:
            return html_page(400, problem_page(error.message), public_origin)
        secret, given = sent.get("step", ""), sent.get("second_code", "")
        place, cookie = caller_place(event), device_cookie(event)
        try:
            return admitted(
                cookie,
                lambda: service.sign_in(request, secret, given, place, cookie),
                parameters,
                issuer,
                public_origin,
            )
        except DomainError as error:
            log.note(code=error.code)
            html = pages.SECOND_STEP.html(parameters, sent, error.message)
            page = html_page(status_of(error), html, public_origin, request=parameters)
            return with_retry_after(page, error)

    return answer


@dataclass(frozen=True)
class TwoStepPages:
    """`/account/two-step` and what belongs to it."""

    service: TwoStep
    drawn: Callable[[str], str]
    issuer: str
    public_origin: str

    def answer(self, event: Event) -> Reply:
        """The Lambda's whole work."""
        shown, work = self._page_at(str(event["rawPath"]))
        if event["requestContext"]["http"]["method"] == "GET":
            return self._page(200, shown.html({}))
        if is_foreign(event, self.issuer):
            return self._page(403, problem_page("That form was not ours."))
        given = Form(form(event), {}, "", caller_place(event), device_cookie(event))
        try:
            return self._page(200, work(given))
        except DomainError as error:
            return refused_form(shown, given.sent, error, self.public_origin)

    def _page_at(self, path: str) -> tuple[FormPage, Callable[[Form], str]]:
        return {
            "/account/two-step": (pages.TURN_ON, self._set_up),
            "/account/two-step/confirm": (pages.CONFIRM, self._confirm),
            "/account/two-step/off": (pages.TURN_OFF, self._turn_off),
            "/account/recovery-codes": (pages.NEW_CODES, self._new_codes),
        }[path]

    def _set_up(self, given: Form) -> str:
        new = self.service.set_up(given.owner)
        step = {"step": new.page_secret}
        return pages.set_up_page(self.drawn(new.address), new.shown_secret, step)

    def _confirm(self, given: Form) -> str:
        codes = self.service.confirm(given["step"], given["second_code"], given.place, given.cookie)
        return pages.recovery_page(codes, self.public_origin)

    def _turn_off(self, given: Form) -> str:
        self.service.turn_off(given.owner)
        said = ("You sign in with your password alone from now on.",)
        return Told("Two steps are off", said, ((self.public_origin, "Go to Marquee"),)).html({})

    def _new_codes(self, given: Form) -> str:
        codes = self.service.replace_recovery_codes(given.owner)
        return pages.recovery_page(codes, self.public_origin)

    def _page(self, status: int, html: str) -> Reply:
        return html_page(status, html, self.public_origin)
