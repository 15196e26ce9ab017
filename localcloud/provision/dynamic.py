"""CloudFormation's dynamic references: `{{resolve:ssm:…}}` and `{{resolve:secretsmanager:…}}`.

Source: AWS CloudFormation User Guide, "Get values stored in other services using dynamic
references".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from localcloud.provision.errors import Refusal
from localcloud.provision.ports import ClientFactory

_REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^}]+)\}\}")


def resolve_dynamic(value: Any, client: ClientFactory) -> Any:
    """The value with every dynamic reference replaced by what it stands for now."""
    if isinstance(value, Mapping):
        return {key: resolve_dynamic(inner, client) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve_dynamic(item, client) for item in value]
    if isinstance(value, str) and "{{resolve:" in value:
        return _REFERENCE.sub(lambda match: _fetch(match.group(1), match.group(2), client), value)
    return value


def ssm_parameter(client: ClientFactory, name: str, *, decrypt: bool = False) -> str:
    """The value of an SSM parameter; refused when there is none."""
    try:
        answer = client("ssm").get_parameter(Name=name, WithDecryption=decrypt)
    except ClientError as error:
        raise Refusal(f"Unable to fetch parameters [{name}] from parameter store") from error
    return str(answer["Parameter"]["Value"])


def _fetch(service: str, reference: str, client: ClientFactory) -> str:
    if service in {"ssm", "ssm-secure"}:
        return ssm_parameter(client, reference, decrypt=service == "ssm-secure")
    if service == "secretsmanager":
        return _secret(reference, client)
    raise Refusal(f"the dynamic reference {service} is not supported")


def _secret(reference: str, client: ClientFactory) -> str:
    """`secret-id:SecretString:json-key:version-stage:version-id`, all but the id optional."""
    secret_id, _, rest = reference.partition(":SecretString")
    _, key, stage, version = [*rest.split(":"), "", "", ""][:4]
    arguments = {
        name: value for name, value in (("VersionStage", stage), ("VersionId", version)) if value
    }
    answer = client("secretsmanager").get_secret_value(SecretId=secret_id, **arguments)
    text = str(answer["SecretString"])
    if not key:
        return text
    content = json.loads(text)
    if key not in content:
        raise Refusal(f"Could not find a value associated with JSONKey {key} in SecretString")
    return str(content[key])
