"""HTTP API integrations that put a record into a Kinesis stream without a function.

Source: "AWS service integrations" and "Transform API requests" in the API Gateway developer guide.
A record's members are chosen from the request by expressions; nothing of the body is checked.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from localcloud.wire import HttpRequest, HttpResponse

SUBTYPE = "Kinesis-PutRecord"

MEMBERS = frozenset(
    {
        "StreamName",
        "Data",
        "PartitionKey",
        "SequenceNumberForOrdering",
        "ExplicitHashKey",
        "Region",
    }
)
REQUIRED = frozenset({"StreamName", "Data", "PartitionKey"})

_JSON = (("content-type", "application/json"),)
_EXPRESSION = re.compile(r"\$\{([^}]+)\}|^\$((?:request|context)\..+|request\.body)$")


class UnmappedParameterError(ValueError):
    """The request lacks what the integration takes from it."""


class ServiceRefusedError(Exception):
    """Kinesis said no."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


PutRecord = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Role ARN and the call's members (Data as bytes) to Kinesis's answer; ServiceRefusedError."""


def put_nowhere(_role_arn: str, _members: Mapping[str, Any]) -> Mapping[str, Any]:
    """The streams of a gateway that was given none."""
    raise ServiceRefusedError(400, "ResourceNotFoundException", "there are no streams here")


@dataclass(frozen=True)
class RecordIntegration:
    """One integration as the template declares it."""

    role_arn: str
    parameters: Mapping[str, str]
    """Member of the call to a text or an expression such as `$request.body.d`."""

    def answer(
        self, request: HttpRequest, context: Mapping[str, str], put: PutRecord
    ) -> HttpResponse:
        """Put the record; Kinesis's own answer. UnmappedParameterError."""
        members: dict[str, Any] = {
            name: _value(expression, request, context)
            for name, expression in self.parameters.items()
            if name != "Region"
        }
        try:
            members["Data"] = base64.b64decode(members["Data"], validate=True)
            answered = put(self.role_arn, members)
        except ValueError:
            refusal = {"__type": "SerializationException"}
            return HttpResponse(400, _JSON, json.dumps(refusal).encode())
        except ServiceRefusedError as refused:
            said = {"__type": refused.code, "message": refused.message}
            return HttpResponse(refused.status, _JSON, json.dumps(said).encode())
        return HttpResponse(200, _JSON, json.dumps(dict(answered)).encode())


def _value(expression: str, request: HttpRequest, context: Mapping[str, str]) -> str:
    def chosen(match: re.Match[str]) -> str:
        return _selected((match.group(1) or match.group(2)).lstrip("$"), request, context)

    return _EXPRESSION.sub(chosen, expression)


def _selected(selector: str, request: HttpRequest, context: Mapping[str, str]) -> str:
    source, _, name = selector.partition(".")
    found: str | None = None
    if source == "context":
        found = context.get(name)
    elif source == "request":
        kind, _, key = name.partition(".")
        if kind == "header":
            found = request.header(key)
        elif kind == "querystring":
            found = next(iter(parse_qs(request.query).get(key, [])), None)
        elif kind == "body":
            found = _of_body(request.body, key)
    if found is None:
        raise UnmappedParameterError(selector)
    return found


def _of_body(body: bytes, path: str) -> str | None:
    """A member of a JSON body, or all of the body's text."""
    if not path:
        return body.decode("utf-8", errors="replace")
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
