"""The permissions of Step Functions."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.policy import Access

_MACHINE_ACTIONS = {
    "StartExecution": "stateMachineArn",
    "StartSyncExecution": "stateMachineArn",
    "ListExecutions": "stateMachineArn",
    "DescribeStateMachine": "stateMachineArn",
    "DescribeExecution": "executionArn",
    "StopExecution": "executionArn",
    "GetExecutionHistory": "executionArn",
    "RedriveExecution": "executionArn",
    "DescribeStateMachineForExecution": "executionArn",
}


def machines(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name in _MACHINE_ACTIONS:
        yield Access(f"states:{name}", call.text(_MACHINE_ACTIONS[name]))
    elif name in ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"):
        token = call.text("taskToken")
        machine = call.scope.account.state_machine_of_token(token, call.scope.region)
        yield Access(f"states:{name}", machine or "*")
    elif name in ("ListStateMachines", "ListActivities"):
        yield Access(f"states:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)
