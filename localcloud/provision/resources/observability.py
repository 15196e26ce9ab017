"""Log groups and alarms."""

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
    tag_map,
)

_NAME_LIMIT = 255
_ALARM_PROPERTIES = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Tags",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
)


def _create_log_group(context: Context, properties: Properties) -> Created:
    logs = context.client("logs")
    name = properties.get("LogGroupName") or context.name(_NAME_LIMIT)
    arguments = properties.pick(kmsKeyId="KmsKeyId")
    if tags := tag_map(properties.get("Tags")):
        arguments["tags"] = tags
    logs.create_log_group(logGroupName=name, **arguments)
    if days := properties.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
    return Created(name, {"Arn": context.arn("logs", f"log-group:{name}:*")})


def _create_resource_policy(context: Context, properties: Properties) -> Created:
    name = properties["PolicyName"]
    context.client("logs").put_resource_policy(
        policyName=name, policyDocument=document(properties["PolicyDocument"])
    )
    return Created(name)


def _create_alarm(context: Context, properties: Properties) -> Created:
    name = properties.get("AlarmName") or context.name(_NAME_LIMIT)
    context.client("cloudwatch").put_metric_alarm(
        AlarmName=name, **properties.pick(*_ALARM_PROPERTIES)
    )
    return Created(name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")})


TYPES = (
    ResourceType(
        "AWS::Logs::LogGroup",
        {
            "DeletionProtectionEnabled": Accepted("acts when the stack is deleted"),
            "KmsKeyId": USED,
            "LogGroupClass": Accepted("a log class changes prices and queries only"),
            "LogGroupName": USED,
            "RetentionInDays": USED,
            "Tags": USED,
        },
        _create_log_group,
        ("Arn",),
    ),
    ResourceType(
        "AWS::Logs::ResourcePolicy",
        {"PolicyDocument": USED, "PolicyName": USED},
        _create_resource_policy,
    ),
    ResourceType(
        "AWS::CloudWatch::Alarm",
        dict.fromkeys(_ALARM_PROPERTIES, USED) | {"AlarmName": USED},
        _create_alarm,
        ("Arn",),
    ),
)
