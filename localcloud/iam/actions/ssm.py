"""The permissions of Parameter Store."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.actions.kms import key_use
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access

_PARAMETER_ACTIONS = {
    "GetParameter",
    "PutParameter",
    "DeleteParameter",
    "GetParameterHistory",
}


def parameters(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name == "DescribeParameters":
        yield Access(f"ssm:{name}", "*")
    elif name in ("GetParameters", "DeleteParameters"):
        for parameter in call.parameters.get("Names") or []:
            yield from _parameter(call, name, parameter)
    elif name == "GetParametersByPath":
        context: dict[str, ContextValue] = {
            "ssm:recursive": str(bool(call.parameters.get("Recursive"))).lower()
        }
        path = call.text("Path").strip("/")
        yield Access(f"ssm:{name}", call.scope.arn("ssm", f"parameter/{path}"), context)
    elif name in _PARAMETER_ACTIONS:
        yield from _parameter(call, name, call.text("Name"))
    else:
        raise UnmappedActionError(call.operation)


def _parameter(call: Call, action: str, name: str) -> Iterator[Access]:
    plain = name.split(":parameter/", 1)[-1].lstrip("/").split(":", 1)[0]
    arn = call.scope.arn("ssm", f"parameter/{plain}")
    yield Access(f"ssm:{action}", arn)
    stored = call.scope.account.parameter(name, call.scope.region)
    reads = action.startswith("GetParameter") and call.parameters.get("WithDecryption")
    key_id = getattr(stored, "keyid", None)
    if action == "PutParameter" and call.text("Type") == "SecureString":
        key_id = call.text("KeyId")
    elif not reads:
        return
    if key := call.scope.account.customer_key(key_id, call.scope.region):
        yield key_use(
            call.scope, "Decrypt" if reads else "Encrypt", key, "ssm", {"PARAMETER_ARN": arn}
        )
