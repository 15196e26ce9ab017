"""The permissions of Lambda."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, Scope, UnmappedActionError
from localcloud.iam.policy import Access

_FUNCTION_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetFunction": "GetFunction",
    "GetFunctionConfiguration": "GetFunctionConfiguration",
    "GetAlias": "GetAlias",
    "UpdateAlias": "UpdateAlias",
    "ListVersionsByFunction": "ListVersionsByFunction",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration",
}


def function_arn(scope: Scope, name: str, qualifier: str = "") -> str:
    """The ARN of a function named by name, partial ARN or ARN, with its qualifier."""
    parts = name.split(":")
    if name.startswith("arn:"):
        bare, own = parts[6], parts[7:]
    elif "function" in parts:
        at = parts.index("function")
        bare, own = parts[at + 1], parts[at + 2 :]
    else:
        bare, own = parts[0], parts[1:]
    chosen = qualifier or (own[0] if own else "")
    return scope.arn("lambda", f"function:{bare}" + (f":{chosen}" if chosen else ""))


def functions(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name not in _FUNCTION_ACTIONS:
        raise UnmappedActionError(call.operation)
    arn = function_arn(call.scope, call.text("FunctionName"), call.text("Qualifier"))
    yield Access(f"lambda:{_FUNCTION_ACTIONS[name]}", arn)
