"""What becomes of a call when the service throttles, breaks, hangs or hangs up."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from kernel.aws.json_client import (
    ATTEMPTS,
    DYNAMODB,
    FIRST_PAUSE_SECONDS,
    KMS,
    AwsError,
    AwsJson,
    ConditionFailedError,
    JsonService,
    NoSuchResourceError,
)
from kernel.errors import UnavailableError

OK = (200, '{"Item":{}}')
THROTTLED = (400, '{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}')
BROKEN = (500, '{"__type":"InternalServerError"}')
NONSENSE = (503, "<html>Service Unavailable</html>")
HANGS_UP = (0, "")
SILENT = (-1, "")


@dataclass
class Service:
    """Answers what it was told to, one answer after the other; the last one again and again."""

    answers: list[tuple[int, str]]
    targets: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    connections: set[int] = field(default_factory=set)
    over: Event = field(default_factory=Event)
    lines: list[socket.socket] = field(default_factory=list)
    url: str = ""

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": self.url,
            **more,
        }

    def client(self, service: JsonService = DYNAMODB, timeout_seconds: float = 5.0) -> AwsJson:
        return AwsJson(
            service, self.environment(), pause=lambda _: None, timeout_seconds=timeout_seconds
        )

    def hang_up(self) -> None:
        """Close what is kept open, as a service does with a function that sleeps."""
        for line in self.lines:
            line.shutdown(socket.SHUT_RDWR)


def handler_of(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            service.targets.append(self.headers["x-amz-target"])
            service.bodies.append(json.loads(body))
            service.headers = {name.lower(): value for name, value in self.headers.items()}
            service.connections.add(self.client_address[1])
            service.lines.append(self.connection)
            answers = service.answers
            status, text = answers.pop(0) if len(answers) > 1 else answers[0]
            if status == HANGS_UP[0]:
                self.close_connection = True
                return
            if status == SILENT[0]:
                service.over.wait(10)
                return
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Silent."""

    return Handler


Serve = Callable[..., Service]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[tuple[ThreadingHTTPServer, Service]] = []

    def serving(*answers: tuple[int, str]) -> Service:
        service = Service(list(answers))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(service))
        service.url = f"http://127.0.0.1:{server.server_port}"
        servers.append((server, service))
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return service

    yield serving
    for server, service in servers:
        service.over.set()
        server.shutdown()
        server.server_close()


def test_a_call_is_an_operation_and_its_parameters(serve: Serve) -> None:
    service = serve(OK)

    answer = service.client().call("GetItem", TableName="plays", Key={"pk": {"S": "é"}})

    assert answer == {"Item": {}}
    assert service.targets == ["DynamoDB_20120810.GetItem"]
    assert service.bodies == [{"TableName": "plays", "Key": {"pk": {"S": "é"}}}]
    assert service.headers["content-type"] == "application/x-amz-json-1.0"
    assert service.headers["host"] == service.url.removeprefix("http://")
    assert service.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIA/")


def test_calls_share_one_connection(serve: Serve) -> None:
    service = serve(OK)
    client = service.client()

    for _ in range(3):
        client.call("GetItem")

    assert len(service.connections) == 1


@pytest.mark.parametrize("first", [THROTTLED, BROKEN, NONSENSE, HANGS_UP])
def test_what_may_pass_is_tried_again(serve: Serve, first: tuple[int, str]) -> None:
    service = serve(first, first, OK)

    assert service.client().call("GetItem") == {"Item": {}}
    assert len(service.targets) == ATTEMPTS


@pytest.mark.parametrize("always", [THROTTLED, BROKEN, NONSENSE, HANGS_UP])
def test_what_does_not_pass_is_unavailable(serve: Serve, always: tuple[int, str]) -> None:
    service = serve(always)

    with pytest.raises(UnavailableError):
        service.client().call("GetItem")

    assert len(service.targets) == ATTEMPTS


def test_a_silent_service_is_not_waited_for_long(serve: Serve) -> None:
    service = serve(SILENT, OK)

    assert service.client(timeout_seconds=0.2).call("GetItem") == {"Item": {}}


def test_nobody_at_the_address_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = Service([], url=f"http://127.0.0.1:{port}")

    with pytest.raises(UnavailableError):
        nobody.client().call("GetItem")


def test_pauses_grow_and_are_spread(serve: Serve) -> None:
    paused: list[float] = []
    service = serve(THROTTLED)

    with pytest.raises(UnavailableError):
        AwsJson(DYNAMODB, service.environment(), pause=paused.append).call("GetItem")

    longest = [FIRST_PAUSE_SECONDS * 2**attempt for attempt in range(1, ATTEMPTS)]
    assert len(paused) == len(longest)
    assert all(0 <= pause <= most for pause, most in zip(paused, longest, strict=True))


def test_a_connection_closed_while_the_function_slept_costs_no_attempt(serve: Serve) -> None:
    service = serve(OK)
    client = service.client()
    client.call("GetItem")

    service.hang_up()
    client.call("PutItem")

    assert service.targets == ["DynamoDB_20120810.GetItem", "DynamoDB_20120810.PutItem"]
    assert len(service.connections) == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", ConditionFailedError),
        ("ResourceNotFoundException", NoSuchResourceError),
        ("com.amazon.coral.service#AccessDeniedException", AwsError),
    ],
)
def test_a_refusal_is_told_by_its_kind_and_not_tried_again(
    serve: Serve, code: str, kind: type[AwsError]
) -> None:
    service = serve((400, json.dumps({"__type": code, "Message": "No."})))

    with pytest.raises(AwsError) as refused:
        service.client(KMS).call("Decrypt")

    assert type(refused.value) is kind
    assert refused.value.code == code.rpartition("#")[2]
    assert str(refused.value).endswith(": No.")
    assert len(service.targets) == 1


def test_without_another_address_it_is_the_regions_own_over_tls() -> None:
    environment = Service([]).environment()
    del environment["AWS_ENDPOINT_URL"]

    connection = AwsJson(KMS, environment)._connection._connection

    assert (type(connection).__name__, connection.host, connection.port) == (
        "HTTPSConnection",
        "kms.eu-west-1.amazonaws.com",
        443,
    )


@pytest.mark.parametrize("missing", ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_an_environment_that_lacks_something_is_refused_by_its_name(missing: str) -> None:
    environment = Service([]).environment()
    del environment[missing]

    with pytest.raises(KeyError, match=missing):
        AwsJson(DYNAMODB, environment)
