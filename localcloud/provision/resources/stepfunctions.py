"""State machines, from a text, an object or an asset, with their substitutions made."""

from __future__ import annotations

import json
import re
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
    camel,
    require,
    tag_map,
)

_NAME_LIMIT = 80
_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


def _create_state_machine(context: Context, properties: Properties) -> Created:
    name = properties.get("StateMachineName") or context.short_name(_NAME_LIMIT)
    arguments = {
        key: camel(value)
        for key, value in properties.pick(
            loggingConfiguration="LoggingConfiguration",
            tracingConfiguration="TracingConfiguration",
        ).items()
    }
    arn = context.client("stepfunctions").create_state_machine(
        name=name,
        definition=_definition(context, properties),
        roleArn=properties["RoleArn"],
        type=properties.get("StateMachineType", "STANDARD"),
        tags=[
            {"key": key, "value": value} for key, value in tag_map(properties.get("Tags")).items()
        ],
        **arguments,
    )["stateMachineArn"]
    return Created(arn, {"Arn": arn, "Name": name})


def _definition(context: Context, properties: Properties) -> str:
    text = properties.get("DefinitionString")
    if (location := properties.get("DefinitionS3Location")) is not None:
        text = context.stack.asset(location["Key"]).path.read_text()
    elif (structure := properties.get("Definition")) is not None:
        text = json.dumps(structure)
    require(text is not None, "Invalid State Machine Definition: no definition is given")
    return substitute(str(text), properties.get("DefinitionSubstitutions", {}))


def substitute(text: str, substitutions: Mapping[str, Any]) -> str:
    """`${name}` replaced; refused when one is left over, which AWS reports as invalid JSON path."""

    def replace(match: re.Match[str]) -> str:
        require(
            match.group(1) in substitutions,
            f"Invalid State Machine Definition: {match.group(0)} has no substitution",
        )
        value = substitutions[match.group(1)]
        return str(value).lower() if isinstance(value, bool) else str(value)

    return _SUBSTITUTION.sub(replace, text)


TYPES = (
    ResourceType(
        "AWS::StepFunctions::StateMachine",
        {
            "Definition": USED,
            "DefinitionS3Location": {"Bucket": USED, "Key": USED},
            "DefinitionString": USED,
            "DefinitionSubstitutions": USED,
            "LoggingConfiguration": {
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": USED}}],
                "IncludeExecutionData": USED,
                "Level": USED,
            },
            "RoleArn": USED,
            "StateMachineName": USED,
            "StateMachineType": USED,
            "Tags": USED,
            "TracingConfiguration": {"Enabled": USED},
        },
        _create_state_machine,
        ("Arn", "Name"),
    ),
)
