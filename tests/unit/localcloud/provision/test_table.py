"""The table's own truth: CloudFormation's registry schemas, as cfn-lint carries them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import (  # type: ignore[import-untyped]  # it ships no types
    PROVIDER_SCHEMA_MANAGER,
)

import localcloud
from localcloud.provision.resources import TYPES
from localcloud.provision.rules import Kept, Rule, leaves

IN_NO_SCHEMA = {"AWS::CDK::Metadata"}
"""CDK's own type; CloudFormation treats it apart."""


def _schema(cfn_type: str) -> dict[str, Any]:
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        "us-east-1", cfn_type
    ).schema
    return schema


def _members(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """The properties a schema node allows, through references and lists; None when it is free."""
    while "$ref" in node or "items" in node:
        if "$ref" in node:
            node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
        else:
            node = node["items"]
    return node.get("properties")


def _unknown(rule: Rule, node: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(rule, list):
        rule = rule[0]
    if not isinstance(rule, dict):
        return
    members = _members(node, schema)
    if members is None:
        return
    for name, inner in rule.items():
        if name not in members:
            yield f"{path}.{name}"
        else:
            yield from _unknown(inner, members[name], schema, f"{path}.{name}")


@pytest.mark.parametrize("cfn_type", sorted(set(TYPES) - IN_NO_SCHEMA))
def test_every_property_of_the_table_exists_in_cloudformation(cfn_type: str) -> None:
    schema = _schema(cfn_type)

    assert list(_unknown(dict(TYPES[cfn_type].properties), schema, schema, cfn_type)) == []


@pytest.mark.parametrize("cfn_type", sorted(set(TYPES) - IN_NO_SCHEMA))
def test_every_required_property_is_in_the_table(cfn_type: str) -> None:
    assert set(_schema(cfn_type).get("required", [])) <= set(TYPES[cfn_type].properties)


def _kept() -> Iterator[tuple[str, str, str]]:
    for cfn_type in TYPES.values():
        for path, rule in leaves(dict(cfn_type.properties)):
            if isinstance(rule, Kept):
                yield cfn_type.name, path, rule.reader


@pytest.mark.parametrize(("cfn_type", "path", "reader"), list(_kept()))
def test_every_property_kept_for_a_reader_is_named_in_its_code(
    cfn_type: str, path: str, reader: str
) -> None:
    sources = (Path(localcloud.__file__).parent / reader).rglob("*.py")

    name = path.rsplit(".", 1)[-1]
    assert any(f'"{name}"' in source.read_text() for source in sources)


ANSWERED_OUTSIDE_THE_SCHEMA = {
    "AWS::Events::EventBus": {"Name"},
    "AWS::MediaConvert::Queue": {"Name"},
    "AWS::SNS::Topic": {"TopicName"},
    "AWS::SQS::Queue": {"QueueName"},
    "AWS::SSM::Parameter": {"Type", "Value"},
    "AWS::Events::Archive": {"ArchiveName"},
}
"""Attributes that the documentation names and the schema does not mark as read-only."""


@pytest.mark.parametrize("cfn_type", sorted(set(TYPES) - IN_NO_SCHEMA))
def test_every_attribute_of_the_table_exists_in_cloudformation(cfn_type: str) -> None:
    readable = {
        path.removeprefix("/properties/").replace("/", ".")
        for path in _schema(cfn_type).get("readOnlyProperties", [])
    }
    known = readable | ANSWERED_OUTSIDE_THE_SCHEMA.get(cfn_type, set())

    assert set(TYPES[cfn_type].attributes) <= known
