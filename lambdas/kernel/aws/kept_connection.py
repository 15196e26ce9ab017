"""One kept HTTP/1.1 connection: a request sent in one piece, its answer read to the end.

The standard library opens and encrypts it. Its own reader takes an answer's headers for a mail's,
at more processor time than signing and encoding a call together; what is needed of them is the
answer's framing (RFC 9112, section 6). Not safe to share between threads.
"""

from __future__ import annotations

import select
from collections.abc import Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext, create_default_context
from typing import BinaryIO
from urllib.parse import SplitResult

LONGEST_LINE = 64 * 1024
"""Bytes of a status line, a header or a chunk's size; services' are a hundredth of it."""

MOST_HEADERS = 100

FINAL = 200
"""From here on an answer is the last one to its request (RFC 9110, section 15)."""


class KeptConnection:
    """To one address; opened by the first request, and again after it was closed."""

    def __init__(self, address: SplitResult, timeout_seconds: float) -> None:
        """`timeout_seconds` to connect, and between bytes."""
        self.host = address.netloc
        self._connection = (
            HTTPConnection(self.host, timeout=timeout_seconds)
            if address.scheme == "http"
            else HTTPSConnection(self.host, timeout=timeout_seconds, context=_trusted())
        )
        self._answers: BinaryIO | None = None

    def post(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The status and the body that `/` answers; OSError, HTTPException or ValueError when
        there is no whole answer. After those the connection is of no use until it is closed."""
        self._drop_if_closed()
        if any("\n" in value or "\r" in value for value in headers.values()):
            raise ValueError("A header's value has a line of its own.")
        answers = self._answers or self._open()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"POST / HTTP/1.1\r\n{lines}accept-encoding: identity\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self._connection.sock.sendall(head.encode("ascii") + body)
        return self._answer(answers)

    def close(self) -> None:
        """Give the connection up; the next request opens another one."""
        if self._answers is not None:
            self._answers.close()
            self._answers = None
        self._connection.close()

    def _open(self) -> BinaryIO:
        self._connection.connect()
        self._answers = self._connection.sock.makefile("rb")
        return self._answers

    def _drop_if_closed(self) -> None:
        """A kept connection with something to read before we asked is one that the service
        closed while the function slept."""
        socket = self._connection.sock
        if socket is not None and select.select([socket], [], [], 0)[0]:
            self.close()

    def _answer(self, answers: BinaryIO) -> tuple[int, bytes]:
        version, _, rest = _line(answers).partition(b" ")
        status = int(rest[:3])
        if not version.startswith(b"HTTP/1.") or status < FINAL:
            raise HTTPException("The answer is not HTTP/1's, or not the last one.")
        headers = _headers(answers)
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            body = _chunks(answers)
        elif b"content-length" in headers:
            body = _exactly(answers, int(headers[b"content-length"]))
        else:
            raise HTTPException("The answer does not say where it ends.")
        if version == b"HTTP/1.0" or headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return status, body


def _line(answers: BinaryIO) -> bytes:
    """A line without its end."""
    line = answers.readline(LONGEST_LINE + 1)
    if not line.endswith(b"\n"):
        raise HTTPException("The answer is cut off, or has a line without an end.")
    return line.rstrip(b"\r\n")


def _headers(answers: BinaryIO) -> dict[bytes, bytes]:
    """By lower-case name."""
    headers: dict[bytes, bytes] = {}
    for _ in range(MOST_HEADERS):
        line = _line(answers)
        if not line:
            return headers
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    raise HTTPException("The answer's headers do not end.")


def _chunks(answers: BinaryIO) -> bytes:
    """RFC 9112, section 7.1."""
    body = b""
    while size := int(_line(answers).partition(b";")[0], 16):
        body += _exactly(answers, size)
        _line(answers)
    _headers(answers)
    return body


def _exactly(answers: BinaryIO, size: int) -> bytes:
    if size < 0:
        raise HTTPException("The answer has a length below nothing.")
    body = answers.read(size)
    if len(body) < size:
        raise HTTPException("The answer is cut off.")
    return body


@cache
def _trusted() -> SSLContext:
    """The machine's certificate authorities, read once: that takes longer than a call."""
    return create_default_context()
