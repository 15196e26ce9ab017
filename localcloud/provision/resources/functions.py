"""Lambda: functions, layers, versions, aliases, who may invoke them and what does."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from localcloud.function_spec import FunctionSpec
from localcloud.provision import naming
from localcloud.provision.errors import Refusal
from localcloud.provision.rules import (
    CAPACITY,
    GATEWAY,
    TAGS,
    TEXT,
    TRIGGERS,
    USED,
    Accepted,
    Only,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    require,
)
from localcloud.registry import Resource

_NAME_LIMIT = 64
_LAYER_NAME_LIMIT = 64
_ENVIRONMENT_LIMIT_BYTES = 4096
_UNPACKED_LIMIT_BYTES = 262_144_000
"""250 MB: a function's code and layers together. Source: Lambda quotas."""
_RESOURCE_POLICY_LIMIT_BYTES = 20_480
_RESERVED_VARIABLES = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
    }
)
"""Source: AWS Lambda Developer Guide, "Defined runtime environment variables"."""


def _create_function(context: Context, properties: Properties) -> Created:
    name = properties.get("FunctionName") or context.name(_NAME_LIMIT)
    arn = context.arn("lambda", f"function:{name}")
    environment = properties.get("Environment", {}).get("Variables", {})
    _check_environment(environment)
    code_path = context.asset_directory(properties["Code"])
    layers = tuple(_layer_path(context, layer) for layer in properties.get("Layers", []))
    require(_size(code_path) is not None, "Uploaded file must be a non-empty zip")
    unpacked = sum(_size(path) or 0 for path in (code_path, *layers))
    require(
        unpacked < _UNPACKED_LIMIT_BYTES,
        f"Function code combined with layers exceeds the maximum allowed size of "
        f"{_UNPACKED_LIMIT_BYTES} bytes. The actual size is {unpacked} bytes.",
    )
    context.functions.create(
        FunctionSpec(
            name=name,
            arn=arn,
            handler=properties["Handler"],
            runtime=properties["Runtime"],
            code_path=code_path,
            layer_paths=layers,
            environment={key: str(value) for key, value in environment.items()},
            role_arn=properties["Role"],
            memory_mb=int(properties.get("MemorySize", 128)),
            timeout=timedelta(seconds=int(properties.get("Timeout", 3))),
            reserved_concurrency=properties.get("ReservedConcurrentExecutions"),
            log_group=properties.get("LoggingConfig", {}).get("LogGroup"),
            description=properties.get("Description", ""),
        )
    )
    return Created(name, {"Arn": arn})


def _check_environment(variables: Mapping[str, Any]) -> None:
    reserved = sorted(_RESERVED_VARIABLES & set(variables))
    require(
        not reserved,
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported "
        f"for modification. Reserved keys used in this request: {', '.join(reserved)}",
    )
    size = len(json.dumps(variables, separators=(",", ":")).encode())
    require(
        size <= _ENVIRONMENT_LIMIT_BYTES,
        "Lambda was unable to configure your environment variables because the environment "
        f"variables you have provided exceeded the 4KB limit. String measured: {size} bytes",
    )


@functools.cache  # an asset never changes: its path holds the hash of its content
def _size(directory: Path) -> int | None:
    """Bytes of all files; None when there is no file at all, which no zip can hold."""
    sizes = [path.stat().st_size for path in directory.rglob("*") if path.is_file()]
    return sum(sizes) if sizes else None


def _layer_path(context: Context, arn: str) -> Path:
    for layer in context.others("AWS::Lambda::LayerVersion"):
        if layer.physical_id == arn:
            return Path(layer.attributes[_LAYER_PATH])
    raise Refusal(f"Layer version {arn} does not exist.")


_LAYER_PATH = "LocalPath"
"""An attribute of ours on a layer version; no template can ask for it."""


def _create_layer(context: Context, properties: Properties) -> Created:
    name = properties.get("LayerName") or context.short_name(_LAYER_NAME_LIMIT)
    arn = context.arn("lambda", f"layer:{name}:1")
    path = context.asset_directory(properties["Content"])
    return Created(arn, {"LayerVersionArn": arn, _LAYER_PATH: str(path)})


def function_of(context: Context, name_or_arn: str) -> Resource:
    """The function meant by a name, an ARN, or either with a qualifier."""
    parts = name_or_arn.split(":")
    name = parts[6] if len(parts) > 6 else parts[0]
    for function in context.others("AWS::Lambda::Function"):
        if function.physical_id == name:
            return function
    raise Refusal(f"Function not found: {context.arn('lambda', f'function:{name}')}")


def _create_version(context: Context, properties: Properties) -> Created:
    function = function_of(context, properties["FunctionName"])
    arn = f"{function.attributes['Arn']}:1"
    return Created(arn, {"FunctionArn": arn, "Version": "1"})


def _create_alias(context: Context, properties: Properties) -> Created:
    function = function_of(context, properties["FunctionName"])
    version = str(properties["FunctionVersion"])
    require(
        version in {"1", "$LATEST"}, f"Function not found: {function.attributes['Arn']}:{version}"
    )
    arn = f"{function.attributes['Arn']}:{properties['Name']}"
    return Created(arn, {"AliasArn": arn})


def _create_permission(context: Context, properties: Properties) -> Created:
    target = properties["FunctionName"]
    function = function_of(context, target)
    statements = [
        dict(other.properties)
        for other in context.others("AWS::Lambda::Permission")
        if other.properties["FunctionName"] == target
    ]
    size = len(json.dumps([*statements, dict(properties)]).encode())
    require(
        size <= _RESOURCE_POLICY_LIMIT_BYTES,
        f"The final policy size ({size}) of {function.physical_id} is bigger than the limit "
        f"({_RESOURCE_POLICY_LIMIT_BYTES}).",
    )
    return Created(f"{context.stack.name}-{context.short_name(_NAME_LIMIT)}")


def _create_event_invoke_config(context: Context, properties: Properties) -> Created:
    function = function_of(context, properties["FunctionName"])
    return Created(f"{function.physical_id}|{properties['Qualifier']}")


def _create_event_source_mapping(context: Context, properties: Properties) -> Created:
    function = function_of(context, properties["FunctionName"])
    source = str(properties["EventSourceArn"])
    if source.startswith("arn:aws:sqs:"):
        _check_queue_mapping(context, function, source, properties)
    else:
        require(
            "StartingPosition" in properties,
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
            "constraint: Member must not be null.",
        )
    mapping_id = naming.derived_uuid(context.seed)
    arn = context.arn("lambda", f"event-source-mapping:{mapping_id}")
    return Created(mapping_id, {"Id": mapping_id, "EventSourceMappingArn": arn})


def _check_queue_mapping(
    context: Context, function: Resource, source: str, properties: Properties
) -> None:
    batch_size = int(properties.get("BatchSize", 10))
    window = int(properties.get("MaximumBatchingWindowInSeconds", 0))
    require(
        batch_size <= 10 or window > 0,
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
        "greater than 10",
    )
    timeout = int(function.properties.get("Timeout", 3))
    for queue in context.others("AWS::SQS::Queue"):
        if queue.attributes["Arn"] == source:
            visibility = int(queue.properties.get("VisibilityTimeout", 30))
            require(
                visibility >= timeout,
                f"Queue visibility timeout: {visibility} seconds is less than Function "
                f"timeout: {timeout} seconds",
            )


TYPES = (
    ResourceType(
        "AWS::Lambda::Function",
        {
            "Architectures": Accepted("runs on this machine's processor"),
            "Code": {"S3Bucket": USED, "S3Key": USED},
            "DeadLetterConfig": {"TargetArn": TRIGGERS},
            "Description": USED,
            "Environment": {"Variables": USED},
            "EphemeralStorage": CAPACITY,
            "FunctionName": USED,
            "Handler": USED,
            "Layers": USED,
            "LoggingConfig": {
                "LogFormat": Only("Text"),
                "LogGroup": USED,
            },
            "MemorySize": USED,
            "ReservedConcurrentExecutions": USED,
            "Role": USED,
            "Runtime": USED,
            "RuntimeManagementConfig": Accepted("runs on this machine's interpreter"),
            "SnapStart": Accepted("a process here starts once and stays warm"),
            "Tags": TAGS,
            "Timeout": USED,
            "TracingConfig": Accepted("there is no X-Ray here"),
        },
        _create_function,
        ("Arn",),
    ),
    ResourceType(
        "AWS::Lambda::LayerVersion",
        {
            "CompatibleArchitectures": Accepted("runs on this machine's processor"),
            "CompatibleRuntimes": Accepted("runs on this machine's interpreter"),
            "Content": {"S3Bucket": USED, "S3Key": USED},
            "Description": TEXT,
            "LayerName": USED,
            "LicenseInfo": TEXT,
        },
        _create_layer,
        ("LayerVersionArn",),
    ),
    ResourceType(
        "AWS::Lambda::Version",
        {
            "CodeSha256": Accepted("the first version is always of the code just deployed"),
            "Description": TEXT,
            "FunctionName": USED,
            "ProvisionedConcurrencyConfig": CAPACITY,
        },
        _create_version,
        ("FunctionArn", "Version"),
    ),
    ResourceType(
        "AWS::Lambda::Alias",
        {
            "Description": TEXT,
            "FunctionName": USED,
            "FunctionVersion": USED,
            "Name": USED,
            "ProvisionedConcurrencyConfig": CAPACITY,
        },
        _create_alias,
        ("AliasArn",),
    ),
    ResourceType(
        "AWS::Lambda::Permission",
        {
            "Action": GATEWAY,
            "FunctionName": USED,
            "Principal": GATEWAY,
            "SourceAccount": TRIGGERS,
            "SourceArn": GATEWAY,
        },
        _create_permission,
    ),
    ResourceType(
        "AWS::Lambda::EventInvokeConfig",
        {
            "DestinationConfig": {
                "OnFailure": {"Destination": TRIGGERS},
                "OnSuccess": {"Destination": TRIGGERS},
            },
            "FunctionName": USED,
            "MaximumEventAgeInSeconds": TRIGGERS,
            "MaximumRetryAttempts": TRIGGERS,
            "Qualifier": USED,
        },
        _create_event_invoke_config,
    ),
    ResourceType(
        "AWS::Lambda::EventSourceMapping",
        {
            "BatchSize": TRIGGERS,
            "BisectBatchOnFunctionError": TRIGGERS,
            "DestinationConfig": {"OnFailure": {"Destination": TRIGGERS}},
            "Enabled": TRIGGERS,
            "EventSourceArn": USED,
            "FilterCriteria": {"Filters": [{"Pattern": TRIGGERS}]},
            "FunctionName": USED,
            "FunctionResponseTypes": TRIGGERS,
            "MaximumBatchingWindowInSeconds": TRIGGERS,
            "MaximumRecordAgeInSeconds": TRIGGERS,
            "MaximumRetryAttempts": TRIGGERS,
            "ParallelizationFactor": Only(1),
            "ScalingConfig": {"MaximumConcurrency": TRIGGERS},
            "StartingPosition": TRIGGERS,
            "Tags": TAGS,
        },
        _create_event_source_mapping,
        ("Id", "EventSourceMappingArn"),
    ),
)
