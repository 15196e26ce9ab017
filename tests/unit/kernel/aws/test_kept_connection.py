"""Where an answer ends, and what becomes of one that does not say so or does not end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.client import HTTPException
from threading import Thread
from urllib.parse import urlsplit

import pytest

from kernel.aws.kept_connection import MOST_HEADERS, KeptConnection

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[..., tuple[KeptConnection, list[bytes]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A connection to a service that answers those bytes, and what it was sent in one piece."""
    opened: list[socket.socket] = []

    def serving(*answers: bytes) -> tuple[KeptConnection, list[bytes]]:
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)
        sent: list[bytes] = []

        def answer() -> None:
            waiting = list(answers)
            while waiting:
                line, _ = listening.accept()
                with line:
                    while waiting and (request := line.recv(1 << 16)):
                        sent.append(request)
                        text = waiting.pop(0)
                        line.sendall(text)
                        if text != WHOLE:
                            line.shutdown(socket.SHUT_WR)

        Thread(target=answer, daemon=True).start()
        address = urlsplit(f"http://127.0.0.1:{listening.getsockname()[1]}")
        return KeptConnection(address, timeout_seconds=5.0), sent

    yield serving
    for each in opened:
        each.close()


def test_a_request_is_one_piece(serve: Serve) -> None:
    connection, sent = serve(WHOLE)

    answer = connection.post({"host": "here", "x-one": "1"}, b'{"a":1}')

    assert answer == (200, b"{}")
    assert sent == [
        b"POST / HTTP/1.1\r\nhost: here\r\nx-one: 1\r\naccept-encoding: identity\r\n"
        b'content-length: 7\r\n\r\n{"a":1}'
    ]


def test_an_answer_may_come_in_chunks(serve: Serve) -> None:
    connection, _ = serve(
        b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'3;why=not\r\n{"a\r\nA\r\n":"bcdefg"\r\n1\r\n}\r\n0\r\nlater: 1\r\n\r\n'
    )

    assert connection.post({}, b"{}") == (400, b'{"a":"bcdefg"}')


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 2\r\n\r\n[]",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n[]",
    ],
)
def test_a_connection_that_the_service_gives_up_is_opened_anew(serve: Serve, last: bytes) -> None:
    connection, sent = serve(last, WHOLE)

    assert connection.post({}, b"1") == (200, b"[]")
    assert connection.post({}, b"2") == (200, b"{}")
    assert len(sent) == 2


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * MOST_HEADERS + b"\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_whole_is_none(serve: Serve, broken: bytes) -> None:
    connection, _ = serve(broken, WHOLE)

    with pytest.raises((OSError, HTTPException, ValueError)):
        connection.post({}, b"{}")
    connection.close()

    assert connection.post({}, b"{}") == (200, b"{}")


def test_a_header_takes_no_line_of_its_own(serve: Serve) -> None:
    connection, sent = serve(WHOLE)

    with pytest.raises(ValueError, match="line"):
        connection.post({"x-amz-security-token": "one\r\nx-two: 2"}, b"{}")

    assert sent == []
