"""The page that asks whether an app may, and the one of those that may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

from identity import pages
from identity.accounts.pages import EXPORT
from identity.consent.domain import IN_WORDS, Consent, ConsentNeededError

ENTER = replace(
    EXPORT,
    title="Apps with access",
    lead="See which apps may use your account, and stop them.",
    action="/account/apps",
    button="Continue",
    change="apps",
)

_ASK = Template(files(pages.__name__).joinpath("consent.html").read_text())
_APP = Template(files(pages.__name__).joinpath("consent_app.html").read_text())
_BACK = '<p class="links"><a href="/account">Back to your account</a></p>'


def consent_page(parameters: Mapping[str, str], needed: ConsentNeededError) -> str:
    """Who asks, for what, and where the answer goes; carries the client's request along."""
    content = _ASK.substitute(
        client=escape(needed.client.name),
        email=escape(needed.email),
        whose=""
        if needed.client.is_ours
        else f" {escape(needed.client.name)} is not part of Marquee.",
        wants=_in_words(needed.scope.split()),
        host=escape(urlsplit(parameters["redirect_uri"]).netloc),
        hidden=pages.hidden_fields({**parameters, "ticket": needed.ticket}),
    )
    return pages.page(f"Let {needed.client.name} in?", content)


def apps_page(
    secret: str, allowed: Sequence[Consent], names: Mapping[str, str], problem: str = ""
) -> str:
    """All that was allowed, each with a way to take it back."""
    shown = "\n".join(
        _APP.substitute(
            page=escape(secret),
            client_id=escape(one.client_id),
            name=escape(names.get(one.client_id, one.client_id)),
            wants=_in_words(sorted(one.scopes)),
            since=one.since.date().isoformat(),
        )
        for one in allowed
    )
    content = (
        f"<h1>{ENTER.title}</h1>\n{pages.notice(problem)}\n"
        f"{shown or '<p>No app but ours may use your account.</p>'}\n{_BACK}"
    )
    return pages.page(ENTER.title, content)


def stale_page(parameters: Mapping[str, str], sentence: str) -> str:
    """A sentence, and the way back to the sign-in page with the same request."""
    content = (
        "<h1>That did not work</h1>\n"
        f'<p class="problem" role="alert">{escape(sentence)}</p>\n'
        f'<p class="links"><a href="{escape(pages.authorize_address(parameters))}">Sign in</a></p>'
    )
    return pages.page("Sign in again", content)


def _in_words(scopes: Sequence[str]) -> str:
    return "\n".join(f"<li>{escape(IN_WORDS.get(scope, scope))}</li>" for scope in scopes)
