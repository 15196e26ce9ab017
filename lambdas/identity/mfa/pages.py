"""The pages of the second step: plain HTML, no script of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from urllib.parse import quote, urlencode

from identity.accounts.pages import (
    ACCOUNT_LINK,
    EMAIL,
    PASSWORD,
    SECOND_CODE,
    FormPage,
    Told,
)
from identity.pages import page

SECOND_STEP = FormPage(
    "Second step",
    "Enter the code that your authenticator app shows now.",
    "/second-step",
    (SECOND_CODE,),
    "Sign in",
    carries=("step",),
    links=(("/authorize", "Start again"),),
)
TURN_ON = FormPage(
    "Sign in in two steps",
    "After your password you will enter a code from an app on your phone. Whoever steals the "
    "password has not got the phone.",
    "/account/two-step",
    (EMAIL, PASSWORD),
    "Continue",
    links=ACCOUNT_LINK,
    change="two-step",
)
CONFIRM = FormPage(
    "Set up your app",
    "",
    "/account/two-step/confirm",
    (replace(SECOND_CODE, hint="Six digits, which the app shows now."),),
    "Turn on",
    carries=("step",),
    links=ACCOUNT_LINK,
)
TURN_OFF = FormPage(
    "Turn two steps off",
    "From then on whoever knows your password can sign in.",
    "/account/two-step/off",
    (EMAIL, PASSWORD, SECOND_CODE),
    "Turn off",
    links=ACCOUNT_LINK,
    grave=True,
    change="two-step-off",
)
NEW_CODES = FormPage(
    "New recovery codes",
    "You get ten new codes. Those that you have now end.",
    "/account/recovery-codes",
    (EMAIL, PASSWORD, SECOND_CODE),
    "Make new codes",
    links=ACCOUNT_LINK,
    change="recovery-codes",
)


def staff_page(parameters: Mapping[str, str]) -> str:
    """What to do for who asked for staff access after one factor, and ways on from here."""
    words = parameters.get("scope", "").split()
    less = " ".join(word for word in words if word != "staff")
    links = (
        ("/account/two-step", "Turn two steps on"),
        (f"/authorize?{urlencode(parameters)}", "Then sign in again"),
        (f"/authorize?{urlencode({**parameters, 'scope': less})}", "Go on without staff access"),
    )
    said = (
        "Staff access needs a second step: after your password, a code from an app on your phone. "
        "This account has none yet."
    )
    return Told("Staff sign in in two steps", (said,), links).html({})


def set_up_page(picture: str, secret: str, values: Mapping[str, str]) -> str:
    """What an app is set up with, and the form for its first code."""
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    content = (
        f"<h1>{CONFIRM.title}</h1>\n"
        '<p class="hint">Scan this with an authenticator app.</p>\n'
        f'<div class="qr">{picture}</div>\n'
        '<p class="hint">Or enter this key there:</p>\n'
        f'<p class="key">{escape(grouped)}</p>\n'
    )
    return CONFIRM.html({}, values).replace(f"<h1>{CONFIRM.title}</h1>\n", content, 1)


def recovery_page(codes: Sequence[str], origin: str) -> str:
    """The recovery codes, this one time; without a script a link saves them as a file."""
    saved = quote("Marquee recovery codes. Each is good once.\r\n" + "\r\n".join(codes))
    shown = "\n".join(f"<li>{escape(code)}</li>" for code in codes)
    content = (
        "<h1>Keep your recovery codes</h1>\n"
        "<p>Each lets you in once, in place of the app's code, when your phone is lost. We cannot "
        "show them again.</p>\n"
        f'<ul class="codes">\n{shown}\n</ul>\n'
        '<p class="links"><a download="marquee-recovery-codes.txt" '
        f'href="data:text/plain;charset=utf-8,{saved}">Save them as a file</a> '
        f'<a href="{escape(origin)}">Go to Marquee</a></p>'
    )
    return page("Recovery codes", content)
