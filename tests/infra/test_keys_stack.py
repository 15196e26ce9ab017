"""The key server's template: who reaches it, who opens the vault, what happens to its keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Template = dict[str, Any]


@pytest.fixture(scope="module")
def keys(dev_template: Callable[[str], Template]) -> Template:
    return dev_template("keys")


def of_type(template: Template, kind: str) -> list[dict[str, Any]]:
    found = [r for r in template["Resources"].values() if r["Type"] == kind]
    return [resource["Properties"] for resource in found]


def actions(template: Template) -> Iterator[str]:
    for policy in of_type(template, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            action = statement["Action"]
            yield from [action] if isinstance(action, str) else action


def test_no_role_may_do_everything_of_anything(keys: Template) -> None:
    assert not [action for action in actions(keys) if "*" in action]


def test_the_vaults_key_is_multi_region_rotates_and_has_a_name(keys: Template) -> None:
    (key,) = of_type(keys, "AWS::KMS::Key")
    (alias,) = of_type(keys, "AWS::KMS::Alias")

    assert key["MultiRegion"] is True
    assert key["EnableKeyRotation"] is True
    assert alias["AliasName"] == "alias/marquee-dev-vault"


def test_the_key_server_may_make_and_open_data_keys_and_nothing_else_of_kms(
    keys: Template,
) -> None:
    of_kms = sorted(action for action in actions(keys) if action.startswith("kms:"))

    assert of_kms == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_every_route_of_the_key_servers_api_asks_for_a_signature(keys: Template) -> None:
    routes = of_type(keys, "AWS::ApiGatewayV2::Route")

    assert [(route["RouteKey"], route["AuthorizationType"]) for route in routes] == [
        ("POST /speke/v2.0/copyProtection", "AWS_IAM")
    ]


def test_the_vault_tells_what_it_issued(keys: Template) -> None:
    (table,) = of_type(keys, "AWS::DynamoDB::GlobalTable")
    (mapping,) = of_type(keys, "AWS::Lambda::EventSourceMapping")

    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert "event" in json.dumps(mapping["FilterCriteria"])
