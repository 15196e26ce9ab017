"""The pages on which people get, keep and leave an account: one form each.

A page is described as data; one place makes HTML of it, and escapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Literal
from urllib.parse import urlencode

from identity.confirmation.domain import Change
from identity.domain import PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS
from identity.pages import hidden_fields, notice, page


@dataclass(frozen=True)
class Field:
    """What a person fills in."""

    name: str
    label: str
    kind: str
    """The type of an HTML input."""
    autocomplete: str
    """WCAG 2.2, success criterion 1.3.5; also what password managers go by."""
    hint: str = ""
    keeps_value: bool = False
    """Whether it is filled in again after a mistake; passwords never are."""
    style: str = ""
    shortest: int = 0
    longest: int = 0
    optional: bool = False


@dataclass(frozen=True)
class FormPage:
    """A title, a sentence, fields, a button."""

    title: str
    lead: str
    action: str
    fields: tuple[Field, ...]
    button: str
    carries: tuple[str, ...] = ()
    """Names of what the form carries along, beside the client's request."""
    links: tuple[tuple[str, str], ...] = ()
    """Addresses and words; the client's request goes with them."""
    grave: bool = False
    """Whether the button cannot be taken back easily."""
    change: Change | Literal[""] = ""
    """What it changes of the account: then a passkey does in place of who one says one is."""

    def html(
        self,
        request: Mapping[str, str],
        values: Mapping[str, str] | None = None,
        problem: str = "",
    ) -> str:
        """The page, with the client's request in it and what was filled in before."""
        given = values or {}
        carried = {name: given[name] for name in self.carries if name in given}
        parts = [
            f"<h1>{escape(self.title)}</h1>",
            notice(problem),
            f'<p class="hint">{escape(self.lead)}</p>' if self.lead else "",
            f'<form method="post" action="{escape(self.action)}">',
            hidden_fields({**request, **carried}),
            *(
                _input(each, given.get(each.name, ""), first=index == 0)
                for index, each in enumerate(self.fields)
            ),
            f'<button type="submit"{_GRAVE if self.grave else ""}>{escape(self.button)}</button>',
            "</form>",
            self._or_a_passkey(),
            _links(self.links, request),
        ]
        return page(self.title, "\n".join(part for part in parts if part))

    def confirmed(self, email: str = "") -> FormPage:
        """The form for who has shown a passkey of that account: it asks for the rest alone."""
        whose = f"You confirmed with a passkey of {email}." if email else ""
        return replace(
            self,
            lead=f"{self.lead} {whose}".strip(),
            fields=tuple(each for each in self.fields if each.name not in _OWNERS_FIELDS),
            carries=(*self.carries, "confirmation"),
            change="",
        )

    def _or_a_passkey(self) -> str:
        if not self.change:
            return ""
        address = f"/account/confirm?change={self.change}"
        return f'<p class="links"><a href="{address}">Confirm with a passkey instead</a></p>'


_GRAVE = ' class="grave"'
_OWNERS_FIELDS = ("email", "password", "second_code")
"""What people say to prove that an account is theirs."""


def _input(each: Field, value: str, *, first: bool) -> str:
    attributes: dict[str, str | None] = {
        "id": each.name,
        "name": each.name,
        "type": each.kind,
        "autocomplete": each.autocomplete,
        "value": value if value and each.keeps_value else None,
        "class": each.style or None,
        "minlength": str(each.shortest) if each.shortest else None,
        "maxlength": str(each.longest) if each.longest else None,
        "aria-describedby": f"{each.name}-hint" if each.hint else None,
    }
    written = " ".join(
        f'{name}="{escape(text)}"' for name, text in attributes.items() if text is not None
    )
    hint = f'<p class="hint" id="{each.name}-hint">{escape(each.hint)}</p>' if each.hint else ""
    flags = f"{'' if each.optional else ' required'}{' autofocus' if first else ''}"
    return (
        f'<label for="{each.name}">{escape(each.label)}</label>\n<input {written}{flags}>\n{hint}'
    )


def _links(links: Sequence[tuple[str, str]], request: Mapping[str, str]) -> str:
    if not links:
        return ""
    return f'<p class="links">{" ".join(_anchors(links, request))}</p>'


def _anchors(links: Sequence[tuple[str, str]], request: Mapping[str, str]) -> list[str]:
    query = f"?{urlencode(request)}" if request else ""
    return [
        f'<a href="{escape(address if "://" in address else address + query)}">{escape(words)}</a>'
        for address, words in links
        # Nobody signs in without a client to sign in to.
        if request or address != _SIGN_IN[0]
    ]


def _menu(links: Sequence[tuple[str, str]], request: Mapping[str, str]) -> str:
    """The same as a list: of more than two or three."""
    items = "\n".join(f"<li>{anchor}</li>" for anchor in _anchors(links, request))
    return f'<ul class="menu">\n{items}\n</ul>'


EMAIL = Field("email", "E-mail", "email", "username", keeps_value=True)
PASSWORD = Field("password", "Password", "password", "current-password")
_CHOSEN = Field(
    "new_password",
    "New password",
    "password",
    "new-password",
    hint=f"At least {PASSWORD_MIN_CHARACTERS} characters. A few words are better than signs.",
    shortest=PASSWORD_MIN_CHARACTERS,
    longest=PASSWORD_MAX_CHARACTERS,
)
_CODE = Field(
    "code",
    "Code",
    "text",
    "one-time-code",
    hint="Eight letters and digits, from the message that we sent.",
    style="code",
    longest=16,
)
SECOND_CODE = Field(
    "second_code",
    "Code from your app",
    "text",
    "one-time-code",
    hint="Or a recovery code.",
    style="code",
    longest=24,
)
STEP_UP = replace(
    SECOND_CODE, hint="Only if you sign in in two steps. Or a recovery code.", optional=True
)
_SIGN_IN = ("/authorize", "Sign in")
ACCOUNT_LINK = (("/account", "Back to your account"),)

SIGN_UP = FormPage(
    "Create an account",
    "",
    "/sign-up",
    (EMAIL, replace(_CHOSEN, label="Password")),
    "Continue",
    links=(_SIGN_IN,),
)
VERIFY = FormPage(
    "Enter the code",
    "We sent a message to your address. It may take a minute to arrive.",
    "/verify",
    (_CODE,),
    "Create account",
    carries=("challenge",),
    links=(("/sign-up", "Start again"),),
)
FORGOT_PASSWORD = FormPage(
    "Forgot your password?",
    "We send a code to the address of your account.",
    "/forgot-password",
    (EMAIL,),
    "Send the code",
    links=(_SIGN_IN,),
)
RESET_PASSWORD = FormPage(
    "Choose a new password",
    "If there is an account with that address, a code is on its way. Every device will be signed "
    "out, and passkeys are removed: add yours again.",
    "/reset-password",
    (_CODE, _CHOSEN),
    "Change password",
    carries=("challenge",),
    links=(("/forgot-password", "Start again"),),
)
CHANGE_PASSWORD = FormPage(
    "Change your password",
    "Every device will be signed out, this one too.",
    "/account/password",
    (EMAIL, replace(PASSWORD, label="Current password"), STEP_UP, _CHOSEN),
    "Change password",
    links=ACCOUNT_LINK,
    change="password",
)
CHANGE_EMAIL = FormPage(
    "Change your address",
    "We send a code to the new address and a notice to the old one.",
    "/account/email",
    (
        replace(EMAIL, label="Current e-mail"),
        PASSWORD,
        STEP_UP,
        Field("new_email", "New e-mail", "email", "email", keeps_value=True),
    ),
    "Continue",
    links=ACCOUNT_LINK,
    change="email",
)
CONFIRM_EMAIL = FormPage(
    "Confirm your new address",
    "We sent a code there. Your address changes when you enter it.",
    "/account/email/confirm",
    (_CODE,),
    "Change address",
    carries=("challenge",),
    links=(("/account/email", "Start again"),),
)
EXPORT = FormPage(
    "Download your data",
    "All that we keep of you, as a file: your account, its devices and profiles, your plan, what "
    "you watched, and the letters that we sent.",
    "/account/export",
    (EMAIL, PASSWORD, STEP_UP),
    "Download",
    links=ACCOUNT_LINK,
    change="export",
)
DELETE = FormPage(
    "Delete your account",
    "Every device is signed out at once. For 14 days you can take your account back by choosing a "
    "new password; after that all that we hold of you is deleted.",
    "/account/delete",
    (EMAIL, PASSWORD, STEP_UP),
    "Delete account",
    links=ACCOUNT_LINK,
    grave=True,
    change="delete",
)


@dataclass(frozen=True)
class Told:
    """A page that only says something."""

    title: str
    sentences: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = field(default=())
    is_menu: bool = False
    """Whether the links are what the page is for."""

    def html(self, request: Mapping[str, str]) -> str:
        """The page."""
        said = "\n".join(f"<p>{escape(each)}</p>" for each in self.sentences)
        links = (_menu if self.is_menu else _links)(self.links, request)
        parts = (f"<h1>{escape(self.title)}</h1>", said, links)
        return page(self.title, "\n".join(parts))


def account(public_origin: str) -> Told:
    """What an owner can do, and the way back to the app."""
    return Told(
        "Your account",
        ("Each step asks for your password, or for a passkey.",),
        (
            ("/account/two-step", "Sign in in two steps"),
            ("/account/two-step/off", "Turn two steps off"),
            ("/account/recovery-codes", "New recovery codes"),
            ("/account/email", "Change your address"),
            ("/account/password", "Change your password"),
            ("/account/passkeys", "Passkeys"),
            ("/account/apps", "Apps with access"),
            ("/account/export", "Download your data"),
            ("/account/delete", "Delete your account"),
            (f"{public_origin}/profiles/manage", "Say who watches, and set age limits and PINs"),
            (f"{public_origin}/devices", "See your devices and sign them out"),
            (public_origin, "Go to Marquee"),
        ),
        is_menu=True,
    )
