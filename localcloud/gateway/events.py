"""Payload format 2.0: the event a function gets of a request, and the answer read from its reply.

Source: "AWS Lambda proxy integrations for HTTP APIs" in the API Gateway developer guide. What
the guide leaves open follows captures of the live service: `rawPath` is decoded, the query is not,
and a form's body arrives in base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from localcloud.wire import HttpRequest, HttpResponse

_TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})

_OWN_HEADERS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"}
)
"""Headers that the gateway writes itself, whatever the function answered."""


class MalformedReplyError(ValueError):
    """The function answered something that is no HTTP response."""


@dataclass(frozen=True)
class Context:
    """What the gateway knows of a request besides its bytes."""

    account_id: str
    api_id: str
    stage: str
    route_key: str
    request_id: str
    trace_id: str
    domain_name: str
    path: str
    """Decoded, with the stage's name or the mapping's key in front when the URL had it."""
    path_parameters: Mapping[str, str]
    authorizer: Mapping[str, Any] | None
    now: float
    """Seconds since the epoch."""


def proxy_event(request: HttpRequest, context: Context) -> dict[str, Any]:
    """The event for a request, member for member as API Gateway writes it."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": context.route_key,
        "rawPath": context.path,
        "rawQueryString": request.query,
    }
    cookies = _cookies(request)
    if cookies:
        event["cookies"] = cookies
    event["headers"] = _headers(request, context)
    parameters = _query_parameters(request.query)
    if parameters:
        event["queryStringParameters"] = parameters
    event["requestContext"] = _request_context(request, context)
    if context.path_parameters:
        event["pathParameters"] = dict(context.path_parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request)
    else:
        event["isBase64Encoded"] = False
    return event


def _request_context(request: HttpRequest, context: Context) -> dict[str, Any]:
    moment = datetime.fromtimestamp(context.now, UTC)
    about: dict[str, Any] = {"accountId": context.account_id, "apiId": context.api_id}
    if context.authorizer is not None:
        about["authorizer"] = dict(context.authorizer)
    about |= {
        "domainName": context.domain_name,
        "domainPrefix": context.domain_name.split(".", 1)[0],
        "http": {
            "method": request.method,
            "path": context.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent") or "",
        },
        "requestId": context.request_id,
        "routeKey": context.route_key,
        "stage": context.stage,
        "time": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(context.now * 1000),
    }
    return about


def _cookies(request: HttpRequest) -> list[str]:
    values = (value for name, value in request.headers if name == "cookie")
    return [part.strip() for value in values for part in value.split(";") if part.strip()]


def _headers(request: HttpRequest, context: Context) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in request.headers:
        key = name.lower()
        if key in ("cookie", "connection", "transfer-encoding"):
            continue
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    forwarded = joined.get("x-forwarded-for")
    joined["host"] = request.host
    joined["content-length"] = str(len(request.body))
    joined.setdefault("x-amzn-trace-id", context.trace_id)
    joined["x-forwarded-for"] = (
        f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip
    )
    joined["x-forwarded-port"] = _port(request)
    joined["x-forwarded-proto"] = request.scheme
    return dict(sorted(joined.items()))


def _port(request: HttpRequest) -> str:
    _, _, port = request.host.rpartition(":")
    if port.isdigit():
        return port
    return "443" if request.scheme == "https" else "80"


def _query_parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = (unquote_plus(piece) for piece in part.partition("="))
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _body(request: HttpRequest) -> tuple[str, bool]:
    content_type = (request.header("content-type") or "text/plain").split(";")[0].strip().lower()
    if _is_text(content_type):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode("ascii"), True


def _is_text(content_type: str) -> bool:
    return (
        content_type.startswith("text/")
        or content_type in _TEXT_TYPES
        or content_type.endswith(("+json", "+xml"))
    )


def proxy_response(payload: bytes) -> HttpResponse:
    """The HTTP answer that a function's reply means; MalformedReplyError when it means none.

    A reply without `statusCode` is itself the body of a 200 in JSON.
    """
    try:
        reply = json.loads(payload) if payload else None
    except ValueError as error:
        raise MalformedReplyError("the function's reply is no JSON") from error
    if not isinstance(reply, dict) or "statusCode" not in reply:
        body = reply if isinstance(reply, str) else payload.decode("utf-8", "replace")
        return HttpResponse(200, (("content-type", "application/json"),), body.encode())
    headers = [
        (name, value)
        for name, value in _reply_headers(reply.get("headers"))
        if name not in _OWN_HEADERS
    ]
    if not any(name == "content-type" for name, _ in headers):
        headers.insert(0, ("content-type", "text/plain;charset=utf-8"))
    headers += [("set-cookie", str(cookie)) for cookie in _list(reply.get("cookies"))]
    return HttpResponse(_status(reply["statusCode"]), tuple(headers), _reply_body(reply))


def _status(value: object) -> int:
    if isinstance(value, bool) or not str(value).isdigit() or not 100 <= int(str(value)) <= 599:
        raise MalformedReplyError(f"statusCode {value!r} is no HTTP status")
    return int(str(value))


def _reply_headers(value: object) -> Iterable[tuple[str, str]]:
    if value is None:
        return
    if not isinstance(value, dict):
        raise MalformedReplyError("headers is no object")
    for name, content in value.items():
        if isinstance(content, dict | list):
            raise MalformedReplyError(f"header {name} is no string")
        if content is not None:
            text = str(content).lower() if isinstance(content, bool) else str(content)
            yield str(name).lower(), text


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedReplyError("cookies is no list")
    return value


def _reply_body(reply: Mapping[str, Any]) -> bytes:
    body = reply.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        body = json.dumps(body, separators=(",", ":"))
    if reply.get("isBase64Encoded") is True:
        try:
            return base64.b64decode(body, validate=True)
        except ValueError as error:
            raise MalformedReplyError("body is no base64") from error
    return body.encode("utf-8")
