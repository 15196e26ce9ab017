"""What does a process cost: requests/s through the gateway to a function's process, or in here?

Both sides answer the same HTTP requests on the same server through the same gateway. The function
is a FastAPI application; ours runs it under AWS's runtime client in a process of its own.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from parts.harness import LAYERS, PEERS, ROOT, say, say_ratio

sys.path[:0] = [str(ROOT), str(PEERS)]

SECONDS = 3.0
ROUNDS = 5
CONNECTIONS = 4
HOST = "app1.execute-api.eu-west-1.amazonaws.com"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:film"


_thread = threading.local()


@dataclass(frozen=True)
class InProcess:
    """Functions that are called where the gateway is."""

    handler: Callable[[Any, Any], Any]

    def invoke(self, identifier: str, payload: bytes, *, timeout: timedelta | None = None) -> Any:
        del identifier, timeout
        if not hasattr(_thread, "loop"):
            # Mangum takes the thread's loop; only a main thread has one by itself.
            _thread.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(_thread.loop)
        reply = self.handler(json.loads(payload), None)
        return SimpleNamespace(payload=json.dumps(reply).encode(), function_error=None)


def registry() -> Any:
    """One API with one route."""
    from localcloud.registry import Registry, Resource

    made = Registry()
    api = {"ApiId": "app1"}
    for kind, physical_id, properties in (
        ("Api", "app1", {"ProtocolType": "HTTP"}),
        ("Stage", "$default", {**api, "StageName": "$default"}),
        (
            "Integration",
            "i1",
            {**api, "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION,
             "CredentialsArn": "role"},
        ),
        ("Route", "r1", {**api, "RouteKey": "GET /v1/titles/{id}", "Target": "integrations/i1"}),
    ):  # fmt: skip
        cfn_type = f"AWS::ApiGatewayV2::{kind}"
        made.add(Resource("app", kind, cfn_type, physical_id, {}, properties))
    return made


def requests_per_second(port: int) -> float:
    """What a client with a few kept connections gets, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "client", str(port)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def client(port: int) -> None:
    def ask(connection: http.client.HTTPConnection) -> None:
        connection.request("GET", "/v1/titles/ttl_1", headers={"host": HOST})
        answer = connection.getresponse()
        if answer.status != 200 or b"A Film" not in answer.read():
            raise SystemExit(f"answered {answer.status}")

    def count() -> float:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(50):
            ask(connection)
        begun, answered = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS:
            ask(connection)
            answered += 1
        return answered / (time.perf_counter() - begun)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        print(sum(each.result() for each in [pool.submit(count) for _ in range(CONNECTIONS)]))


def main() -> None:
    from localcloud.function_spec import FunctionSpec
    from localcloud.functions import Functions
    from localcloud.gateway import Gateway
    from localcloud.serve import serve

    with tempfile.TemporaryDirectory() as folder:
        keys = SimpleNamespace(
            access_key_id="AKIA",
            secret_access_key="-",  # noqa: S106 - calls nothing
            session_token=None,
            expiration=None,
        )
        functions = Functions(
            Path(folder), "http://127.0.0.1:1", "eu-west-1", "123456789012", lambda *_: keys
        )
        functions.create(
            FunctionSpec(
                "film", FUNCTION, "film_api.handler", "python3.11", PEERS, (LAYERS / "web",),
                timeout=timedelta(seconds=10),
            )
        )  # fmt: skip
        here = InProcess(importlib.import_module("film_api").handler)
        servers = [
            serve(Gateway(registry(), each).handle, ("127.0.0.1", 0)) for each in (functions, here)
        ]
        try:
            rounds = [[requests_per_second(each.port) for each in servers] for _ in range(ROUNDS)]
        finally:
            for server in servers:
                server.stop()
            functions.stop()
    ours, peer = (statistics.median(column) for column in zip(*rounds, strict=True))
    say(f"Gateway to function ({CONNECTIONS} connections, a FastAPI function)")
    say_ratio("requests a second", ours, peer, "1/s", "target ≥ 0.70")


if __name__ == "__main__":
    client(int(sys.argv[2])) if sys.argv[1:2] == ["client"] else main()
