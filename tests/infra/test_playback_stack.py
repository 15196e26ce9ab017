"""Playback's template: which route has which guard, and which function opens the vault."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Template = dict[str, Any]

SESSION = "/v1/playback/sessions/{session_id}"


@pytest.fixture(scope="module")
def playback(dev_template: Callable[[str], Template]) -> Template:
    return dev_template("playback")


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    resources = template["Resources"].items()
    return {name: r["Properties"] for name, r in resources if r["Type"] == kind}


def actions_by_function(template: Template) -> dict[str, set[str]]:
    """What each handler's role may do, by the handler's name."""
    roles = {
        function["Role"]["Fn::GetAtt"][0]: function["Handler"].split(".")[-2]
        for function in of_type(template, "AWS::Lambda::Function").values()
    }
    allowed: dict[str, set[str]] = {name: set() for name in roles.values()}
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                action = statement["Action"]
                names = [action] if isinstance(action, str) else action
                allowed[roles[role["Ref"]]].update(names)
    return allowed


def test_no_role_may_do_everything_of_anything(playback: Template) -> None:
    allowed = actions_by_function(playback)

    assert not [a for actions in allowed.values() for a in actions if "*" in a]


def test_only_the_licence_function_opens_the_vault(playback: Template) -> None:
    allowed = actions_by_function(playback)
    opens = {
        name for name, actions in allowed.items() if any(a.startswith("kms:") for a in actions)
    }

    assert opens == {"licence"}
    assert {a for a in allowed["licence"] if a.startswith("kms:")} == {"kms:Decrypt"}


def test_the_licence_function_cannot_read_the_cookies_private_key(playback: Template) -> None:
    functions = of_type(playback, "AWS::Lambda::Function").values()
    (licence,) = (f for f in functions if "handlers.licence" in f["Handler"])

    assert "SIGNING_SECRET" not in licence["Environment"]["Variables"]


def test_a_start_reads_once_and_writes_once(playback: Template) -> None:
    allowed = actions_by_function(playback)["sessions"]

    assert {a for a in allowed if a.startswith("dynamodb:")} == {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    }


def test_every_route_states_its_guard(playback: Template) -> None:
    routes = {
        route["RouteKey"]: (route["AuthorizationType"], route.get("AuthorizationScopes"))
        for route in of_type(playback, "AWS::ApiGatewayV2::Route").values()
    }

    assert routes == {
        "POST /v1/playback/start": ("JWT", ["member"]),
        f"POST {SESSION}/licence-token": ("JWT", ["member"]),
        f"DELETE {SESSION}": ("JWT", ["member"]),
        f"POST {SESSION}/licence/clearkey": ("NONE", None),
    }


def test_what_the_read_model_could_not_take_waits_in_a_queue(playback: Template) -> None:
    rules = of_type(playback, "AWS::Events::Rule")

    patterns = {json.dumps(rule["EventPattern"], sort_keys=True) for rule in rules.values()}
    assert patterns == {
        '{"detail-type": ["ContentKeysIssued"], "source": ["marquee.dev.keys"]}',
        '{"detail-type": ["TitlePublished"], "source": ["marquee.dev.catalog"]}',
    }
    for rule in rules.values():
        assert all(target["DeadLetterConfig"]["Arn"] for target in rule["Targets"])
