"""The page on which an owner takes a copy of everything that is kept of them."""

from __future__ import annotations

import json
from collections.abc import Callable

from identity.accounts.export import Export
from identity.accounts.pages import EXPORT
from identity.accounts.requests import caller_place, device_cookie, is_foreign
from identity.confirmation.replies import owner_in, refused_form
from identity.forms import form
from identity.pages import problem_page
from identity.routes import html_page
from kernel.errors import DomainError
from kernel.web.payload import Event, Reply, reply

_FILE = {
    "content-disposition": 'attachment; filename="marquee-account.json"',
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
}


def export_page(export: Export, issuer: str, public_origin: str) -> Callable[[Event], Reply]:
    """`GET /account/export` shows the form, `POST /account/export` answers the file."""

    def answer(event: Event) -> Reply:
        if event["requestContext"]["http"]["method"] != "POST":
            return html_page(200, EXPORT.html({}), public_origin)
        if is_foreign(event, issuer):
            return html_page(403, problem_page("That form was not ours."), public_origin)
        sent = form(event)
        try:
            data = export.of(owner_in(sent, caller_place(event), device_cookie(event)))
        except DomainError as error:
            return refused_form(EXPORT, sent, error, public_origin)
        return {**reply(200, headers=_FILE), "body": json.dumps(data, indent=2)}

    return answer
