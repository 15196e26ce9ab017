"""Whoever keeps something of an account gives it to its owner, and forgets it with the account."""

from __future__ import annotations

import json
from typing import Any

from identity.accounts.elsewhere import DOMAINS

Template = dict[str, Any]

OF_NO_ACCOUNT = {"identity", "catalog", "media", "keys"}
"""Identity asks the others; the rest keep films."""


def resources(template: Template, kind: str) -> list[dict[str, Any]]:
    found = template["Resources"].values()
    return [one["Properties"] for one in found if one["Type"] == kind]


def test_every_table_with_something_of_an_account_has_its_part_in_the_export(
    templates: dict[str, Template],
) -> None:
    keeping = {
        stack
        for stack, template in templates.items()
        if resources(template, "AWS::DynamoDB::GlobalTable")
    }

    assert keeping - OF_NO_ACCOUNT == set(DOMAINS)
    for domain in DOMAINS:
        routes = resources(templates[domain], "AWS::ApiGatewayV2::Route")
        scopes = {route["RouteKey"]: route.get("AuthorizationScopes") for route in routes}
        assert scopes[f"GET /v1/export/{domain}"] == ["export"]


def test_every_one_of_them_hears_that_an_account_is_gone(templates: dict[str, Template]) -> None:
    # What identity keeps beside the account itself is forgotten by the stack of devices.
    for stack in (*DOMAINS, "devices"):
        rules = resources(templates[stack], "AWS::Events::Rule")
        assert "AccountDeleted" in json.dumps([rule.get("EventPattern") for rule in rules]), stack
