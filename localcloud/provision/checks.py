"""Finds everything in the templates that the local cloud could not provision, before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.assembly import Assembly, Stack
from localcloud.intrinsics import PSEUDO_PARAMETERS, references, unknown_functions
from localcloud.provision.order import CircularDependencyError, creation_order, depends_on
from localcloud.provision.resources import TYPES
from localcloud.provision.rules import faults

_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
    }
)
_RULES = frozenset({"CheckBootstrapVersion"})
"""Asserts the version of the account's bootstrap stack: there is none here."""
_RESOURCE_KEYS = frozenset(
    {
        "Condition",
        "DeletionPolicy",  # acts when a stack is deleted or changed; each run creates anew
        "DependsOn",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",  # acts when a stack is changed; each run creates anew
        "UpdateReplacePolicy",
    }
)
_RESOURCES_PER_STACK = 500
"""CloudFormation's quota. Source: CloudFormation User Guide, "quotas"."""


def offences(assembly: Assembly, account: str, region: str) -> list[str]:
    """Every offence in the assembly as a sentence; empty when all of it can be provisioned."""
    return [
        f"{stack.name}: {offence}"
        for stack in assembly.stacks
        for offence in (*_stack_offences(stack, account, region), *_resource_offences(stack))
    ]


def _stack_offences(stack: Stack, account: str, region: str) -> Iterator[str]:
    if stack.region not in {None, region}:
        yield f"is for region {stack.region}, the local cloud is {region}"
    if stack.account not in {None, account}:
        yield f"is for account {stack.account}, the local cloud is {account}"
    for section in sorted(set(stack.template) - _SECTIONS):
        yield f"the section {section} is not supported"
    for rule in sorted(set(stack.template.get("Rules", {})) - _RULES):
        yield f"the rule {rule} is not supported"
    if len(stack.resources) > _RESOURCES_PER_STACK:
        yield f"has {len(stack.resources)} resources, more than {_RESOURCES_PER_STACK}"
    try:
        creation_order(stack.resources)
    except CircularDependencyError as circle:
        yield str(circle)
    for section in ("Conditions", "Outputs"):
        for name, value in stack.template.get(section, {}).items():
            yield from _value_offences(stack, name, value)


def _resource_offences(stack: Stack) -> Iterator[str]:
    for logical_id, resource in stack.resources.items():
        for key in sorted(set(resource) - _RESOURCE_KEYS):
            yield f"{logical_id}: {key} of a resource is not supported"
        cfn_type = TYPES.get(resource["Type"])
        if cfn_type is None:
            yield f"{logical_id}: the type {resource['Type']} is not supported"
            continue
        properties = resource.get("Properties", {})
        for fault in faults(dict(cfn_type.properties), properties):
            yield f"{logical_id}: {cfn_type.name}: {fault}"
        yield from _value_offences(stack, logical_id, properties)
        for dependency in depends_on(resource):
            if dependency not in stack.resources:
                yield f"{logical_id}: depends on {dependency}, which the template does not hold"


def _value_offences(stack: Stack, logical_id: str, value: Any) -> Iterator[str]:
    for path, name in unknown_functions(value):
        yield f"{logical_id} at {path}: {name} is not supported"
    parameters = stack.template.get("Parameters", {})
    for mention in references(value):
        if mention.target in stack.resources:
            attribute = mention.attribute
            cfn_type = TYPES.get(stack.resources[mention.target]["Type"])
            if attribute is not None and cfn_type and attribute not in cfn_type.attributes:
                yield (
                    f"{logical_id} at {mention.path}: {cfn_type.name} ({mention.target}) "
                    f"has no attribute {attribute} here"
                )
        elif mention.target not in parameters and mention.target not in PSEUDO_PARAMETERS:
            yield f"{logical_id} at {mention.path}: nothing is named {mention.target}"
