"""What a person sees while signing in: plain HTML, one style sheet, a script each for remotes and
passkeys."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlencode

_STYLE = files(__name__).joinpath("page.css").read_text()
_PAGE = Template(files(__name__).joinpath("page.html").read_text())
_REMOTE_SCRIPT = files(__name__).joinpath("remote.js").read_text()
PASSKEY_SCRIPT = files(__name__).joinpath("passkeys.js").read_text()
_FORM = Template(files(__name__).joinpath("sign_in.html").read_text())


def _source(inline: str) -> str:
    """The one inline text that a policy lets in (CSP Level 3, section 2.3.1)."""
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _script_tag() -> str:
    version = hashlib.sha256(PASSKEY_SCRIPT.encode()).hexdigest()[:16]
    return f'<script src="/passkeys.js?v={version}" defer></script>'


SCRIPT_TAG = _script_tag()
"""For pages that speak with authenticators; their headers have to allow it."""

_SOURCES = f"script-src {_source(_REMOTE_SCRIPT)}; style-src {_source(_STYLE)}; "
_SCRIPTED_SOURCES = (
    f"script-src 'self' {_source(_REMOTE_SCRIPT)}; connect-src 'self'; "
    f"style-src {_source(_STYLE)}; "
)


def security_headers(form_targets: str, *, scripted: bool = False) -> dict[str, str]:
    """The headers of every page: nothing frames it, the form goes where it says, and nothing runs
    but the remote's script and, where the page is `scripted`, our own file.

    Browsers apply `form-action` to the redirect that follows a form too, hence the targets, and
    under a stricter referrer policy they send our own form with `Origin: null`.
    """
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": (
            f"default-src 'none'; {_SCRIPTED_SOURCES if scripted else _SOURCES}"
            f"base-uri 'none'; form-action 'self' {form_targets}; frame-ancestors 'none'"
        ),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def page(title: str, content: str) -> str:
    """A page of the issuer's; the content is HTML, the title is not."""
    return _PAGE.substitute(
        title=escape(title), style=_STYLE, script=_REMOTE_SCRIPT, content=content
    )


def sign_in_page(parameters: Mapping[str, str], *, email: str = "", problem: str = "") -> str:
    """The sign-in form; it carries the client's request along in hidden fields."""
    query = escape(f"?{urlencode(parameters)}")
    content = _FORM.substitute(
        hidden=hidden_fields(parameters),
        email=escape(email),
        problem=notice(problem),
        sign_up=f"sign-up{query}",
        forgot_password=f"forgot-password{query}",
        script=SCRIPT_TAG,
    )
    return page("Sign in", content)


def authorize_address(parameters: Mapping[str, str]) -> str:
    """The sign-in page for a client's request."""
    return f"/authorize?{urlencode(parameters)}"


def hidden_fields(values: Mapping[str, str]) -> str:
    """Fields that a form carries along."""
    return "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in values.items()
    )


def notice(problem: str) -> str:
    """What went wrong, read out by screen readers when the page opens; nothing without it."""
    return f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""


def problem_page(sentence: str) -> str:
    """A sentence to the person when there is nowhere safe to send them back to."""
    return page("Sign in", f'<h1>That did not work</h1><p class="problem">{escape(sentence)}</p>')
