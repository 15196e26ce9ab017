"""What a browser or client posts."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl

from kernel.web.payload import Event

MAX_FORM_BYTES = 16 * 1024
"""No sign-in form is larger."""


def body_text(event: Event) -> str:
    """A posted body; nothing when it is too large to be a form of ours."""
    raw = str(event.get("body") or "")
    if event.get("isBase64Encoded"):
        raw = base64.b64decode(raw).decode("utf-8", errors="replace")
    return raw if len(raw) <= MAX_FORM_BYTES else ""


def form(event: Event) -> dict[str, str]:
    """The fields of a posted form; none when it is too large."""
    return dict(parse_qsl(body_text(event), keep_blank_values=True))
