"""Puts a handler of plain HTTP values on sockets: uvicorn with httptools in a thread of its own.

It knows nothing of what it serves. Bodies are read whole, up to a limit, and answered whole;
connections are kept alive.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn

from localcloud.wire import Handler, HttpRequest, HttpResponse

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Well above what any data plane here takes: each refuses by itself what is too large for it."""

WORKERS = 64
"""Requests handled at once by one server; most of them wait for a function."""

_START_SECONDS = 30.0
_STOP_SECONDS = 1
"""A stop waits this long for answers under way: a run has several servers and ends within 5 s."""
_KEEP_ALIVE_SECONDS = 75

_LOG = logging.getLogger(__name__)

Address = tuple[str, int]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_OWN_HEADERS = frozenset({"date", "keep-alive", "transfer-encoding"})
"""Framing and the date are the server's own to write."""


class _BodyTooLargeError(Exception):
    """The request's body is larger than this server reads."""


class _DisconnectedError(Exception):
    """The client left before its request was complete."""


class Server:
    """A handler that is being served. Made by `serve`."""

    def __init__(
        self, handler: Handler, sockets: Sequence[socket.socket], *, max_body_bytes: int, name: str
    ) -> None:
        self.addresses: list[Address] = [each.getsockname()[:2] for each in sockets]
        """Where it listens, in the order asked for, with the ports that were taken."""
        self._handler = handler
        self._max_body_bytes = max_body_bytes
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix=name)
        self._sockets = list(sockets)
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            http="httptools",
            ws="none",
            loop="asyncio",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = _Announcing(config)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def port(self) -> int:
        """The first address's port."""
        return self.addresses[0][1]

    @property
    def url(self) -> str:
        """The first address as a URL, without a slash at the end."""
        host, port = self.addresses[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        """Answer from now on; RuntimeError when it cannot."""
        self._thread.start()
        if not self._server.running.wait(_START_SECONDS) or not self._server.started:
            self.stop()
            raise RuntimeError(f"the server at {self.url} did not start")

    def stop(self) -> None:
        """Stop listening, finish what is under way, and end the thread."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        for each in self._sockets:
            each.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        try:
            self._server.run(sockets=self._sockets)
        finally:
            self._server.running.set()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await _body(receive, self._max_body_bytes)
        except _DisconnectedError:
            return
        except _BodyTooLargeError:
            await _send(send, scope["method"], HttpResponse(413, (("connection", "close"),)))
            return
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._pool, self._answer, _request(scope, body))
        await _send(send, scope["method"], response)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            return self._handler(request)
        except Exception:  # noqa: BLE001 - the process edge answers 500
            _LOG.exception("%s", request.told)
            return HttpResponse(500, (("content-type", "text/plain"),), b"Internal Server Error")


class _Announcing(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.running = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.running.set()


def serve(
    handler: Handler,
    *addresses: Address,
    max_body_bytes: int = MAX_BODY_BYTES,
    name: str = "http",
) -> Server:
    """Serve a handler on loopback addresses (port 0: any); one free port when none is given.

    OSError when an address is taken.
    """
    sockets: list[socket.socket] = []
    try:
        for address in addresses or (("127.0.0.1", 0),):
            sockets.append(_listen(address))
    except OSError:
        for each in sockets:
            each.close()
        raise
    server = Server(handler, sockets, max_body_bytes=max_body_bytes, name=name)
    server.start()
    return server


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    # asyncio turns Nagle's algorithm off only on sockets that name their protocol; with it, a
    # small answer on a kept-alive connection waits 40 ms for the client's delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"{address[0]}:{address[1]}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


async def _body(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _BodyTooLargeError
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _request(scope: Scope, body: bytes) -> HttpRequest:
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    )
    client = scope.get("client")
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        source_ip=client[0] if client else "127.0.0.1",
        scheme=scope["scheme"],
        host=next((value for name, value in headers if name == "host"), ""),
        source_port=client[1] if client else 0,
    )


async def _send(send: Send, method: str, response: HttpResponse) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers
        if name.lower() not in _OWN_HEADERS
        and (name.lower() != "content-length" or method == "HEAD")
    ]
    bodiless = response.status in (204, 304) or response.status < 200
    stated = any(name.lower() == b"content-length" for name, _ in headers)
    if not bodiless and not stated:
        headers.append((b"content-length", str(len(response.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    body = b"" if bodiless or method == "HEAD" else response.body
    await send({"type": "http.response.body", "body": body})
