"""The contracts of docs/api as tests hold the service to them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

Json = dict[str, Any]

OF_ANSWERS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "api"


def contract(name: str) -> Json:
    """A contract as it is published."""
    found: Json = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def closed(document: Json) -> Json:
    """The same contract, in which answers hold nothing that is not documented.

    Published, it leaves answers open: clients pass over what they do not know.
    """
    copy: Json = json.loads(json.dumps(document))
    schemas = copy["components"]["schemas"]
    asked = _reached([operation.get("requestBody", {}) for operation in operations(copy)], schemas)
    for name, schema in schemas.items():
        if name not in asked:
            _close(schema)
    return copy


def operations(document: Json) -> Iterator[Json]:
    """Every operation of a contract."""
    for path in document["paths"].values():
        yield from path.values()


def loaded(name: str, configuration: Json) -> Any:
    """A contract as Schemathesis reads it, its answers closed."""
    config = schemathesis.Config.from_dict(configuration)
    return schemathesis.openapi.from_dict(closed(contract(name)), config=config)


def hold(schema: Any, method: str, path: str, answer: httpx.Response) -> None:
    """Fail unless an answer is one that the contract states for a path in its braces."""
    named = dict.fromkeys(re.findall(r"{(\w+)}", path), "one")
    schema[path][method].Case(path_parameters=named).validate_response(answer, checks=OF_ANSWERS)


def holding(schema: Any) -> Callable[[httpx.Response], None]:
    """Holds whatever an HTTP client hears against the contract, by the address it asked."""
    patterns = {
        path: re.compile(re.sub(r"{\w+}", "[^/]+", path)) for path in schema.raw_schema["paths"]
    }

    def heard(answer: httpx.Response) -> None:
        asked = answer.request.url.path
        (path,) = (path for path, pattern in patterns.items() if pattern.fullmatch(asked))
        answer.read()
        hold(schema, answer.request.method, path, answer)

    return heard


def _close(schema: Any) -> None:
    if isinstance(schema, dict):
        if "properties" in schema and "object" in schema.get("type", ()):
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


def _reached(value: Any, schemas: Json) -> set[str]:
    """Names of the schemas that a value leads to."""
    found: set[str] = set()
    ends = [value]
    while ends:
        one = ends.pop()
        if isinstance(one, dict):
            name = str(one.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in found:
                found.add(name)
                ends.append(schemas[name])
            ends += one.values()
        elif isinstance(one, list):
            ends += one
    return found
