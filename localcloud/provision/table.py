"""The words of the provisioning table: a type, the properties it takes, its making."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.assembly import Stack
from localcloud.provision import naming
from localcloud.provision.errors import Refusal
from localcloud.provision.ports import (
    AdoptKey,
    CheckIssuer,
    ClientFactory,
    FunctionsPort,
)
from localcloud.provision.rules import Rule, Used, leaves
from localcloud.registry import Registry, Resource


class Properties(Mapping[str, Any]):
    """A resource's resolved properties; remembers which were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        try:
            return self._values[name]
        except KeyError:
            raise MissingPropertyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, default: Any = None) -> Any:
        """The property, or the default when the template does not state it."""
        self.read.add(name)
        return self._values.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def pick(self, *names: str, **renamed: str) -> dict[str, Any]:
        """Those of the properties that are stated: as they are, or `new_name="Property"`."""
        wanted = {name: name for name in names} | renamed
        self.read.update(wanted.values())
        return {new: self._values[old] for new, old in wanted.items() if old in self._values}


class MissingPropertyError(KeyError):
    """The template leaves out a property that the type requires."""

    def __str__(self) -> str:
        return f"Properties validation failed: required key [{self.args[0]}] not found"


@dataclass(frozen=True)
class Created:
    """What other resources see of one that was created."""

    physical_id: str
    """What `Ref` answers."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What `Fn::GetAtt` answers."""


@dataclass(frozen=True)
class Context:
    """Everything a resource's creation may use, for one resource."""

    stack: Stack
    logical_id: str
    type: str
    account: str
    region: str
    client: ClientFactory
    functions: FunctionsPort
    registry: Registry
    check_issuer: CheckIssuer
    adopt_key: AdoptKey

    @property
    def seed(self) -> str:
        """What every derived name and id of this resource depends on."""
        return f"{self.account}/{self.region}/{self.stack.name}/{self.logical_id}"

    def name(self, limit: int, *, lower: bool = False) -> str:
        """A physical name in CloudFormation's shape, the same in every run."""
        return naming.physical_name(self.stack.name, self.logical_id, self.seed, limit, lower=lower)

    def short_name(self, limit: int) -> str:
        """`<logical id>-<12 characters>`: the shape where the stack's name is left out."""
        return f"{self.logical_id[: limit - 13]}-{naming.token(self.seed, 12)}"

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        """An ARN of a service without regions."""
        return f"arn:aws:{service}::{self.account}:{resource}"

    def asset_directory(self, location: Mapping[str, Any]) -> Path:
        """The unpacked content of the asset under `location["S3Key"]`."""
        return self.stack.asset(location["S3Key"]).directory()

    def others(self, *types: str) -> list[Resource]:
        """Resources of these types that exist already, whatever their stack."""
        return [resource for cfn_type in types for resource in self.registry.by_type(cfn_type)]


@dataclass(frozen=True)
class ResourceType:
    """One row of the table."""

    name: str
    properties: Mapping[str, Rule]
    create: Callable[[Context, Properties], Created]
    attributes: tuple[str, ...] = ()
    """Every name that `Fn::GetAtt` answers."""

    def unread(self, properties: Properties) -> list[str]:
        """Stated properties that creation should have used and never looked at."""
        return sorted(
            name
            for name in properties
            if name not in properties.read
            and any(isinstance(leaf, Used) for _, leaf in leaves(self.properties[name]))
        )


def document(value: Any) -> str:
    """A policy or pattern as the JSON text that APIs take."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def camel(value: Any) -> Any:
    """The same structure with every key's first letter in lower case, as some APIs spell it."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: camel(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [camel(item) for item in value]
    return value


def tag_map(tags: Any) -> dict[str, str]:
    """Tags as a mapping, from either of CloudFormation's two forms."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as a statement
    """Refuse the deployment unless the condition holds."""
    if not condition:
        raise Refusal(message)
