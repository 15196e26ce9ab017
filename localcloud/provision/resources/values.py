"""Secrets and parameters, and what CDK leaves in a template for its own statistics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.provision.rules import (
    USED,
    Accepted,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    require,
    tag_map,
)

_DEFAULT_PASSWORD_LENGTH = 32
_PARAMETER_NAME_LIMIT = 200


def _create_secret(context: Context, properties: Properties) -> Created:
    client = context.client("secretsmanager")
    arguments = properties.pick("Description", "KmsKeyId", "Tags", "SecretString")
    generate = properties.get("GenerateSecretString")
    require(
        generate is None or "SecretString" not in arguments,
        "You can't specify both SecretString and GenerateSecretString.",
    )
    if generate is not None:
        arguments["SecretString"] = _generated(client, generate)
    elif "SecretString" not in arguments:
        arguments["SecretString"] = _generated(client, {})
    arguments["Name"] = properties.get("Name") or context.short_name(_PARAMETER_NAME_LIMIT)
    arn = client.create_secret(**arguments)["ARN"]
    return Created(arn, {"Id": arn})


def _generated(client: Any, options: Mapping[str, Any]) -> str:
    password = str(
        client.get_random_password(
            **{"PasswordLength": _DEFAULT_PASSWORD_LENGTH}
            | {
                key: value
                for key, value in options.items()
                if key not in {"GenerateStringKey", "SecretStringTemplate"}
            }
        )["RandomPassword"]
    )
    if "GenerateStringKey" not in options:
        return password
    content = json.loads(options.get("SecretStringTemplate", "{}"))
    return json.dumps(content | {options["GenerateStringKey"]: password})


def _create_parameter(context: Context, properties: Properties) -> Created:
    name = properties.get("Name") or f"CFN-{context.short_name(_PARAMETER_NAME_LIMIT)}"
    arguments = properties.pick(
        "AllowedPattern", "DataType", "Description", "Policies", "Tier", "Type", "Value"
    )
    if tags := tag_map(properties.get("Tags")):
        arguments["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    context.client("ssm").put_parameter(Name=name, **arguments)
    return Created(name, {"Type": properties["Type"], "Value": properties["Value"]})


def _ignore(context: Context, _properties: Properties) -> Created:
    return Created(context.logical_id)


TYPES = (
    ResourceType(
        "AWS::SecretsManager::Secret",
        {
            "Description": USED,
            "GenerateSecretString": {
                "ExcludeCharacters": USED,
                "ExcludeLowercase": USED,
                "ExcludeNumbers": USED,
                "ExcludePunctuation": USED,
                "ExcludeUppercase": USED,
                "GenerateStringKey": USED,
                "IncludeSpace": USED,
                "PasswordLength": USED,
                "RequireEachIncludedType": USED,
                "SecretStringTemplate": USED,
            },
            "KmsKeyId": USED,
            "Name": USED,
            "ReplicaRegions": Accepted("there is one region here"),
            "SecretString": USED,
            "Tags": USED,
        },
        _create_secret,
        ("Id",),
    ),
    ResourceType(
        "AWS::SSM::Parameter",
        {
            "AllowedPattern": USED,
            "DataType": USED,
            "Description": USED,
            "Name": USED,
            "Policies": USED,
            "Tags": USED,
            "Tier": USED,
            "Type": USED,
            "Value": USED,
        },
        _create_parameter,
        ("Type", "Value"),
    ),
    ResourceType(
        "AWS::CDK::Metadata",
        {"Analytics": Accepted("CDK's own usage statistics")},
        _ignore,
    ),
)
