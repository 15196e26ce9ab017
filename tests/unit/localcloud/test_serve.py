"""A handler behind real sockets."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from localcloud.serve import Server, serve
from localcloud.wire import Handler, HttpRequest, HttpResponse


@pytest.fixture
def serving() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(handler: Handler, *addresses: tuple[str, int], **settings: int) -> Server:
        servers.append(serve(handler, *addresses, **settings))  # type: ignore[arg-type]  # of the test's own keywords
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def connect(server: Server, position: int = 0) -> http.client.HTTPConnection:
    host, port = server.addresses[position]
    return http.client.HTTPConnection(host, port, timeout=20)


def test_a_request_arrives_raw(serving: Callable[..., Server]) -> None:
    seen: list[HttpRequest] = []

    def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(
            201, (("x-a", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")), b"ok"
        )

    server = serving(handler)
    connection = connect(server)
    connection.request("POST", "/a%20b/../c?x=%2F&x", body=b"body", headers={"X-Thing": "Ä"})
    response = connection.getresponse()

    assert (response.status, response.read()) == (201, b"ok")
    assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert response.headers["content-length"] == "2"
    request = seen[0]
    assert (request.method, request.path, request.query) == ("POST", "/a%20b/../c", "x=%2F&x")
    assert (request.body, request.scheme, request.source_ip) == (b"body", "http", "127.0.0.1")
    assert request.host == f"127.0.0.1:{server.port}"
    assert request.header("x-thing") == "Ä"


def test_a_connection_is_kept_for_the_next_request(serving: Callable[..., Server]) -> None:
    connection = connect(serving(lambda request: HttpResponse(200, (), request.path.encode())))

    answers = []
    for path in ("/1", "/2"):
        connection.request("GET", path)
        answers.append((connection.getresponse().read(), connection.sock))

    assert [body for body, _ in answers] == [b"/1", b"/2"]
    assert answers[0][1] is answers[1][1]
    assert answers[0][1] is not None


def test_requests_are_answered_side_by_side(serving: Callable[..., Server]) -> None:
    both = threading.Barrier(2, timeout=20)

    def handler(request: HttpRequest) -> HttpResponse:
        both.wait()
        return HttpResponse(200)

    server = serving(handler)
    statuses: list[int] = []

    def ask() -> None:
        connection = connect(server)
        connection.request("GET", "/")
        statuses.append(connection.getresponse().status)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200, 200]


def test_one_handler_answers_on_several_addresses(serving: Callable[..., Server]) -> None:
    server = serving(lambda _: HttpResponse(204), ("127.0.0.1", 0), ("127.0.0.2", 0))

    for position in range(2):
        connection = connect(server, position)
        connection.request("GET", "/")
        assert connection.getresponse().status == 204


def test_a_head_keeps_its_length_and_a_304_has_none(serving: Callable[..., Server]) -> None:
    def handler(request: HttpRequest) -> HttpResponse:
        if request.method == "HEAD":
            return HttpResponse(200, (("content-length", "7"),))
        return HttpResponse(304, (("etag", '"a"'),))

    connection = connect(serving(handler))
    connection.request("HEAD", "/")
    head = connection.getresponse()
    head.read()
    connection.request("GET", "/")
    unchanged = connection.getresponse()

    assert head.headers["content-length"] == "7"
    assert (unchanged.status, unchanged.read()) == (304, b"")
    assert unchanged.headers["content-length"] is None


def test_a_body_over_the_limit_is_refused_unread(serving: Callable[..., Server]) -> None:
    server = serving(lambda _: HttpResponse(200), max_body_bytes=10)
    connection = connect(server)
    connection.request("POST", "/", body=b"x" * 11)

    assert connection.getresponse().status == 413


def test_a_handler_that_raises_is_an_internal_error(serving: Callable[..., Server]) -> None:
    def handler(_: HttpRequest) -> HttpResponse:
        raise ValueError("secret")

    connection = connect(serving(handler))
    connection.request("GET", "/")
    response = connection.getresponse()

    assert (response.status, response.read()) == (500, b"Internal Server Error")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/t/eyJ0b2tlbiI/m/ast_1/v1/main.mpd", "/t/…/m/ast_1/v1/main.mpd"),
        (
            "/v1/playback/sessions/ses_1/steering/eyJ0b2tlbiI/main.m3u8",
            "/v1/playback/sessions/ses_1/steering/…/main.m3u8",
        ),
    ],
)
def test_what_fails_is_logged_without_the_token_in_its_path(
    serving: Callable[..., Server], caplog: pytest.LogCaptureFixture, path: str, told: str
) -> None:
    def handler(_: HttpRequest) -> HttpResponse:
        raise ValueError("broken")

    connection = connect(serving(handler))
    connection.request("GET", path)
    connection.getresponse().read()

    assert f"GET {told}" in caplog.text
    assert "eyJ0b2tlbiI" not in caplog.text


def test_a_port_that_is_taken_is_named(serving: Callable[..., Server]) -> None:
    server = serving(lambda _: HttpResponse(200))

    with pytest.raises(OSError, match=f"127.0.0.1:{server.port}"):
        serve(lambda _: HttpResponse(200), ("127.0.0.1", server.port))


def test_stopping_frees_the_port_and_ends_the_thread() -> None:
    server = serve(lambda _: HttpResponse(200), name="short-lived")

    server.stop()

    assert not any(thread.name == "short-lived" for thread in threading.enumerate())
    again = serve(lambda _: HttpResponse(200), ("127.0.0.1", server.port))
    again.stop()


def test_small_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(
    serving: Callable[..., Server],
) -> None:
    server = serving(lambda _request: HttpResponse(200, (), b"small"), ("127.0.0.1", 0))
    connection = connect(server)

    times = []
    for _ in range(20):
        begun = time.monotonic()
        connection.request("GET", "/")
        connection.getresponse().read()
        times.append(time.monotonic() - begun)

    assert min(times) < 0.03
