"""What of the authorization server only its template can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.infra.test_grants import allowed_actions
from tests.suite import ROOT, synthesize

Template = dict[str, Any]


@pytest.fixture(scope="module")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The second step of replacing a token key: the new one signs, the old one is still good."""
    folder = synthesize("local", tmp_path_factory.mktemp("rotating"), token_keys=["2", "1"])
    return json.loads((folder / "identity.template.json").read_text())


def environment(template: Template, function: str) -> dict[str, Any]:
    (found,) = (
        resource["Properties"]["Environment"]["Variables"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function" and name.startswith(f"{function}Function")
    )
    return dict(found)


def keys_for(template: Template, role: str, action: str) -> set[str]:
    """Logical ids of the keys that a role may use for an action."""
    found = set()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::Policy" and any(
            ref["Ref"].startswith(role) for ref in resource["Properties"]["Roles"]
        ):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                if action in statement["Action"]:
                    found.add(statement["Resource"]["Fn::GetAtt"][0])
    return found


def test_a_key_keeps_its_identity_while_another_one_joins(
    rotating: Template, template: Callable[[str], Template]
) -> None:
    def keys(of: Template) -> set[str]:
        return {name for name in of["Resources"] if name.startswith("TokenKey")}

    assert keys(template("identity")) < keys(rotating)
    assert len(keys(rotating)) == 2


def test_while_a_key_is_replaced_the_first_signs_and_both_are_published(
    rotating: Template,
) -> None:
    signing = environment(rotating, "Token")["SIGNING_KEY"]["Fn::GetAtt"][0]

    assert keys_for(rotating, "TokenRole", "kms:Sign") == {signing}
    assert signing.startswith("TokenKey2")
    for function in ("Discovery", "Introspection", "SignOut"):
        published = environment(rotating, function)["PUBLISHED_KEYS"]["Fn::Join"][1]
        named = [part["Fn::GetAtt"][0] for part in published if isinstance(part, dict)]
        assert named[0] == signing
        assert len(named) == 2
        assert keys_for(rotating, f"{function}Role", "kms:GetPublicKey") == set(named)


@pytest.fixture(scope="module")
def wrapping(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Keys that live a day, and KMS only wraps."""
    folder = synthesize("local", tmp_path_factory.mktemp("wrapping"), wrapped_keys="signing")
    return json.loads((folder / "identity.template.json").read_text())


def test_one_function_makes_the_keys_of_a_day_and_one_other_opens_them(wrapping: Template) -> None:
    makes = allowed_actions(wrapping, "TurnTokenKeysRole")
    (rule,) = (
        resource["Properties"]["ScheduleExpression"]
        for name, resource in wrapping["Resources"].items()
        if resource["Type"] == "AWS::Events::Rule" and name.startswith("TurnsHourly")
    )

    assert {"dynamodb:GetItem", "dynamodb:PutItem", "kms:Encrypt"} <= makes
    assert "kms:Decrypt" not in makes
    assert rule == "rate(1 hour)"
    (wrapping_key,) = keys_for(wrapping, "TurnTokenKeysRole", "kms:Encrypt")
    openers = {
        role
        for role in ("Token", "Discovery", "Introspection", "SignOut", "TurnTokenKeys")
        if wrapping_key in keys_for(wrapping, f"{role}Role", "kms:Decrypt")
    }
    assert openers == {"Token"}
    assert environment(wrapping, "Token")["WRAPPED_KEYS"] == "signing"
    assert "dynamodb:GetItem" in allowed_actions(wrapping, "DiscoveryRole")


def test_where_kms_signs_nothing_is_wrapped(template: Callable[[str], Template]) -> None:
    assert not any(name.startswith("WrappingKey") for name in template("identity")["Resources"])
    assert "WRAPPING_KEY" not in environment(template("identity"), "Token")


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_passkeys_are_made_for_the_domain_that_the_issuer_is_a_host_of(
    templates_of: Callable[[str], dict[str, Template]], name: str
) -> None:
    identity = templates_of(name)["identity"]
    settings = json.loads((ROOT / "cdk.json").read_text())["context"]["environments"][name]
    domain = settings["domain"]["name"]

    for function in ("Passkeys", "PasskeySignIn"):
        variables = environment(identity, function)
        assert variables["PASSKEY_DOMAIN"] == domain
        # Web Authentication Level 2, section 4, RP ID: a page's own host or one above.
        assert f".{urlsplit(variables['ISSUER']).hostname}".endswith(f".{domain}")


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        (
            "IntrospectionRole",
            {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", "kms:GetPublicKey"},
        ),
        (
            "SignOutRole",
            {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", "kms:GetPublicKey"},
        ),
        ("DiscoveryRole", {"kms:GetPublicKey"}),
        ("DeviceQrRole", set()),
    ],
)
def test_what_only_reads_or_ends_can_do_no_more(
    template: Callable[[str], Template], role: str, actions: set[str]
) -> None:
    everywhere = {"logs:CreateLogStream", "logs:PutLogEvents"}
    secrets = {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}

    assert allowed_actions(template("identity"), role) - everywhere - secrets == actions


def test_nothing_that_is_kept_for_minutes_is_kept_for_ever(
    template: Callable[[str], Template],
) -> None:
    (table,) = (
        resource["Properties"]
        for resource in template("identity")["Resources"].values()
        if resource["Type"] == "AWS::DynamoDB::GlobalTable"
    )

    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
