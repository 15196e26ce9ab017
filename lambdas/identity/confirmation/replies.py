"""What the forms of changes have in common: who posts them, and how they are answered with no."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from identity.accounts.pages import FormPage
from identity.accounts.requests import with_retry_after
from identity.confirmation.domain import PasskeyNeededError
from identity.confirmation.pages import confirm_page
from identity.mfa.check import Owner
from identity.routes import html_page
from kernel import log
from kernel.errors import DomainError, InvalidInputError
from kernel.web.payload import Reply
from kernel.web.problems import status_of


def owner_in(sent: Mapping[str, str], place: str, cookie: str) -> Owner:
    """Whoever says that an account is theirs."""
    return Owner(
        sent.get("email", ""),
        sent.get("password", ""),
        place,
        code=sent.get("second_code", ""),
        cookie=cookie,
        confirmation=sent.get("confirmation", ""),
    )


def refused_form(
    form: FormPage,
    sent: Mapping[str, str],
    error: DomainError,
    public_origin: str,
    request: Mapping[str, str] = MappingProxyType({}),
) -> Reply:
    """The form again with what was wrong; the page that asks for a passkey where only that helps.

    What cannot be chosen is said before a confirmation is used up, so the form keeps it.
    """
    log.note(code=error.code)
    if isinstance(error, PasskeyNeededError):
        html = confirm_page(form, error.message)
        return html_page(status_of(error), html, public_origin, scripted=True)
    keeps = sent.get("confirmation") and isinstance(error, InvalidInputError)
    again = form.confirmed() if keeps else form
    html = again.html(request, sent, error.message)
    return with_retry_after(
        html_page(status_of(error), html, public_origin, request=request), error
    )
