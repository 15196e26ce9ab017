"""What was provisioned from the templates: every resource with its resolved properties.

The data planes (gateway, edge, triggers) read their configuration from here and from nowhere
else, so that what they enforce is what the template says.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Resource:
    """One provisioned resource."""

    stack: str
    logical_id: str
    type: str
    """The CloudFormation type, such as `AWS::S3::Bucket`."""
    physical_id: str
    """What `Ref` answers."""
    attributes: dict[str, str] = field(default_factory=dict)
    """What `Fn::GetAtt` answers, by attribute name."""
    properties: dict[str, Any] = field(default_factory=dict)
    """The template's properties with every intrinsic resolved."""


class UnknownResourceError(LookupError):
    """No such resource was provisioned."""


class Registry:
    """All provisioned resources; safe to read from any thread."""

    def __init__(self) -> None:
        self._resources: dict[tuple[str, str], Resource] = {}
        self._lock = threading.Lock()

    def add(self, resource: Resource) -> None:
        """Record a resource, replacing an earlier one of the same stack and logical id."""
        with self._lock:
            self._resources[resource.stack, resource.logical_id] = resource

    def get(self, stack: str, logical_id: str) -> Resource:
        """The resource of that stack and logical id; UnknownResourceError when there is none."""
        with self._lock:
            found = self._resources.get((stack, logical_id))
        if found is None:
            raise UnknownResourceError(f"{stack}/{logical_id} was not provisioned")
        return found

    def by_type(self, cfn_type: str) -> list[Resource]:
        """Every resource of a CloudFormation type, in the order of provisioning."""
        return [resource for resource in self if resource.type == cfn_type]

    def by_physical_id(self, cfn_type: str, physical_id: str) -> Resource:
        """The resource of a type that `Ref` names so; UnknownResourceError when there is none."""
        for resource in self.by_type(cfn_type):
            if resource.physical_id == physical_id:
                return resource
        raise UnknownResourceError(f"no {cfn_type} is named {physical_id}")

    def __iter__(self) -> Iterator[Resource]:
        with self._lock:
            snapshot = list(self._resources.values())
        return iter(snapshot)
