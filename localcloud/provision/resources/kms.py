"""KMS keys and their aliases."""

from __future__ import annotations

from localcloud.provision.rules import (
    USED,
    Accepted,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    document,
    require,
)


def _create_key(context: Context, properties: Properties) -> Created:
    kms = context.client("kms")
    arguments = properties.pick("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
    if policy := properties.get("KeyPolicy"):
        arguments["Policy"] = document(policy)
    if tags := properties.get("Tags"):
        arguments["Tags"] = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]
    spec = arguments.get("KeySpec", "SYMMETRIC_DEFAULT")
    require(
        spec == "SYMMETRIC_DEFAULT" or "KeyUsage" in arguments,
        "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    )
    rotates = properties.get("EnableKeyRotation", False)
    require(
        not rotates or spec == "SYMMETRIC_DEFAULT",
        "You cannot set the EnableKeyRotation property to true on asymmetric keys.",
    )
    key = kms.create_key(**arguments)["KeyMetadata"]
    if rotates:
        kms.enable_key_rotation(
            KeyId=key["KeyId"], **properties.pick(RotationPeriodInDays="RotationPeriodInDays")
        )
    if not properties.get("Enabled", True):
        kms.disable_key(KeyId=key["KeyId"])
    key_id = context.adopt_key(context.stack.name, context.logical_id, key["KeyId"])
    return Created(key_id, {"Arn": context.arn("kms", f"key/{key_id}"), "KeyId": key_id})


def _create_alias(context: Context, properties: Properties) -> Created:
    name = properties["AliasName"]
    context.client("kms").create_alias(AliasName=name, TargetKeyId=properties["TargetKeyId"])
    return Created(name)


TYPES = (
    ResourceType(
        "AWS::KMS::Key",
        {
            "BypassPolicyLockoutSafetyCheck": Accepted("the check is not made here"),
            "Description": USED,
            "EnableKeyRotation": USED,
            "Enabled": USED,
            "KeyPolicy": USED,
            "KeySpec": USED,
            "KeyUsage": USED,
            "MultiRegion": USED,
            "Origin": USED,
            "PendingWindowInDays": Accepted("acts when the stack is deleted"),
            "RotationPeriodInDays": USED,
            "Tags": USED,
        },
        _create_key,
        ("Arn", "KeyId"),
    ),
    ResourceType("AWS::KMS::Alias", {"AliasName": USED, "TargetKeyId": USED}, _create_alias),
)
