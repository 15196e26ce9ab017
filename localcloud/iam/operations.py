"""Tells which API operation a request calls, with its parameters, from botocore's models.

S3 is not here: its operations are told apart by sub-resources (`s3_actions`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

import botocore.loaders
import botocore.model

from localcloud.wire import HttpRequest

JSON, QUERY, REST_JSON, REST_XML = "json", "query", "rest-json", "rest-xml"

_MODELS = {
    "apigateway": ("apigatewayv2", "apigateway"),
    "cloudfront": ("cloudfront",),
    "cloudfront-keyvaluestore": ("cloudfront-keyvaluestore",),
    "execute-api": ("apigatewaymanagementapi",),
    "lambda": ("lambda",),
    "mediaconvert": ("mediaconvert",),
    "pipes": ("pipes",),
    "scheduler": ("scheduler",),
    "ses": ("sesv2",),
    "xray": ("xray",),
}
"""REST services by signing name; several models may share one."""


class UnknownOperationError(LookupError):
    """No operation of the service looks like this request."""

    def __init__(self, service: str, method: str, path: str) -> None:
        super().__init__(f"no operation of {service} is {method} {path}")


@dataclass(frozen=True)
class Operation:
    """One API call."""

    service: str
    """The signing name, but `dynamodbstreams` for the streams API."""
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def protocol(service: str, request: HttpRequest) -> str:
    """How the service speaks, which decides the form of its errors."""
    if request.header("x-amz-target"):
        return JSON
    if service == "s3":
        return REST_XML
    if service in _MODELS:
        return REST_XML if service == "cloudfront" else REST_JSON
    return QUERY


def identify(service: str, request: HttpRequest, body: bytes) -> Operation:
    """The operation and its parameters; UnknownOperationError when there is none such."""
    target = request.header("x-amz-target")
    if target is not None:
        prefix, _, name = target.rpartition(".")
        if prefix.startswith("DynamoDBStreams"):
            service = "dynamodbstreams"
        return Operation(service, name, _json(body))
    if service in _MODELS:
        return _rest(service, request, body)
    text = body.decode("utf-8", "replace") if request.method == "POST" else request.query
    fields = dict(parse_qsl(text, keep_blank_values=True))
    if "Action" not in fields:
        raise UnknownOperationError(service, request.method, request.path)
    return Operation(service, fields.pop("Action"), fields)


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body) if body else {}
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _rest(service: str, request: HttpRequest, body: bytes) -> Operation:
    path = request.path.rstrip("/") or "/"
    names = set(parse_qs(request.query, keep_blank_values=True))
    for model in _MODELS[service]:
        for route in _routes(model):
            match = route.pattern.fullmatch(path) if route.method == request.method else None
            if match and route.query <= names:
                parameters = dict(parse_qsl(request.query, keep_blank_values=True))
                # A streamed payload (Invoke) is not parameters.
                if not route.opaque_body:
                    parameters.update(_json(body))
                found = match.groupdict()
                parameters.update(
                    {route.uri_names[key]: unquote(value) for key, value in found.items()}
                )
                return Operation(service, route.operation, parameters)
    raise UnknownOperationError(service, request.method, request.path)


@dataclass(frozen=True)
class _Route:
    operation: str
    method: str
    pattern: re.Pattern[str]
    uri_names: Mapping[str, str]
    query: frozenset[str]
    opaque_body: bool
    weight: int


@lru_cache(maxsize=32)
def _routes(model_name: str) -> tuple[_Route, ...]:
    """Every operation's address, the most literal first."""
    loader = botocore.loaders.Loader()
    description = loader.load_service_model(model_name, "service-2")
    model = botocore.model.ServiceModel(description, model_name)
    routes = [_route(model.operation_model(name)) for name in model.operation_names]
    return tuple(sorted(routes, key=lambda route: -route.weight))


def _route(operation: botocore.model.OperationModel) -> _Route:
    uri, _, query = str(operation.http["requestUri"]).partition("?")
    uri = uri.rstrip("/") or "/"
    names: dict[str, str] = {}
    members = operation.input_shape.members if operation.input_shape else {}
    by_location = {
        shape.serialization.get("name", member): member
        for member, shape in members.items()
        if shape.serialization.get("location") == "uri"
    }
    pattern = ""
    for index, part in enumerate(re.split(r"(\{[^}]+\})", uri)):
        if part.startswith("{"):
            name = part[1:-1]
            group = f"p{index}"
            names[group] = by_location.get(name.rstrip("+"), name.rstrip("+"))
            pattern += f"(?P<{group}>.+)" if name.endswith("+") else f"(?P<{group}>[^/]+)"
        else:
            pattern += re.escape(part)
    literal = re.sub(r"\{[^}]+\}", "", uri)
    opaque = bool(operation.input_shape and operation.input_shape.serialization.get("payload"))
    return _Route(
        operation=operation.name,
        method=str(operation.http["method"]),
        pattern=re.compile(pattern),
        uri_names=names,
        query=frozenset(name.partition("=")[0] for name in query.split("&") if name),
        opaque_body=opaque,
        weight=len(literal) + 2 * len(query),
    )
