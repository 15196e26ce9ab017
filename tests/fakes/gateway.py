"""Events as API Gateway's payload format 2.0 brings them."""

from __future__ import annotations

import json
from typing import Any


def call(
    method: str,
    path: str,
    *,
    body: object = None,
    parameters: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    claims: dict[str, str] | None = None,
) -> dict[str, Any]:
    """One request; without claims nobody was authenticated."""
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers or {},
        "requestContext": {"http": {"method": method, "path": path}},
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = query
    if parameters:
        event["pathParameters"] = parameters
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    if claims is not None:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": ["member"]}}
    return event


MEMBER = {
    "sub": "acc_1",
    "profile": "prf_1",
    "device": "dev_1",
    "scope": "member",
    "maturity": "18",
    "kids": "false",
}
STAFF = {**MEMBER, "scope": "member staff"}
