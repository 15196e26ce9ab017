"""Lambda's Runtime API (version 2018-06-01) for one process, spoken over a loopback socket.

Whoever invokes does the input and output on its own thread: no thread waits between invocations.
It knows the protocol, not what a function is or how long it may take.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

PREFIX = "/2018-06-01/runtime/"
RECEIVE_BYTES = 1 << 18
SEND_TIMEOUT_SECONDS = 60.0
TICK_SECONDS = 0.05
"""How often a wait looks at what no socket tells: that the process ended, and its memory."""


@dataclass(frozen=True)
class RuntimeCall:
    """One request of the runtime client."""

    method: str
    operation: str
    """The path behind the version prefix, such as `invocation/next`."""
    body: bytes
    connection: Connection

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Reply to it; OSError when the process is gone."""
        reason = {200: "OK", 202: "Accepted", 404: "Not Found"}.get(status, "Request Too Large")
        lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        # One write: a header on its own would wait for the peer's delayed acknowledgement.
        self.connection.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def accept(self) -> None:
        """Reply that the report was taken."""
        self.answer(202, {"Content-Type": "application/json"}, b'{"status":"OK"}\n')


@dataclass
class Connection:
    """One client connection and the bytes not yet understood."""

    socket: socket.socket
    buffer: bytearray = field(default_factory=bytearray)
    continued: bool = False

    def receive(self) -> bool:
        """Take what has arrived; False when the peer closed."""
        try:
            data = self.socket.recv(RECEIVE_BYTES)
        except OSError:
            return False
        self.buffer += data
        return bool(data)

    def next_call(self) -> RuntimeCall | None:
        """The next complete request, if all of it has arrived."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        request_line, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        if headers.get("expect", "").lower() == "100-continue" and not self.continued:
            self.continued = True
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        taken = self._body(end + 4, headers)
        if taken is None:
            return None
        body, consumed = taken
        del self.buffer[:consumed]
        self.continued = False
        method, path, _ = request_line.split(" ", 2)
        return RuntimeCall(method, path.removeprefix(PREFIX), body, self)

    def _body(self, start: int, headers: dict[str, str]) -> tuple[bytes, int] | None:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunked(start)
        end = start + int(headers.get("content-length", "0"))
        return None if len(self.buffer) < end else (bytes(self.buffer[start:end]), end)

    def _chunked(self, start: int) -> tuple[bytes, int] | None:
        parts: list[bytes] = []
        while True:
            line = self.buffer.find(b"\r\n", start)
            if line < 0:
                return None
            size = int(self.buffer[start:line].split(b";")[0], 16)
            end = line + 2 + size
            if len(self.buffer) < end + 2:
                return None
            if size == 0:
                return b"".join(parts), end + 2
            parts.append(bytes(self.buffer[line + 2 : end]))
            start = end + 2


class RuntimeApi:
    """The server's side for one process."""

    def __init__(self, output_fd: int, on_output: Callable[[], bool]) -> None:
        """`on_output` takes what the process's output pipe holds; False at the pipe's end."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=8)
        self._listener.setblocking(False)
        self.address = "{}:{}".format(*self._listener.getsockname())
        self._on_output = on_output
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(output_fd, selectors.EVENT_READ)
        self._connections: dict[int, Connection] = {}
        self._output_fd = output_fd
        self.lost = False
        """Whether the last look at the sockets found one that the process has closed."""

    def receive(self, deadline: float, still_alive: Callable[[], bool]) -> RuntimeCall | None:
        """The next call; None at the (monotonic) deadline or when the process is no more."""
        while True:
            for connection in list(self._connections.values()):
                if (call := connection.next_call()) is not None:
                    return call
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return None
            self.lost = False
            ready = self._selector.select(min(remaining, TICK_SECONDS))
            for key, _ in ready:
                self._ready(key.fileobj)
            if (self.lost or not ready) and not still_alive():
                return None

    def close(self) -> None:
        """Close every socket."""
        for connection in self._connections.values():
            connection.socket.close()
        self._connections.clear()
        self._selector.close()
        self._listener.close()

    def _ready(self, source: object) -> None:
        if source is self._listener:
            self._accept()
        elif source == self._output_fd:
            if not self._on_output():
                self._selector.unregister(self._output_fd)
                self.lost = True
        elif isinstance(source, socket.socket):
            connection = self._connections[source.fileno()]
            if not connection.receive():
                del self._connections[source.fileno()]
                self._selector.unregister(source)
                source.close()
                self.lost = True

    def _accept(self) -> None:
        accepted, _ = self._listener.accept()
        accepted.settimeout(SEND_TIMEOUT_SECONDS)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[accepted.fileno()] = Connection(accepted)
        self._selector.register(accepted, selectors.EVENT_READ)
