"""A gate before an edge: connections pass it until the edge is to be stopped, or to fall silent."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Trouble = Literal["stopped", "silent"]
"""Connections are refused and cut off; or they are accepted and nothing is ever answered."""


class Gate:
    """Forwards one port to another, byte for byte, as long as it is open."""

    def __init__(self, target: tuple[str, int], trouble: Trouble, at: bytes) -> None:
        """The trouble begins with the first request that `at` (a regular expression) matches."""
        self._target = target
        self._trouble = trouble
        self._at = re.compile(at)
        self._open: list[socket.socket] = []
        self.is_in_trouble = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Let go of every connection."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self.is_in_trouble.is_set():
                    continue
                server = socket.create_connection(self._target)
                self._open.append(server)
                for source, sink, watch in (
                    (client, server, self._is_the_end),
                    (server, client, lambda _: False),
                ):
                    arguments = (source, sink, watch)
                    threading.Thread(target=self._forward, args=arguments, daemon=True).start()

    def _forward(
        self, source: socket.socket, sink: socket.socket, is_end: Callable[[bytes], bool]
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_end(data):
                    self.is_in_trouble.set()
                    if self._trouble == "stopped":
                        self.close()
                if not self.is_in_trouble.is_set():
                    sink.sendall(data)
                elif self._trouble == "stopped":
                    return
        with suppress(OSError):
            if not self.is_in_trouble.is_set():
                sink.shutdown(socket.SHUT_WR)

    def _is_the_end(self, data: bytes) -> bool:
        return self._at.search(data) is not None


@contextmanager
def gate(port: int, trouble: Trouble, at: bytes) -> Iterator[Gate]:
    """A gate before an edge of this machine."""
    made = Gate(("127.0.0.1", port), trouble, at)
    try:
        yield made
    finally:
        made.close()
