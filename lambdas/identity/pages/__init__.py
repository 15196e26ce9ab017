"""The pages a person sees while signing in: plain HTML, one style sheet, no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template

_STYLE = files(__name__).joinpath("page.css").read_text()
_PAGE = Template(files(__name__).joinpath("page.html").read_text())
_FORM = Template(files(__name__).joinpath("sign_in.html").read_text())


def _style_source() -> str:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def security_headers(form_targets: str) -> dict[str, str]:
    """The headers of every page: nothing runs, nothing frames it, the form goes where it says.

    Browsers apply `form-action` to the redirect that follows a form too, hence the targets, and
    under a stricter referrer policy they send our own form with `Origin: null`.
    """
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": (
            f"default-src 'none'; style-src {_style_source()}; base-uri 'none'; "
            f"form-action 'self' {form_targets}; frame-ancestors 'none'"
        ),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def _page(title: str, content: str) -> str:
    return _PAGE.substitute(title=escape(title), style=_STYLE, content=content)


def sign_in_page(parameters: Mapping[str, str], *, email: str = "", problem: str = "") -> str:
    """The sign-in form; it carries the client's request along in hidden fields."""
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in parameters.items()
    )
    notice = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return _page("Sign in", _FORM.substitute(hidden=hidden, email=escape(email), problem=notice))


def problem_page(sentence: str) -> str:
    """A sentence to the person when there is nowhere safe to send them back to."""
    return _page("Sign in", f'<h1>That did not work</h1><p class="problem">{escape(sentence)}</p>')
