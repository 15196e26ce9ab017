"""The permissions of SNS."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access

_TOPIC_ACTIONS = {"Publish", "PublishBatch", "Subscribe", "GetTopicAttributes"}


def topics(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name in _TOPIC_ACTIONS:
        resource = call.text("TopicArn") or call.text("TargetArn") or "*"
        action = "Publish" if name == "PublishBatch" else name
        context: dict[str, ContextValue] = {}
        if call.text("Protocol"):
            context = {
                "sns:protocol": call.text("Protocol"),
                "sns:endpoint": call.text("Endpoint"),
            }
        yield Access(f"sns:{action}", resource, context)
    elif name in ("CreatePlatformEndpoint", "SetEndpointAttributes", "DeleteEndpoint"):
        resource = call.text("PlatformApplicationArn") or call.text("EndpointArn")
        yield Access(f"sns:{name}", resource)
    elif name == "Unsubscribe":
        yield Access("sns:Unsubscribe", call.text("SubscriptionArn").rsplit(":", 1)[0])
    else:
        raise UnmappedActionError(call.operation)
