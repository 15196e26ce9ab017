from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest

from localcloud.http_server import HttpServer
from localcloud.wire import HttpRequest, HttpResponse


def echo(request: HttpRequest) -> HttpResponse:
    if request.path.endswith("/fails"):
        raise RuntimeError("broken")
    text = f"{request.method} {request.path}?{request.query} {len(request.body)}"
    return HttpResponse(200, (("content-type", "text/plain"),), text.encode())


@pytest.fixture
def server() -> Iterator[HttpServer]:
    started = HttpServer(echo)
    yield started
    started.stop()


@pytest.fixture
def connection(server: HttpServer) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    yield made
    made.close()


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes = b"") -> str:
    connection.request(method, path, body)
    return connection.getresponse().read().decode()


def test_a_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    first = ask(connection, "GET", "/a%20b?x=1")
    used = connection.sock
    second = ask(connection, "POST", "/c", b"12345")

    assert (first, second) == ("GET /a%20b?x=1 0", "POST /c? 5")
    assert connection.sock is used


def test_a_chunked_body_is_joined(connection: http.client.HTTPConnection) -> None:
    connection.request("POST", "/", iter([b"abc", b"de"]), encode_chunked=True)

    assert connection.getresponse().read() == b"POST /? 5"


def test_a_failure_is_a_500_and_keeps_the_connection(
    connection: http.client.HTTPConnection,
) -> None:
    connection.request("GET", "/fails")
    response = connection.getresponse()
    response.read()

    assert response.status == 500
    assert ask(connection, "GET", "/again") == "GET /again? 0"


def test_what_fails_is_logged_without_the_token_in_its_path(
    connection: http.client.HTTPConnection, caplog: pytest.LogCaptureFixture
) -> None:
    ask(connection, "GET", "/t/eyJ0b2tlbiI/fails")

    assert "GET /t/…/fails failed" in caplog.text
    assert "eyJ0b2tlbiI" not in caplog.text


def test_a_head_says_the_length_and_sends_nothing(connection: http.client.HTTPConnection) -> None:
    connection.request("HEAD", "/a")
    response = connection.getresponse()

    assert response.headers["content-length"] == str(len("HEAD /a? 0"))
    assert response.read() == b""


def test_a_client_that_expects_to_be_told_is_told_to_continue(server: HttpServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(
            b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        assert raw.recv(1024).startswith(b"HTTP/1.1 100 Continue")
        raw.sendall(b"abc")
        assert raw.recv(1024).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("line", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nNo colon\r\n\r\n"])
def test_what_is_not_http_is_refused(server: HttpServer, line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(line)
        assert raw.recv(1024).startswith(b"HTTP/1.1 400")


def test_a_stopped_server_closes_its_connections(
    server: HttpServer, connection: http.client.HTTPConnection
) -> None:
    ask(connection, "GET", "/")

    server.stop()

    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
        pass
