"""The permissions of STS."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.policy import Access

FREE_OPERATIONS = {("sts", "GetCallerIdentity")}
"""What anybody who signs may call: no policy can take it away."""


def sessions(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    if call.operation.name == "AssumeRole":
        # Within one account the trust policy alone may admit; `Front` judges it.
        yield Access("sts:AssumeRole", call.text("RoleArn"))
    elif (call.operation.service, call.operation.name) not in FREE_OPERATIONS:
        raise UnmappedActionError(call.operation)
