"""Shows what the service sent by e-mail, as a page: no mail leaves this machine.

A message is shown as its reader would see it, but nothing in it runs, loads or leads anywhere
unasked: it is somebody's input.
"""

from __future__ import annotations

import email
import email.policy
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from typing import Any

from localcloud.wire import HttpRequest, HttpResponse


@dataclass(frozen=True)
class Mail:
    """One message that SES took."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    """Empty when the message has no plain part."""
    html: str
    """Empty when the message has no HTML part."""


def sent_messages(account: str, region: str) -> list[Mail]:
    """What SES (either API) took so far, oldest first."""
    # Loading moto's SES takes a moment that only a reader of mail has to wait for.
    from moto.ses.models import ses_backends

    return [read(message) for message in list(ses_backends[account][region].sent_messages)]


def read(message: Any) -> Mail:
    """A message as moto keeps it: raw, simple or of a template."""
    if hasattr(message, "raw_data"):
        return _raw(message)
    if hasattr(message, "template"):
        subject, text = f"[template] {message.template}", str(message.template_data)
        page = ""
    else:
        subject, body = str(message.subject), str(message.body)
        # Moto keeps one body: the HTML part when there is one.
        is_html = body.lstrip().lower().startswith(("<!doctype", "<html", "<body", "<div", "<p"))
        text, page = ("", body) if is_html else (body, "")
    identifier = getattr(message, "id", "") or ",".join(getattr(message, "ids", ()))
    sender, to = str(message.source), _recipients(message.destinations)
    return Mail(identifier, sender, to, subject, text, page)


def _raw(message: Any) -> Mail:
    parsed = email.message_from_string(message.raw_data, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return Mail(
        message_id=message.id,
        sender=str(message.source or parsed["from"] or ""),
        recipients=tuple(message.destinations),
        subject=str(parsed["subject"] or ""),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _recipients(destinations: Any) -> tuple[str, ...]:
    if isinstance(destinations, dict):
        return tuple(address for some in destinations.values() for address in some)
    found: list[str] = []
    for each in destinations or ():
        found += _recipients(each["Destination"]) if isinstance(each, dict) else [str(each)]
    return tuple(found)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884 }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
iframe {{ width: 100%; height: 70vh; border: 1px solid #8884; background: #fff }}
</style></head><body>{body}</body></html>"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'"
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Mailbox:
    """The pages over a list of messages."""

    def __init__(self, messages: Callable[[], Sequence[Mail]]) -> None:
        """`messages` answers what was sent so far, oldest first."""
        self._messages = messages

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The list at `/`, one message at `/messages/<n>`, all of them at `/mailbox.json`."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(405, (("allow", "GET, HEAD"),))
        messages = self._messages()
        if request.path == "/":
            return _page("Mailbox", _list(messages))
        if request.path == "/mailbox.json":
            body = json.dumps({"messages": [asdict(each) for each in messages]}).encode()
            return HttpResponse(200, (("content-type", "application/json"), _UNCACHED), body)
        match request.path.split("/")[1:]:
            case ["messages", number] if _is_one_of(number, messages):
                return _page(messages[int(number)].subject, _message(number, messages))
            case ["messages", number, "html"] if _is_one_of(number, messages):
                return _html_of(messages[int(number)])
        return _page("Nothing here", "<p>There is no such message.</p>", status=404)


_UNCACHED = ("cache-control", "no-store")


def _is_one_of(number: str, messages: Sequence[Mail]) -> bool:
    return number.isascii() and number.isdigit() and int(number) < len(messages)


def _page(title: str, body: str, status: int = 200) -> HttpResponse:
    text = _PAGE.format(title=html.escape(title), body=body)
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", _POLICY),
        ("x-content-type-options", "nosniff"),
        _UNCACHED,
    )
    return HttpResponse(status, headers, text.encode())


def _html_of(mail: Mail) -> HttpResponse:
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", _MAIL_POLICY),
        ("x-content-type-options", "nosniff"),
        _UNCACHED,
    )
    return HttpResponse(200, headers, mail.html.encode())


def _list(messages: Sequence[Mail]) -> str:
    if not messages:
        return "<h1>Mailbox</h1><p>Nothing was sent yet.</p>"
    rows = "".join(
        f'<tr><td><a href="/messages/{number}">{html.escape(mail.subject) or "(no subject)"}</a>'
        f"</td><td>{html.escape(', '.join(mail.recipients))}</td>"
        f"<td>{html.escape(mail.sender)}</td></tr>"
        for number, mail in reversed(list(enumerate(messages)))
    )
    head = "<tr><th>Subject</th><th>To</th><th>From</th></tr>"
    return f"<h1>Mailbox</h1><table>{head}{rows}</table>"


def _message(number: str, messages: Sequence[Mail]) -> str:
    mail = messages[int(number)]
    parts = [
        f'<p><a href="/">Mailbox</a></p><h1>{html.escape(mail.subject)}</h1>',
        f"<p>From {html.escape(mail.sender)}<br>To {html.escape(', '.join(mail.recipients))}</p>",
    ]
    if mail.html:
        source = f"/messages/{number}/html"
        parts.append(f'<iframe sandbox src="{source}" title="The message"></iframe>')
    if mail.text:
        parts.append(f"<pre>{html.escape(mail.text)}</pre>")
    return "".join(parts)
