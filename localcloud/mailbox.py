"""Shows what the service sent by e-mail, as a page: no mail leaves this machine.

A message is shown as its reader would see it, but nothing in it runs, loads or leads anywhere
unasked: it is somebody's input.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

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
    sent_at: str = ""
    """ISO 8601."""


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
html {{ background: Canvas; color: CanvasText }}
main {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884 }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
iframe {{ width: 100%; height: 70vh; border: 1px solid #8884; background: #fff }}
</style></head><body><main>{body}</main></body></html>"""

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
        f"<td>{html.escape(mail.sender)}</td><td>{html.escape(mail.sent_at)}</td></tr>"
        for number, mail in reversed(list(enumerate(messages)))
    )
    head = "<tr><th>Subject</th><th>To</th><th>From</th><th>Sent</th></tr>"
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
