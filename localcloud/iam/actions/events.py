"""The permissions of EventBridge."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access


def buses(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name == "PutEvents":
        for entry in call.parameters.get("Entries") or []:
            bus = str(entry.get("EventBusName") or "default")
            context: dict[str, ContextValue] = {
                "events:source": str(entry.get("Source", "")),
                "events:detail-type": str(entry.get("DetailType", "")),
            }
            yield Access("events:PutEvents", call.arn("events", "event-bus/", bus), context)
    elif name in ("PutRule", "DescribeRule", "EnableRule", "DisableRule", "DeleteRule"):
        yield Access(f"events:{name}", _rule_arn(call, call.text("Name")))
    elif name in ("PutTargets", "RemoveTargets", "ListTargetsByRule"):
        yield Access(f"events:{name}", _rule_arn(call, call.text("Rule")))
    elif name in ("StartReplay", "DescribeReplay", "CancelReplay"):
        replay = call.text("ReplayName")
        yield Access(f"events:{name}", call.scope.arn("events", f"replay/{replay}"))
    else:
        raise UnmappedActionError(call.operation)


def _rule_arn(call: Call, rule: str) -> str:
    bus = call.text("EventBusName").rsplit("/", 1)[-1] or "default"
    middle = "" if bus == "default" else f"{bus}/"
    return call.scope.arn("events", f"rule/{middle}{rule}")
