"""The Lambda service's REST API as far as invoking goes (Invoke, API version 2015-03-31)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Protocol
from urllib.parse import parse_qs, unquote

from localcloud.function_spec import FunctionSpec
from localcloud.functions.errors import InvalidFunctionError, InvalidPayloadError, LambdaError
from localcloud.functions.invocation import Invocation
from localcloud.wire import HttpRequest, HttpResponse

_INVOCATIONS = re.compile(r"^/2015-03-31/functions/(?P<name>[^/]+)/invocations/?$")


class Invoker(Protocol):
    """What the API needs of the service."""

    def spec(self, identifier: str) -> FunctionSpec: ...

    def invoke(
        self, identifier: str, payload: bytes, *, client_context: str | None = None
    ) -> Invocation: ...

    def invoke_async(self, identifier: str, payload: bytes) -> str: ...


def handle(functions: Invoker, request: HttpRequest) -> HttpResponse | None:
    """Answer an Invoke; None when the request is another call of the API."""
    match = _INVOCATIONS.match(request.path)
    if match is None or request.method != "POST":
        return None
    try:
        return _invoke(functions, _qualified(unquote(match["name"]), request), request)
    except LambdaError as error:
        return _refusal(error)


def _qualified(name: str, request: HttpRequest) -> str:
    qualifier = parse_qs(request.query).get("Qualifier")
    if qualifier is None or name.endswith(f":{qualifier[0]}"):
        return name
    return f"{name}:{qualifier[0]}"


def _invoke(functions: Invoker, identifier: str, request: HttpRequest) -> HttpResponse:
    kind = request.header("x-amz-invocation-type") or "RequestResponse"
    _check_json(request.body)
    if kind == "DryRun":
        functions.spec(identifier)
        return HttpResponse(204)
    if kind == "Event":
        request_id = functions.invoke_async(identifier, request.body or b"{}")
        return HttpResponse(202, (("x-amzn-requestid", request_id),))
    if kind != "RequestResponse":
        raise InvalidFunctionError(
            f"1 validation error detected: Value '{kind}' at 'invocationType' failed to satisfy "
            "constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
        )
    context = request.header("x-amz-client-context")
    invocation = functions.invoke(identifier, request.body, client_context=_decoded(context))
    headers = [
        ("content-type", "application/json"),
        ("x-amzn-requestid", invocation.request_id),
        ("x-amz-executed-version", invocation.executed_version),
    ]
    if invocation.function_error is not None:
        headers.append(("x-amz-function-error", invocation.function_error))
    if request.header("x-amz-log-type") == "Tail":
        tail = base64.b64encode(invocation.log_tail.encode()).decode()
        headers.append(("x-amz-log-result", tail))
    return HttpResponse(200, tuple(headers), invocation.payload)


def _check_json(body: bytes) -> None:
    try:
        json.loads(body or b"{}")
    except ValueError as error:
        raise InvalidPayloadError(f"Could not parse request body into json: {error}") from None


def _decoded(context: str | None) -> str | None:
    try:
        return None if context is None else base64.b64decode(context).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidPayloadError("Client context must be a valid Base64-encoded JSON.") from None


def _refusal(error: LambdaError) -> HttpResponse:
    document = {"Type": "User", "message": error.message}
    if error.reason is not None:
        document["Reason"] = error.reason
    headers = (("content-type", "application/json"), ("x-amzn-errortype", error.code))
    return HttpResponse(error.status, headers, json.dumps(document).encode())
