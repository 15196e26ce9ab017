"""The contracts in docs/api and the routes of the templates: each has what the other has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract_documents import contract

Template = dict[str, Any]

WHAT_TO_DO = (
    "Describe the route in lambdas/<domain>/openapi.yaml, beside the code that answers it, with "
    "the guard that its `Route` states, and run: make openapi"
)


def deployed(templates: dict[str, Template], api: str) -> dict[str, str]:
    """Guards by route key of the HTTP API whose name ends so; what only AWS principals call is
    nobody's contract."""
    found = {}
    (logical_id,) = (
        logical_id
        for template in templates.values()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGatewayV2::Api"
        and resource["Properties"]["Name"].endswith(f"-{api}")
    )
    for template in templates.values():
        for resource in template["Resources"].values():
            route = resource["Properties"] if resource["Type"].endswith("V2::Route") else None
            # Its own stack refers to an API by this id, others by an export that contains it.
            if route and logical_id in json.dumps(route["ApiId"]):
                guard = route["AuthorizationType"]
                (scope,) = route.get("AuthorizationScopes") or [""]
                if guard != "AWS_IAM":
                    found[route["RouteKey"]] = scope or guard
    return found


def documented(api: str) -> dict[str, str]:
    found = {}
    for path, operations in contract(api)["paths"].items():
        for method, operation in operations.items():
            scopes = [one.get("access_token", []) for one in operation["security"]]
            guard = "".join(scope for held in scopes for scope in held) or "NONE"
            found[f"{method.upper()} {path}"] = guard
    return found


@pytest.mark.parametrize("api", ["app", "auth"])
def test_every_route_is_in_the_contract_with_its_guard_and_nothing_else_is(
    api: str, templates_of: Callable[[str], dict[str, Template]]
) -> None:
    routes, operations = deployed(templates_of("local"), api), documented(api)

    assert routes
    assert set(routes) - set(operations) == set(), WHAT_TO_DO
    assert set(operations) - set(routes) == set(), f"There is no such route. {WHAT_TO_DO}"
    assert routes == operations, WHAT_TO_DO
