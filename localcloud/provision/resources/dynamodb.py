"""Tables, in the form for one region and in the form that can be made global."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.provision.errors import Refusal
from localcloud.provision.rules import (
    CAPACITY,
    USED,
    Accepted,
    Rule,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
    document,
)

_NAME_LIMIT = 255


def _create_table(context: Context, properties: Properties) -> Created:
    """`AWS::DynamoDB::Table`."""
    arguments = properties.pick(
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
        "TableName",
        "Tags",
    )
    if stream := properties.get("StreamSpecification"):
        arguments["StreamSpecification"] = stream
    if sse := properties.get("SSESpecification"):
        arguments["SSESpecification"] = _encryption(sse, sse.get("KMSMasterKeyId"))
    return _make(
        context,
        arguments,
        properties.get("TimeToLiveSpecification"),
        properties.get("PointInTimeRecoverySpecification"),
        properties.get("ResourcePolicy"),
    )


def _create_global_table(context: Context, properties: Properties) -> Created:
    """`AWS::DynamoDB::GlobalTable` with its replica in this region; other regions stay out."""
    replica = _local_replica(context, properties["Replicas"])
    arguments = properties.pick(
        "AttributeDefinitions", "BillingMode", "KeySchema", "LocalSecondaryIndexes", "TableName"
    )
    if indexes := properties.get("GlobalSecondaryIndexes"):
        arguments["GlobalSecondaryIndexes"] = [
            {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
            for index in indexes
        ]
    if arguments.get("BillingMode", "PROVISIONED") == "PROVISIONED":
        # Also without a stated mode. Nothing scales here, and nothing throttles.
        arguments["ProvisionedThroughput"] = _units_at_first(properties, replica)
        for index in arguments.get("GlobalSecondaryIndexes", []):
            index["ProvisionedThroughput"] = arguments["ProvisionedThroughput"]
    if stream := properties.get("StreamSpecification"):
        arguments["StreamSpecification"] = stream
    if sse := properties.get("SSESpecification"):
        key = replica.get("SSESpecification", {}).get("KMSMasterKeyId")
        arguments["SSESpecification"] = _encryption(sse, key)
    for name in ("DeletionProtectionEnabled", "Tags"):
        if name in replica:
            arguments[name] = replica[name]
    return _make(
        context,
        arguments,
        properties.get("TimeToLiveSpecification"),
        replica.get("PointInTimeRecoverySpecification"),
        replica.get("ResourcePolicy"),
    )


def _units_at_first(properties: Properties, replica: Mapping[str, Any]) -> dict[str, int]:
    """What a table begins with: as CloudFormation has it, the seed, or the least of its scaling."""
    written = properties.get("WriteProvisionedThroughputSettings") or {}
    read = replica.get("ReadProvisionedThroughputSettings") or {}
    writes = written.get("WriteCapacityAutoScalingSettings")
    reads = read.get("ReadCapacityAutoScalingSettings")
    if not writes:
        raise Refusal("a provisioned table states WriteCapacityAutoScalingSettings")
    if not reads and "ReadCapacityUnits" not in read:
        raise Refusal("a provisioned table's replica states its read capacity")
    return {
        "ReadCapacityUnits": _seed(reads) if reads else int(read["ReadCapacityUnits"]),
        "WriteCapacityUnits": _seed(writes),
    }


def _seed(scaling: Mapping[str, Any]) -> int:
    return int(scaling.get("SeedCapacity", scaling["MinCapacity"]))


def _local_replica(context: Context, replicas: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    for replica in replicas:
        if replica["Region"] == context.region:
            return replica
    raise Refusal(f"Replicas must contain the region of the stack, {context.region}")


def _encryption(specification: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {"Enabled": specification["SSEEnabled"]}
    if specification["SSEEnabled"]:
        made["SSEType"] = specification.get("SSEType", "KMS")
    if key is not None:
        made["KMSMasterKeyId"] = key
    return made


def _make(
    context: Context,
    arguments: dict[str, Any],
    time_to_live: Mapping[str, Any] | None,
    recovery: Mapping[str, Any] | None,
    policy: Mapping[str, Any] | None,
) -> Created:
    client = context.client("dynamodb")
    arguments.setdefault("TableName", context.name(_NAME_LIMIT))
    arguments = _with_streams_on(arguments)
    table = client.create_table(**arguments)["TableDescription"]
    name = table["TableName"]
    if time_to_live:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
    if recovery and recovery.get("PointInTimeRecoveryEnabled"):
        client.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification=dict(recovery)
        )
    if policy:
        client.put_resource_policy(
            ResourceArn=table["TableArn"], Policy=document(policy["PolicyDocument"])
        )
    attributes = {"Arn": table["TableArn"]}
    if "TableId" in table:
        attributes["TableId"] = table["TableId"]
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Created(name, attributes)


def _with_streams_on(arguments: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation states the view type alone; the API wants the switch too."""
    stream = arguments.get("StreamSpecification")
    if stream is None:
        return arguments
    return arguments | {
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    }


_THROUGHPUT = Accepted("this machine's tables do not throttle")
_INDEX: dict[str, Rule] = {"IndexName": USED, "KeySchema": USED, "Projection": USED}
_COMMON: dict[str, Rule] = {
    "AttributeDefinitions": USED,
    "BillingMode": USED,
    "KeySchema": USED,
    "LocalSecondaryIndexes": [_INDEX],
    "TableName": USED,
    "TimeToLiveSpecification": {"AttributeName": USED, "Enabled": USED},
    "WarmThroughput": _THROUGHPUT,
}
_RECOVERY: dict[str, Rule] = {
    "PointInTimeRecoveryEnabled": USED,
    "RecoveryPeriodInDays": USED,
}
_SCALING: dict[str, Rule] = {
    "MaxCapacity": _THROUGHPUT,
    "MinCapacity": USED,
    "SeedCapacity": USED,
    "TargetTrackingScalingPolicyConfiguration": _THROUGHPUT,
}
_WRITES: dict[str, Rule] = {"WriteCapacityAutoScalingSettings": _SCALING}
_READS: dict[str, Rule] = {
    "ReadCapacityAutoScalingSettings": _SCALING,
    "ReadCapacityUnits": USED,
}
_INSIGHTS = Accepted("Contributor Insights only observes")
_TABLE_CLASS = Accepted("a table class changes prices only")

TYPES = (
    ResourceType(
        "AWS::DynamoDB::Table",
        _COMMON
        | {
            "ContributorInsightsSpecification": _INSIGHTS,
            "DeletionProtectionEnabled": USED,
            "GlobalSecondaryIndexes": [_INDEX | {"ProvisionedThroughput": USED}],
            "OnDemandThroughput": _THROUGHPUT,
            "PointInTimeRecoverySpecification": _RECOVERY,
            "ProvisionedThroughput": USED,
            "ResourcePolicy": {"PolicyDocument": USED},
            "SSESpecification": {"KMSMasterKeyId": USED, "SSEEnabled": USED, "SSEType": USED},
            "StreamSpecification": {"StreamViewType": USED},
            "TableClass": _TABLE_CLASS,
            "Tags": USED,
        },
        _create_table,
        ("Arn", "StreamArn"),
    ),
    ResourceType(
        "AWS::DynamoDB::GlobalTable",
        _COMMON
        | {
            "GlobalSecondaryIndexes": [
                _INDEX
                | {
                    "ReadOnDemandThroughputSettings": _THROUGHPUT,
                    "WriteOnDemandThroughputSettings": _THROUGHPUT,
                    "WarmThroughput": _THROUGHPUT,
                    "WriteProvisionedThroughputSettings": _WRITES,
                }
            ],
            "MultiRegionConsistency": Accepted("there is one region here"),
            "ReadOnDemandThroughputSettings": _THROUGHPUT,
            "Replicas": [
                {
                    "ContributorInsightsSpecification": _INSIGHTS,
                    "DeletionProtectionEnabled": USED,
                    "GlobalSecondaryIndexes": CAPACITY,
                    "PointInTimeRecoverySpecification": _RECOVERY,
                    "ReadOnDemandThroughputSettings": _THROUGHPUT,
                    "ReadProvisionedThroughputSettings": _READS,
                    "Region": USED,
                    "ResourcePolicy": {"PolicyDocument": USED},
                    "SSESpecification": {"KMSMasterKeyId": USED},
                    "TableClass": _TABLE_CLASS,
                    "Tags": USED,
                }
            ],
            "SSESpecification": {"SSEEnabled": USED, "SSEType": USED},
            "StreamSpecification": {"StreamViewType": USED},
            "WriteOnDemandThroughputSettings": _THROUGHPUT,
            "WriteProvisionedThroughputSettings": _WRITES,
        },
        _create_global_table,
        ("Arn", "StreamArn", "TableId"),
    ),
)
