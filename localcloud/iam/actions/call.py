"""One call of an AWS operation, as the tables of needed permissions read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.iam.account import MotoAccount
from localcloud.iam.conditions import ContextValue
from localcloud.iam.operations import Operation
from localcloud.iam.policy import Access


class UnmappedActionError(LookupError):
    """Nobody has stated what permission this operation needs."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(f"{operation.service}:{operation.name}")
        self.operation = operation


@dataclass(frozen=True)
class Scope:
    """Where a request takes place."""

    account: MotoAccount
    region: str

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this region and account."""
        return f"arn:aws:{service}:{self.region}:{self.account.account}:{resource}"


@dataclass(frozen=True)
class Call:
    """What a mapping reads."""

    operation: Operation
    scope: Scope
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string parameter, empty when it is absent."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else ""

    def arn(self, service: str, kind: str, name: str) -> str:
        """The ARN a name stands for; a name that already is one stays."""
        return name if name.startswith("arn:") else self.scope.arn(service, f"{kind}{name}")


AccessMapping = Callable[[Call], Iterator[Access]]


def pass_role(role: str, service: str) -> Access:
    """Handing a role to a service."""
    context: dict[str, ContextValue] = {"iam:passedtoservice": service}
    return Access("iam:PassRole", role, context)
