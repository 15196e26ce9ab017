"""MediaConvert's queues, which the local MediaConvert reads from the registry."""

from __future__ import annotations

from localcloud.provision.rules import (
    CAPACITY,
    TAGS,
    TEXT,
    USED,
    Accepted,
    Only,
)
from localcloud.provision.table import (
    Context,
    Created,
    Properties,
    ResourceType,
)


def _create_queue(context: Context, properties: Properties) -> Created:
    name = properties.get("Name") or context.short_name(_NAME_LIMIT)
    return Created(name, {"Arn": context.arn("mediaconvert", f"queues/{name}"), "Name": name})


_NAME_LIMIT = 100

TYPES = (
    ResourceType(
        "AWS::MediaConvert::Queue",
        {
            "ConcurrentJobs": CAPACITY,
            "Description": TEXT,
            "Name": USED,
            "PricingPlan": Accepted("prices do not apply here"),
            "Status": Only("ACTIVE"),
            "Tags": TAGS,
        },
        _create_queue,
        ("Arn", "Name"),
    ),
)
