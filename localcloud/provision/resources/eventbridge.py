"""The event bus: buses, rules with their targets, archives; and the scheduler."""

from __future__ import annotations

from localcloud.provision.rules import (
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
    require,
)

_RULE_NAME_LIMIT = 64
_ARCHIVE_NAME_LIMIT = 48
_SCHEDULE_NAME_LIMIT = 64
_TARGETS_PER_RULE = 5
"""Source: EventBridge quotas, "Targets per rule"."""
_DEFAULT_BUS = "default"


def _create_bus(context: Context, properties: Properties) -> Created:
    events = context.client("events")
    name = properties["Name"]
    events.create_event_bus(
        Name=name, Tags=properties.get("Tags", []), **properties.pick("Description")
    )
    return Created(name, {"Arn": context.arn("events", f"event-bus/{name}"), "Name": name})


def _create_rule(context: Context, properties: Properties) -> Created:
    events = context.client("events")
    name = properties.get("Name") or context.name(_RULE_NAME_LIMIT)
    bus = str(properties.get("EventBusName", _DEFAULT_BUS)).rpartition("/")[2]
    arguments = properties.pick("Description", "RoleArn", "ScheduleExpression", "State", "Tags")
    if pattern := properties.get("EventPattern"):
        arguments["EventPattern"] = document(pattern)
    require(
        "EventPattern" in arguments or "ScheduleExpression" in arguments,
        "Parameter(s) EventPattern or ScheduleExpression must be specified.",
    )
    require(
        "ScheduleExpression" not in arguments or bus == _DEFAULT_BUS,
        "ScheduleExpression is supported only on the default event bus.",
    )
    events.put_rule(Name=name, EventBusName=bus, **arguments)
    targets = properties.get("Targets", [])
    require(
        len(targets) <= _TARGETS_PER_RULE,
        "The requested resource exceeds the maximum number allowed.",
    )
    if targets:
        answer = events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
        require(not answer["FailedEntryCount"], str(answer.get("FailedEntries")))
    path = name if bus == _DEFAULT_BUS else f"{bus}/{name}"
    physical_id = name if bus == _DEFAULT_BUS else f"{bus}|{name}"
    arn = context.arn("events", f"rule/{path}")
    return Created(physical_id, {"Arn": arn, "RuleName": name})


def _create_archive(context: Context, properties: Properties) -> Created:
    name = properties.get("ArchiveName") or context.name(_ARCHIVE_NAME_LIMIT)
    arguments = properties.pick("Description", "RetentionDays", EventSourceArn="SourceArn")
    if pattern := properties.get("EventPattern"):
        arguments["EventPattern"] = document(pattern)
    context.client("events").create_archive(ArchiveName=name, **arguments)
    return Created(name, {"Arn": context.arn("events", f"archive/{name}"), "ArchiveName": name})


def _create_schedule_group(context: Context, properties: Properties) -> Created:
    name = properties.get("Name") or context.name(_SCHEDULE_NAME_LIMIT)
    context.client("scheduler").create_schedule_group(Name=name, Tags=properties.get("Tags", []))
    arn = context.arn("scheduler", f"schedule-group/{name}")
    return Created(name, {"Arn": arn, "State": "ACTIVE"})


def _create_schedule(context: Context, properties: Properties) -> Created:
    name = properties.get("Name") or context.name(_SCHEDULE_NAME_LIMIT)
    group = properties.get("GroupName", _DEFAULT_BUS)
    context.client("scheduler").create_schedule(
        Name=name,
        GroupName=group,
        **properties.pick(
            "Description",
            "EndDate",
            "FlexibleTimeWindow",
            "KmsKeyArn",
            "ScheduleExpression",
            "ScheduleExpressionTimezone",
            "StartDate",
            "State",
            "Target",
        ),
    )
    return Created(name, {"Arn": context.arn("scheduler", f"schedule/{group}/{name}")})


_RETRIES: dict[str, Rule] = {
    "MaximumEventAgeInSeconds": USED,
    "MaximumRetryAttempts": USED,
}

TYPES = (
    ResourceType(
        "AWS::Events::EventBus",
        {"Description": USED, "Name": USED, "Tags": USED},
        _create_bus,
        ("Arn", "Name"),
    ),
    ResourceType(
        "AWS::Events::Rule",
        {
            "Description": USED,
            "EventBusName": USED,
            "EventPattern": USED,
            "Name": USED,
            "RoleArn": USED,
            "ScheduleExpression": USED,
            "State": USED,
            "Tags": USED,
            "Targets": [
                {
                    "Arn": USED,
                    "DeadLetterConfig": {"Arn": USED},
                    "Id": USED,
                    "Input": USED,
                    "InputPath": USED,
                    "InputTransformer": {"InputPathsMap": USED, "InputTemplate": USED},
                    "KinesisParameters": {"PartitionKeyPath": USED},
                    "RetryPolicy": _RETRIES,
                    "RoleArn": USED,
                    "SqsParameters": {"MessageGroupId": USED},
                }
            ],
        },
        _create_rule,
        ("Arn", "RuleName"),
    ),
    ResourceType(
        "AWS::Events::Archive",
        {
            "ArchiveName": USED,
            "Description": USED,
            "EventPattern": USED,
            "KmsKeyIdentifier": Accepted("events are archived in this machine's memory"),
            "RetentionDays": USED,
            "SourceArn": USED,
        },
        _create_archive,
        ("Arn", "ArchiveName"),
    ),
    ResourceType(
        "AWS::Scheduler::ScheduleGroup",
        {"Name": USED, "Tags": USED},
        _create_schedule_group,
        ("Arn", "State"),
    ),
    ResourceType(
        "AWS::Scheduler::Schedule",
        {
            "Description": USED,
            "EndDate": USED,
            "FlexibleTimeWindow": {"MaximumWindowInMinutes": USED, "Mode": USED},
            "GroupName": USED,
            "KmsKeyArn": USED,
            "Name": USED,
            "ScheduleExpression": USED,
            "ScheduleExpressionTimezone": USED,
            "StartDate": USED,
            "State": USED,
            "Target": {
                "Arn": USED,
                "DeadLetterConfig": {"Arn": USED},
                "EventBridgeParameters": {"DetailType": USED, "Source": USED},
                "Input": USED,
                "KinesisParameters": {"PartitionKey": USED},
                "RetryPolicy": _RETRIES,
                "RoleArn": USED,
                "SqsParameters": {"MessageGroupId": USED},
            },
        },
        _create_schedule,
        ("Arn",),
    ),
)
