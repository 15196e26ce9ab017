"""The page of an account's passkeys, and the form before it."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from importlib.resources import files
from string import Template

from identity import pages
from identity.accounts.pages import EXPORT
from identity.passkeys.domain import MOST_NAME_CHARACTERS, Passkey
from identity.passkeys.service import Shown

ENTER = replace(
    EXPORT,
    title="Passkeys",
    lead="With a passkey you sign in without typing.",
    action="/account/passkeys",
    button="Continue",
    change="passkeys",
)

_PAGE = Template(files(pages.__name__).joinpath("passkeys.html").read_text())
_PASSKEY = Template(files(pages.__name__).joinpath("passkey.html").read_text())


def passkeys_page(secret: str, shown: Shown, problem: str = "") -> str:
    """All passkeys, each with what can be done to it, and a form for another one."""
    content = _PAGE.substitute(
        problem=pages.notice(problem),
        page=escape(secret),
        passkeys="\n".join(_one(secret, passkey) for passkey in shown.passkeys)
        or "<p>You have none yet.</p>",
        options=escape(json.dumps(shown.options)),
        longest=MOST_NAME_CHARACTERS,
        script=pages.SCRIPT_TAG,
    )
    return pages.page("Your passkeys", content)


def _one(secret: str, passkey: Passkey) -> str:
    used = (
        f"last used on {passkey.last_used_at.date().isoformat()}"
        if passkey.last_used_at
        else "not used yet"
    )
    kept = "synchronised between your devices" if passkey.is_backed_up else "on one device"
    return _PASSKEY.substitute(
        page=escape(secret),
        id=escape(passkey.passkey_id),
        name=escape(passkey.name),
        longest=MOST_NAME_CHARACTERS,
        story=f"Added on {passkey.created_at.date().isoformat()}, {used}, {kept}.",
    )
