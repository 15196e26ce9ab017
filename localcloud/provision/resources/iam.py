"""Roles and the policies attached to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.provision.rules import (
    USED,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    document,
    require,
)

_ROLE_NAME_LIMIT = 64
_POLICY_NAME_LIMIT = 128
_INLINE_POLICIES_LIMIT = 10_240
"""Characters of all inline policies of a role, white space not counted. Source: IAM quotas."""


def _create_role(context: Context, properties: Properties) -> Created:
    iam = context.client("iam")
    arguments = properties.pick(
        "Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"
    )
    role = iam.create_role(
        RoleName=properties.get("RoleName") or context.name(_ROLE_NAME_LIMIT),
        AssumeRolePolicyDocument=document(properties["AssumeRolePolicyDocument"]),
        **arguments,
    )["Role"]
    name = role["RoleName"]
    for policy in properties.get("Policies", []):
        _put_inline(context, name, policy)
    for arn in properties.get("ManagedPolicyArns", []):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    return Created(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def _put_inline(context: Context, role: str, policy: Mapping[str, Any]) -> None:
    iam = context.client("iam")
    name = policy["PolicyName"]
    text = document(policy["PolicyDocument"])
    total = len("".join(text.split()))
    for other in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if other != name:
            existing = iam.get_role_policy(RoleName=role, PolicyName=other)["PolicyDocument"]
            total += len("".join(document(existing).split()))
    require(
        total <= _INLINE_POLICIES_LIMIT,
        f"Maximum policy size of {_INLINE_POLICIES_LIMIT} bytes exceeded for role {role}",
    )
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)


def _create_policy(context: Context, properties: Properties) -> Created:
    policy = properties.pick("PolicyName", "PolicyDocument")
    roles = properties.get("Roles", [])
    require(bool(roles), "At least one of [Groups,Roles,Users] must be non-empty.")
    for role in roles:
        _put_inline(context, role, policy)
    return Created(policy["PolicyName"], {"Id": policy["PolicyName"]})


def _create_managed_policy(context: Context, properties: Properties) -> Created:
    iam = context.client("iam")
    arn = iam.create_policy(
        PolicyName=properties.get("ManagedPolicyName") or context.name(_POLICY_NAME_LIMIT),
        PolicyDocument=document(properties["PolicyDocument"]),
        **properties.pick("Description", "Path"),
    )["Policy"]["Arn"]
    for role in properties.get("Roles", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    return Created(arn, {"PolicyArn": arn})


TYPES = (
    ResourceType(
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": USED,
            "Description": USED,
            "ManagedPolicyArns": USED,
            "MaxSessionDuration": USED,
            "Path": USED,
            "PermissionsBoundary": USED,
            "Policies": [{"PolicyDocument": USED, "PolicyName": USED}],
            "RoleName": USED,
            "Tags": USED,
        },
        _create_role,
        ("Arn", "RoleId"),
    ),
    ResourceType(
        "AWS::IAM::Policy",
        {"PolicyDocument": USED, "PolicyName": USED, "Roles": USED},
        _create_policy,
        ("Id",),
    ),
    ResourceType(
        "AWS::IAM::ManagedPolicy",
        {
            "Description": USED,
            "ManagedPolicyName": USED,
            "Path": USED,
            "PolicyDocument": USED,
            "Roles": USED,
        },
        _create_managed_policy,
        ("PolicyArn",),
    ),
)
