"""A threaded HTTP/1.1 server for the AWS endpoint: keep-alive, one thread a connection.

It decides nothing about a request. It is not `serve`: calls of this endpoint wait for each other
(a function invokes a function), so a pool of any fixed size could be exhausted by callers that
wait for those behind them; and an object's body has no small limit.
"""

from __future__ import annotations

import logging
import socket
import threading
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO

from localcloud.wire import Handler, HttpRequest, HttpResponse

MAX_HEADER_BYTES = 128 * 1024
"""Above every AWS service's own limit."""
IDLE_SECONDS = 300
"""A kept-alive connection may rest this long: longer than botocore's pool keeps one."""
JOINED_BYTES = 64 * 1024
"""A body up to this size goes out in the same write as its headers."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_BODILESS = (204, 304)

log = logging.getLogger(__name__)


class _BadRequestError(ValueError):
    """What arrived is not HTTP/1.1."""


class HttpServer:
    """Serves a handler on a loopback port until stopped."""

    def __init__(self, handler: Handler, port: int = 0, host: str = "127.0.0.1") -> None:
        self._handler = handler
        self._listener = socket.create_server((host, port), backlog=256)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._accept, name=f"http-{self.port}", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def stop(self) -> None:
        """Close the port and every connection."""
        with self._lock:
            self._stopped = True
            connections = list(self._open)
        # Wake `accept`, which a mere close leaves blocked on Linux.
        for connection in (self._listener, *connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._listener.close()
        self._thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._stopped:
                    connection.close()
                    return
                self._open.add(connection)
            threading.Thread(
                target=self._serve, args=(connection, str(peer[0])), daemon=True
            ).start()

    def _serve(self, connection: socket.socket, peer: str) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(IDLE_SECONDS)
            with connection.makefile("rb") as reader:
                while self._exchange(connection, reader, peer):
                    pass
        except OSError:
            pass  # the other side left, or `stop` closed the connection
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _exchange(self, connection: socket.socket, reader: BinaryIO, peer: str) -> bool:
        """Answer one request; whether the connection stays open."""
        try:
            request = _read(connection, reader, peer)
        except _BadRequestError as error:
            _write(connection, HttpResponse(400, (), str(error).encode()), "GET", keep=False)
            return False
        if request is None:
            return False
        keep = (request.header("connection") or "").lower() != "close"
        try:
            response = self._handler(request)
        except Exception:
            log.exception("%s failed", request.told)
            response = HttpResponse(500, (("content-type", "text/plain"),), b"Internal Error")
        _write(connection, response, request.method, keep=keep)
        return keep


def _read(connection: socket.socket, reader: BinaryIO, peer: str) -> HttpRequest | None:
    """The next request of a connection, or None at its end."""
    line = reader.readline(MAX_HEADER_BYTES)
    if not line:
        return None
    try:
        method, target, version = line.decode("latin-1").split()
    except ValueError as error:
        raise _BadRequestError("malformed request line") from error
    if not version.startswith("HTTP/1."):
        raise _BadRequestError(f"unsupported {version}")
    headers = _read_headers(reader)
    if target.startswith("http://"):
        target = "/" + target.removeprefix("http://").partition("/")[2]
    path, _, query = target.partition("?")
    found = dict(headers)
    if found.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return HttpRequest(
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=_read_body(reader, found),
        source_ip=peer,
        host=found.get("host", ""),
    )


def _read_headers(reader: BinaryIO) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    size = 0
    while True:
        line = reader.readline(MAX_HEADER_BYTES)
        size += len(line)
        if size > MAX_HEADER_BYTES:
            raise _BadRequestError("headers too large")
        if line in (b"\r\n", b"\n"):
            return tuple(headers)
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or name != name.strip():
            raise _BadRequestError("malformed header")
        headers.append((name.lower(), value.strip()))


def _read_body(reader: BinaryIO, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _read_chunked(reader)
    length = headers.get("content-length", "0")
    if not length.isdigit():
        raise _BadRequestError("malformed content-length")
    body = reader.read(int(length))
    if len(body) != int(length):
        raise _BadRequestError("the body is shorter than its content-length")
    return body


def _read_chunked(reader: BinaryIO) -> bytes:
    parts: list[bytes] = []
    while True:
        try:
            size = int(reader.readline(MAX_HEADER_BYTES).split(b";")[0], 16)
        except ValueError as error:
            raise _BadRequestError("malformed chunk") from error
        if size == 0:
            _read_headers(reader)
            return b"".join(parts)
        parts.append(reader.read(size))
        reader.readline(MAX_HEADER_BYTES)


def _write(connection: socket.socket, response: HttpResponse, method: str, *, keep: bool) -> None:
    body = response.body if method != "HEAD" and response.status not in _BODILESS else b""
    names = {name.lower() for name, _ in response.headers}
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers if _carried(name, method)]
    if "content-length" not in names or method != "HEAD":
        length = len(response.body) if method == "HEAD" else len(body)
        if response.status not in _BODILESS:
            lines.append(f"content-length: {length}")
    if "date" not in names:
        lines.append(f"date: {formatdate(usegmt=True)}")
    lines.append(f"connection: {'keep-alive' if keep else 'close'}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    if len(body) <= JOINED_BYTES:
        connection.sendall(head + body)
    else:
        connection.sendall(head)
        connection.sendall(body)


def _carried(name: str, method: str) -> bool:
    """Whether a header of the answer is passed on rather than made here."""
    lowered = name.lower()
    if lowered == "content-length":
        return method == "HEAD"
    return lowered not in ("connection", "transfer-encoding")
