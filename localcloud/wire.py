"""HTTP as plain values: what every local data plane takes and answers.

It knows no server: a socket adapter turns bytes into an `HttpRequest`, and back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_TOKEN = re.compile(r"(\A/t/|\A/v1/playback/sessions/[^/]*/steering/)[^/]*")
"""Of a film's files, and of a steered play."""


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of a header, by case-insensitive name."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


@dataclass(frozen=True)
class HttpRequest:
    """One request as it arrived."""

    method: str
    path: str
    """Raw: still percent-encoded, without the query."""
    query: str = ""
    """Raw query string, without the question mark."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in order, repeated when they were repeated."""
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    scheme: str = "http"
    host: str = ""
    """The Host header, port included."""
    source_port: int = 0
    """The client's port, 0 when it is not known."""

    def header(self, name: str) -> str | None:
        """The first value of a header, by case-insensitive name."""
        return header(self.headers, name)

    @property
    def told(self) -> str:
        """Method and path as logs may have them: a token in it lets its holder in."""
        path = _TOKEN.sub(r"\1…", self.path)
        return f"{self.method} {path}"


@dataclass(frozen=True)
class HttpResponse:
    """One answer; the socket adapter adds only framing headers."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The first value of a header, by case-insensitive name."""
        return header(self.headers, name)


Handler = Callable[[HttpRequest], HttpResponse]
"""What a socket adapter serves."""
