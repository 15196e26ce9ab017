"""What the person with the phone reads while letting a TV in."""

from __future__ import annotations

from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template

from identity import pages
from identity.oauth.device_grants import DeviceGrant, shown

_CODE = Template(files(pages.__name__).joinpath("device_code.html").read_text())
_APPROVAL = Template(files(pages.__name__).joinpath("device_approval.html").read_text())

_AGAIN = '<p><a href="/device">Enter a code</a></p>'
_NETWORKS = {
    True: "the same as yours",
    False: "another than yours, as when a phone is on mobile data",
}


def code_page(user_code: str, *, problem: str = "") -> str:
    """Where the code is entered; what was typed, or came with the link, stands there."""
    notice = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    content = _CODE.substitute(user_code=escape(user_code[:16]), problem=notice)
    return pages.page("Sign in on your TV", content)


def approval_page(
    grant: DeviceGrant, client: str, ticket: str, now: datetime, *, is_near: bool
) -> str:
    """The device behind a code, as far as anybody knows it, and the decision."""
    minutes = int((now - grant.asked_at).total_seconds()) // 60
    asked = "less than a minute ago" if minutes < 1 else f"{minutes} min ago"
    named = f"{client}, which calls itself “{grant.device_name}”" if grant.device_name else client
    content = _APPROVAL.substitute(
        user_code=shown(grant.user_code),
        device=escape(named),
        asked=asked,
        network=_NETWORKS[is_near],
        ticket=escape(ticket),
    )
    return pages.page("Let this device in?", content)


def decided_page(client: str, *, approved: bool) -> str:
    """What became of it."""
    if approved:
        said = f"<h1>Done</h1><p>Look at the {escape(client)}: it is signing in now.</p>"
    else:
        said = f"<h1>Refused</h1><p>The {escape(client)} was not let in.</p>"
    return pages.page("Sign in on your TV", said)


def problem_page(sentence: str, *, again: bool = False) -> str:
    """A sentence to the person, and the way back to the beginning."""
    said = f'<h1>That did not work</h1><p class="problem" role="alert">{escape(sentence)}</p>'
    return pages.page("Sign in on your TV", said + (_AGAIN if again else ""))


def signed_out_page() -> str:
    """For a client that names no page of its own to go to."""
    return pages.page("Signed out", "<h1>Signed out</h1><p>You can close this page.</p>")
