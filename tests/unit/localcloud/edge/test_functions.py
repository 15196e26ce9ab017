"""Edge functions in the Node worker: what they see, what they may do, and how they fail."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from localcloud.edge.distribution import EdgeFunction
from localcloud.edge.functions import FunctionFailedError, NodeWorker

from .conftest import HOST, NODE, World


def request_function(world: World, code: str, event: str = "viewer-request") -> World:
    world.function("f", code)
    world.config["DefaultCacheBehavior"]["FunctionAssociations"] = [
        {"EventType": event, "FunctionARN": "arn:f"}
    ]
    return world


ECHO = """
function handler(event) {
    return {statusCode: 200, headers: {'x': {value: 'y'}}, body: JSON.stringify(event)};
}
"""


def test_the_event_is_version_1_0_member_for_member(world: World) -> None:
    import json

    request_function(world, ECHO)

    response = world.ask("GET /a%20b?x=1&x=2&y", cookie="c=1; d=2", accept="text/html")

    event = json.loads(response.body)
    request_id = event["context"].pop("requestId")
    assert request_id == response.header("x-amz-cf-id")
    assert event == {
        "version": "1.0",
        "context": {
            "distributionDomainName": "d123.cloudfront.net",
            "distributionId": "E123",
            "eventType": "viewer-request",
        },
        "viewer": {"ip": "203.0.113.7"},
        "request": {
            "method": "GET",
            "uri": "/a%20b",
            "querystring": {
                "x": {"value": "1", "multiValue": [{"value": "1"}, {"value": "2"}]},
                "y": {"value": ""},
            },
            "headers": {"host": {"value": HOST}, "accept": {"value": "text/html"}},
            "cookies": {"c": {"value": "1"}, "d": {"value": "2"}},
        },
    }
    assert response.header("x") == "y"
    assert response.header("x-cache") == "FunctionGeneratedResponse from cloudfront"


def test_a_changed_address_is_what_the_origin_is_asked_for(world: World) -> None:
    request_function(
        world,
        "function handler(event) { event.request.uri = '/other.js'; return event.request; }",
    )

    world.ask("GET /a.js")

    assert world.bucket.asked[0][1] == "other.js"


def test_a_new_address_does_not_choose_another_behaviour(world: World) -> None:
    world.behaviour("/m/*", "films")
    request_function(
        world, "function handler(event) { event.request.uri = '/m/x'; return event.request; }"
    )

    world.ask("GET /a.js")

    assert world.bucket.asked[0][:2] == ("web", "m/x")


def test_headers_cookies_and_query_can_be_changed(world: World) -> None:
    code = """
    async function handler(event) {
        const request = event.request;
        request.headers['x-new'] = {value: 'n'};
        delete request.headers['x-old'];
        request.cookies = {a: {value: '2'}};
        request.querystring = {q: {value: '1', multiValue: [{value: '1'}, {value: '2'}]}};
        return request;
    }
    """
    world.function("f", code)
    world.api_behaviour(
        FunctionAssociations=[{"EventType": "viewer-request", "FunctionARN": "arn:f"}]
    )

    world.ask("GET /v1/a?z=1", x_old="o", cookie="a=1")

    asked = world.api.asked[0]
    assert asked.query == "q=1&q=2"
    assert asked.header("x-new") == "n"
    assert asked.header("x-old") is None
    assert asked.header("cookie") == "a=2"


def test_a_viewer_response_function_may_change_the_answer(world: World) -> None:
    code = """
    function handler(event) {
        const response = event.response;
        response.headers['x-status'] = {value: String(response.statusCode)};
        response.cookies.seen = {value: '1', attributes: 'Path=/'};
        return response;
    }
    """
    request_function(world, code, "viewer-response")
    world.bucket.put("web", "a.js", b"1")

    response = world.ask("GET /a.js")

    assert (response.status, response.body) == (200, b"1")
    assert response.header("x-status") == "200"
    assert response.header("set-cookie") == "seen=1; Path=/"
    assert world.ask("GET /absent").header("x-status") is None


def test_an_unsigned_request_never_reaches_the_function(films: World) -> None:
    films.function("f", ECHO)
    films.config["CacheBehaviors"][0]["FunctionAssociations"] = [
        {"EventType": "viewer-request", "FunctionARN": "arn:f"}
    ]

    assert films.ask("GET /m/ast_1/v1/seg_1.cmfv").status == 403


@pytest.mark.parametrize(
    "code",
    [
        "function handler(event) { throw new Error('no'); }",
        "function handler(event) { return 1; }",
        "function handler(event) { while (true) {} }",
        "async function handler(event) { await null; while (true) {} }",
        "function handler(event) { return new Promise(function () {}); }",
        "function handler(event) { event.request.uri = 'x'; return event.request; }",
        "function handler(event) {"
        " event.request.headers.host = {value: 'evil'}; return event.request; }",
        "function handler(event) { return {statusCode: 9}; }",
        "function other(event) { return event.request; }",
        "this is no program",
    ],
)
def test_a_function_that_fails_is_answered_as_a_function_error(world: World, code: str) -> None:
    request_function(world, code)

    response = world.ask("GET /a.js")

    assert response.status == 503
    assert b"The CloudFront function associated with the CloudFront distribution" in response.body
    assert response.header("x-cache") == "FunctionExecutionError from cloudfront"
    assert world.bucket.asked == []


class TestRuntime:
    @pytest.fixture(scope="class")
    @staticmethod
    def worker() -> Any:
        worker = NodeWorker(NODE)
        yield worker
        worker.stop()

    @staticmethod
    def run(worker: NodeWorker, expression: str, name: str | None = None) -> Any:
        code = f"function handler(event) {{ return {{value: ({expression})}}; }}"
        return worker.call(EdgeFunction(name or expression, "f", code), {}).get("value")

    @pytest.mark.parametrize(
        "name",
        [
            "process", "setTimeout", "setInterval", "setImmediate", "fetch", "module", "exports",
            "global", "XMLHttpRequest", "WebAssembly", "Map", "Set", "Proxy", "performance",
        ],
    )  # fmt: skip
    def test_what_cloudfront_lacks_is_lacking(self, worker: NodeWorker, name: str) -> None:
        assert self.run(worker, f"typeof {name}") == "undefined"

    @pytest.mark.parametrize(
        "expression", ["eval('1')", "new Function('return 1')()", "require('fs')", "require('vm')"]
    )
    def test_code_from_strings_and_other_modules_are_refused(
        self, worker: NodeWorker, expression: str
    ) -> None:
        with pytest.raises(FunctionFailedError):
            self.run(worker, expression)

    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            (
                "require('crypto').createHash('sha256').update('a').digest('hex').slice(0, 8)",
                "ca978112",
            ),
            (
                "require('crypto').createHmac('sha256', 'k').update('a').digest('hex').slice(0, 8)",
                "d9e36b2f",
            ),
            ("Buffer.from('aGk', 'base64').toString()", "hi"),
            ("require('querystring').parse('a=1&b=2').b", "2"),
            ("'abc'.padStart(5, '-') + (2 ** 3)", "--abc8"),
        ],
    )
    def test_what_cloudfront_has_is_there(
        self, worker: NodeWorker, expression: str, value: str
    ) -> None:
        if "createHmac" in expression:
            import hashlib
            import hmac

            value = hmac.new(b"k", b"a", hashlib.sha256).hexdigest()[:8]
        assert self.run(worker, expression) == value

    def test_modules_can_be_imported(self, worker: NodeWorker) -> None:
        code = (
            "import crypto from 'crypto';\n"
            "function handler(event) { return {value: typeof crypto.createHmac}; }"
        )

        assert worker.call(EdgeFunction("import", "f", code), {}) == {"value": "function"}

    def test_one_function_sees_nothing_of_another(self, worker: NodeWorker) -> None:
        self.run(worker, "globalThis.left = 1", "first")

        assert self.run(worker, "typeof left", "second") == "undefined"

    def test_a_worker_that_died_is_replaced(self, worker: NodeWorker) -> None:
        assert self.run(worker, "1", "alive") == 1
        process = worker._process
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

        assert self.run(worker, "1", "alive") == 1

    def test_stopping_leaves_no_process(self) -> None:
        worker = NodeWorker(NODE)
        self.run(worker, "1")
        process = worker._process
        assert process is not None

        worker.stop()

        assert process.returncode is not None
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)

    def test_an_interpreter_that_does_not_exist_is_a_failed_function(self, tmp_path: Path) -> None:
        worker = NodeWorker(tmp_path / "node")

        with pytest.raises((FunctionFailedError, FileNotFoundError)):
            self.run(worker, "1")
