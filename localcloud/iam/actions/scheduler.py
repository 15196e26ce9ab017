"""The permissions of EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError, pass_role
from localcloud.iam.policy import Access


def schedules(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name not in ("CreateSchedule", "UpdateSchedule", "GetSchedule", "DeleteSchedule"):
        raise UnmappedActionError(call.operation)
    group = call.text("GroupName") or call.text("groupName") or "default"
    arn = call.scope.arn("scheduler", f"schedule/{group}/{call.text('Name')}")
    yield Access(f"scheduler:{name}", arn)
    role = str((call.parameters.get("Target") or {}).get("RoleArn", ""))
    if role:
        yield pass_role(role, "scheduler.amazonaws.com")
