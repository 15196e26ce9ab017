"""Writes the contracts of the HTTP APIs that devices meet: `docs/api/app.json` and `auth.json`.

`lambdas/<domain>/openapi.yaml` states a domain's routes beside the code that answers them; here
the pieces are put together and completed with what is the same for every route: API Gateway's own
answers, the correlation id, and the frame of a problem. A schema that a piece names without
defining it is taken from the pydantic model of that name in the domain's `schemas.py`.

    make openapi
"""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "api"
PIECES = ROOT / "lambdas"

Json = dict[str, Any]

OPENAPI = "3.1.0"
METHODS = ("get", "put", "post", "delete", "patch")
GUARDS = ("scope", "own_token", "public")
"""The same words as of a `Route` in the stacks; each operation says exactly one."""

IN_PATH = "in_path"
"""An own token that stands in the operation's path, for which OpenAPI has no word."""

WITHOUT_FUNCTION = "without_function"
"""True of an operation that API Gateway hands to another service itself."""

SCHEMAS = "#/components/schemas/"
RESPONSES = "#/components/responses/"


class PieceError(ValueError):
    """A piece that cannot be part of a contract; the message says where and what to write."""


def main() -> None:
    """Write every contract."""
    for name, document in documents().items():
        target = FOLDER / f"{name}.json"
        target.write_text(written(document))
        print(target.relative_to(ROOT))  # noqa: T201 - said to whoever ran make openapi


def written(document: Json) -> str:
    """A contract as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def documents() -> dict[str, Json]:
    """The contracts by the name of their API."""
    frame = _read(FOLDER / "frame.yaml")
    pieces = {path.parent.name: _read(path) for path in sorted(PIECES.glob("*/openapi.yaml"))}
    return {api: _document(api, frame, pieces) for api in frame["apis"]}


def _read(path: Path) -> Json:
    """A YAML file whose every key is a string: 404 is one to YAML and none to OpenAPI."""

    def strings(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): strings(item) for key, item in value.items()}
        return [strings(item) for item in value] if isinstance(value, list) else value

    found: Json = strings(yaml.safe_load(path.read_text()))
    return found


def _document(api: str, frame: Json, pieces: Mapping[str, Json]) -> Json:
    paths: Json = {}
    schemas: Json = dict(frame["schemas"])
    tags = []
    for domain, piece in pieces.items():
        if api not in piece:
            continue
        tags.append({"name": domain, "description": _sentence(domain)})
        for path, operations in piece[api].items():
            shared = operations.get("parameters", [])
            for method in METHODS:
                if method in operations:
                    stated = operations[method]
                    guard = _guard(f"lambdas/{domain}/openapi.yaml: {method} {path}", stated)
                    named = {**stated, "parameters": [*shared, *stated.get("parameters", [])]}
                    paths.setdefault(path, {})[method] = _operation(domain, named, guard, frame)
        own = _schemas(domain, piece, {path: paths[path] for path in piece[api]})
        taken = [name for name in own if name in schemas and own[name] != schemas[name]]
        if taken:
            raise PieceError(f"{domain} and another domain each define a schema {taken[0]}.")
        schemas |= own
    return {
        "openapi": OPENAPI,
        "info": frame["info"] | frame["apis"][api]["info"],
        "servers": frame["apis"][api]["servers"],
        "tags": tags,
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(_used(schemas, paths).items())),
            "responses": _answers_of_gateway(frame["gateway"], paths),
            "headers": frame["headers"],
            "parameters": frame["parameters"],
            "securitySchemes": frame["apis"][api]["security"],
        },
    }


def _sentence(domain: str) -> str:
    """What a domain says of itself."""
    tree = ast.parse((PIECES / domain / "__init__.py").read_text())
    return (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")


def _guard(where: str, stated: Json) -> str:
    guards = [guard for guard in GUARDS if guard in stated]
    if len(guards) != 1:
        raise PieceError(f"{where} states {guards or 'no guard'}: say one of {', '.join(GUARDS)}.")
    return guards[0]


def _operation(domain: str, stated: Json, guard: str, frame: Json) -> Json:
    own = {guard, "problems", WITHOUT_FUNCTION}
    rest = {name: stated[name] for name in stated if name not in own}
    return {
        **rest,
        "tags": [domain],
        "parameters": [*stated["parameters"], {"$ref": "#/components/parameters/traceparent"}],
        "security": _security(guard, stated[guard]),
        "responses": dict(sorted(_responses(stated, frame).items())),
    }


def _security(guard: str, value: Any) -> list[Json]:
    if guard == "scope":
        return [{"access_token": [value]}]
    return [{value: []}] if guard == "own_token" and value != IN_PATH else []


def _responses(stated: Json, frame: Json) -> Json:
    """What the piece states, with its problems and what API Gateway answers in its place."""
    problems = {status: list(codes) for status, codes in stated.get("problems", {}).items()}
    gateway = dict(frame["gateway"]["always"])
    if any(one["in"] == "path" for one in stated["parameters"]):
        gateway |= frame["gateway"]["with_name"]
    if "requestBody" in stated:
        gateway |= frame["gateway"]["with_body"]
    has_function = not stated.get(WITHOUT_FUNCTION, False)
    if "scope" in stated:
        gateway |= frame["gateway"]["with_scope"]
    if "scope" in stated and has_function:
        # Checked once more in the function: a route that lost its authorizer answers no data.
        problems["401"] = [*problems.get("401", []), "unauthenticated"]
        problems["403"] = [*problems.get("403", []), "refused"]
    return {
        status: _answer(
            status,
            stated["responses"].get(status, {}),
            sorted(problems.get(status, [])),
            gateway.get(status),
            has_function=has_function,
        )
        for status in {*stated["responses"], *problems, *gateway}
    }


def _answers_of_gateway(gateway: Json, paths: Json) -> Json:
    """What API Gateway alone answers, once for all operations that refer to it."""
    says = {status: text for group in gateway.values() for status, text in group.items()}
    return {
        name: _answer("", {}, [], says[name.removeprefix("Gateway")])
        for name in sorted(set(_references(paths, RESPONSES)))
    }


def _answer(
    status: str,
    stated: Json,
    codes: list[str],
    of_gateway: str | None,
    *,
    has_function: bool = True,
) -> Json:
    if of_gateway is not None and status and not stated and not codes:
        return {"$ref": f"{RESPONSES}Gateway{status}"}
    content = dict(stated.get("content", {}))
    says = [stated["description"]] if "description" in stated else []
    if codes:
        content["application/problem+json"] = {"schema": _problem(codes)}
        says.append(f"Refused; `code` is {' or '.join(f'`{code}`' for code in codes)}.")
    if of_gateway is not None:
        content.setdefault("application/json", {"schema": {"$ref": f"{SCHEMAS}GatewayMessage"}})
        says.append(of_gateway)
    sure = has_function and status.startswith(("2", "3"))
    header = "CorrelationId" if sure else "CorrelationIdOfAFunction"
    return {
        "description": " ".join(says),
        "headers": {
            **stated.get("headers", {}),
            "X-Correlation-Id": {"$ref": f"#/components/headers/{header}"},
        },
        **({"content": content} if content else {}),
    }


def _problem(codes: list[str]) -> Json:
    return {
        "allOf": [{"$ref": f"{SCHEMAS}Problem"}],
        "properties": {"code": {"enum": codes}},
    }


def _schemas(domain: str, piece: Json, paths: Json) -> Json:
    """A piece's own schemas, and the pydantic models that it names."""
    found: Json = dict(piece.get("schemas", {}))
    wanted = [name for name in _references([paths, found]) if name not in found]
    if (PIECES / domain / "schemas.py").exists():
        module = importlib.import_module(f"{domain}.schemas")
        for name in wanted:
            model = getattr(module, name, None)
            if model is not None:
                found |= _of_model(model)
    return found


def _of_model(model: type[BaseModel]) -> Json:
    """A model's schema and those it is made of: as it is read when it forbids what it does not
    know, which bodies do, else as it is written."""
    is_body = model.model_config.get("extra") == "forbid"
    schema = model.model_json_schema(
        ref_template=SCHEMAS + "{model}", mode="validation" if is_body else "serialization"
    )
    parts: Json = schema.pop("$defs", {})
    return {**parts, model.__name__: schema}


def _references(value: Any, kind: str = SCHEMAS) -> Iterator[str]:
    """Names of the components of a kind that a value refers to."""
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(kind):
            yield reference.removeprefix(kind)
        for item in value.values():
            yield from _references(item, kind)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item, kind)


def _used(schemas: Json, paths: Json) -> Json:
    """The schemas that the operations lead to; PieceError for one that nobody defines."""
    used: Json = {}
    open_ends = list(_references(paths))
    while open_ends:
        name = open_ends.pop()
        if name in used:
            continue
        if name not in schemas:
            raise PieceError(
                f"Nobody defines the schema {name}: write it under `schemas` in the piece, or as a "
                "pydantic model in the domain's schemas.py."
            )
        used[name] = schemas[name]
        open_ends += _references(schemas[name])
    return used


if __name__ == "__main__":
    main()
