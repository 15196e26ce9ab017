"""CloudFront Functions: the event a function sees, and the one Node worker that runs them all.

Source: "CloudFront Functions event structure" in the CloudFront developer guide (version 1.0).
The functions' code runs unchanged; `runtime.cjs` gives it CloudFront's surface and no other.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from localcloud.edge.distribution import Distribution, EdgeFunction
from localcloud.edge.kvs import Snapshot
from localcloud.edge.signatures import cookies_of
from localcloud.wire import HttpRequest, HttpResponse

CALL_LIMIT_MILLISECONDS = 3000
"""CloudFront allows about 1 ms of CPU. This is time on the clock, and a laptop that encodes seven
films at once gave a call none of it for 250 ms; an endless loop must still end."""

_ANSWER_LIMIT_SECONDS = 15.0
"""A worker that says nothing for this long is replaced."""

_START_LIMIT_SECONDS = 60.0
"""Node on a machine whose cores are all busy."""

_END_LIMIT_SECONDS = 3.0
"""A worker ends by itself when nobody can ask it any more; one that is stuck is killed."""

_RUNTIME = Path(__file__).with_name("runtime.cjs")

_LOG = logging.getLogger(__name__)

Pairs = Iterable[tuple[str, str]]


class FunctionFailedError(Exception):
    """A function threw, took too long, or answered what CloudFront does not take."""


ReadStore = Callable[[str], Snapshot]
"""A KeyValueStore's ARN to its entries of now; KeyError when there is none."""


def no_store(arn: str) -> Snapshot:
    """The stores of an edge that was given none."""
    raise KeyError(arn)


class NodeWorker:
    """Runs functions in one Node process, which is started when needed and again when it dies."""

    def __init__(self, node_path: Path, read_store: ReadStore = no_store) -> None:
        self._node_path = node_path
        self._read_store = read_store
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._loaded: set[str] = set()
        self._stores: dict[str, str] = {}

    def call(self, function: EdgeFunction, event: Mapping[str, Any]) -> dict[str, Any]:
        """What a function makes of an event; FunctionFailedError when it makes nothing of it."""
        text = json.dumps(event, separators=(",", ":"))
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            if function.arn not in self._loaded:
                self._ask(
                    {"name": function.arn, "code": function.code, "stores": function.stores},
                    _START_LIMIT_SECONDS,
                )
                self._loaded.add(function.arn)
            for arn in function.stores:
                self._replicate(arn)
            request = {
                "name": function.arn,
                "event": text,
                "milliseconds": CALL_LIMIT_MILLISECONDS,
            }
            answer = self._ask(request, _ANSWER_LIMIT_SECONDS)
        result = json.loads(answer["result"]) if "result" in answer else None
        if not isinstance(result, dict):
            raise FunctionFailedError(f"{function.name} answered neither request nor response")
        return result

    def stop(self) -> None:
        """End the worker; a later call starts another."""
        with self._lock:
            self._end()

    def _replicate(self, arn: str) -> None:
        """Give the worker a store's entries when they are not those it has."""
        store = self._read_store(arn)
        if self._stores.get(arn) != store.version:
            replica = {"store": arn, "entries": dict(store.entries), "meta": dict(store.meta)}
            self._ask(replica, _ANSWER_LIMIT_SECONDS)
            self._stores[arn] = store.version

    def _start(self) -> None:
        self._end()
        # A session of its own: the interpreter may sit behind a launcher, and both must end.
        self._process = subprocess.Popen(
            [str(self._node_path), str(_RUNTIME)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._buffer = b""
        self._loaded = set()
        self._stores = {}

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_END_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _ask(self, request: Mapping[str, Any], limit_seconds: float) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(self._exchange(request, limit_seconds))
        except (OSError, ValueError, TimeoutError) as error:
            self._end()
            raise FunctionFailedError(f"the worker was lost: {error}") from error
        if "error" in answer:
            raise FunctionFailedError(answer["error"])
        return answer

    def _exchange(self, request: Mapping[str, Any], limit_seconds: float) -> bytes:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise OSError("no worker")
        line = json.dumps(request, separators=(",", ":")).encode("utf-8") + b"\n"
        while line:
            line = line[process.stdin.write(line) or 0 :]
        deadline = time.monotonic() + limit_seconds
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not ready.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"no answer in {limit_seconds:.0f} s")
                received = os.read(process.stdout.fileno(), 1 << 16)
                if not received:
                    raise OSError("it ended")
                self._buffer += received
        answer, _, self._buffer = self._buffer.partition(b"\n")
        return answer


def request_event(
    request: HttpRequest, distribution: Distribution, event_type: str, request_id: str
) -> dict[str, Any]:
    """The event of a viewer request."""
    return {
        "version": "1.0",
        "context": {
            "distributionDomainName": distribution.domain_name,
            "distributionId": distribution.distribution_id,
            "eventType": event_type,
            "requestId": request_id,
        },
        "viewer": {"ip": request.source_ip},
        "request": {
            "method": request.method,
            "uri": request.path,
            "querystring": _grouped(_query_pairs(request.query)),
            "headers": _grouped(pair for pair in request.headers if pair[0] != "cookie"),
            "cookies": _grouped(cookies_of(request)),
        },
    }


def response_event(
    request: HttpRequest, response: HttpResponse, distribution: Distribution, request_id: str
) -> dict[str, Any]:
    """The event of a viewer response; a body that came from the origin is not in it."""
    event = request_event(request, distribution, "viewer-response", request_id)
    event["response"] = {
        "statusCode": response.status,
        "headers": _grouped(pair for pair in response.headers if pair[0] != "set-cookie"),
        "cookies": _set_cookies(response),
    }
    return event


def changed_request(
    request: HttpRequest, event: Mapping[str, Any], answer: Mapping[str, Any]
) -> HttpRequest:
    """The request as a function left it; FunctionFailedError when CloudFront would refuse that."""
    before = event["request"]
    uri = answer.get("uri")
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise FunctionFailedError("request.uri must begin with /")
    headers = answer.get("headers", {})
    if headers.get("host") != before["headers"].get("host"):
        raise FunctionFailedError("the Host header is read-only")
    cookies = "; ".join(f"{name}={value}" for name, value in _pairs(answer.get("cookies", {})))
    return HttpRequest(
        method=request.method,
        path=uri,
        query=request.query
        if answer.get("querystring") == before["querystring"]
        else _query(answer.get("querystring", "")),
        headers=(*_pairs(headers), *((("cookie", cookies),) if cookies else ())),
        body=request.body,
        source_ip=request.source_ip,
        scheme=request.scheme,
        host=request.host,
    )


def generated_response(answer: Mapping[str, Any]) -> HttpResponse:
    """The response that a viewer request function made itself."""
    body = answer.get("body", "")
    if isinstance(body, Mapping):
        body = str(body.get("data", ""))
    return HttpResponse(_status(answer), _response_headers(answer), str(body).encode("utf-8"))


def changed_response(response: HttpResponse, answer: Mapping[str, Any]) -> HttpResponse:
    """The response as a viewer response function left it."""
    body = response.body
    given = answer.get("body")
    if given is not None:
        body = str(given.get("data", "") if isinstance(given, Mapping) else given).encode("utf-8")
    return HttpResponse(_status(answer), _response_headers(answer), body)


def _status(answer: Mapping[str, Any]) -> int:
    status = answer.get("statusCode")
    if not isinstance(status, int | float) or not 200 <= status <= 599:
        raise FunctionFailedError(f"response.statusCode {status!r} is not allowed")
    return int(status)


def _response_headers(answer: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    cookies: list[tuple[str, str]] = []
    for name, entry in (answer.get("cookies") or {}).items():
        for each in entry.get("multiValue") or [entry]:
            attributes = f"; {each['attributes']}" if each.get("attributes") else ""
            cookies.append(("set-cookie", f"{name}={each['value']}{attributes}"))
    return (*_pairs(answer.get("headers") or {}), *cookies)


def _grouped(pairs: Pairs) -> dict[str, Any]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {
        name: {"value": found[0]}
        if len(found) == 1
        else {"value": found[0], "multiValue": [{"value": each} for each in found]}
        for name, found in values.items()
    }


def _pairs(grouped: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        return [
            (name.lower(), str(each["value"]))
            for name, entry in grouped.items()
            for each in entry.get("multiValue") or [entry]
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise FunctionFailedError("a header, cookie or parameter has no value") from error


def _query_pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(name, value) for name, _, value in parts]


def _query(given: Any) -> str:
    if isinstance(given, str):
        return given
    try:
        return "&".join(
            f"{name}={each['value']}" if each["value"] != "" else name
            for name, entry in given.items()
            for each in entry.get("multiValue") or [entry]
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise FunctionFailedError("request.querystring is malformed") from error


def _set_cookies(response: HttpResponse) -> dict[str, Any]:
    found: dict[str, list[dict[str, str]]] = {}
    for header, value in response.headers:
        if header == "set-cookie":
            pair, _, attributes = value.partition(";")
            name, _, content = pair.partition("=")
            entry = {"value": content.strip()}
            if attributes.strip():
                entry["attributes"] = attributes.strip()
            found.setdefault(name.strip(), []).append(entry)
    return {
        name: entries[0] if len(entries) == 1 else {**entries[0], "multiValue": entries}
        for name, entries in found.items()
    }
