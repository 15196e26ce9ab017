"""EventBridge rules as the template states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from localcloud.registry import Registry, Resource
from localcloud.triggers.patterns import Pattern

DEFAULT_BUS = "default"
MAX_RETRIES = 185
MAX_AGE = timedelta(hours=24)
"""EventBridge's defaults, which are also its limits."""


@dataclass(frozen=True)
class Target:
    """Where a rule sends events."""

    id: str
    arn: str
    role_arn: str | None
    settings: Mapping[str, Any]
    """The target as the template has it, for its input and service parameters."""
    max_retries: int
    max_age: timedelta
    dead_letter_arn: str | None

    @property
    def service(self) -> str:
        """The ARN's service."""
        return self.arn.split(":")[2]


@dataclass(frozen=True)
class Rule:
    """A rule that matches events, or one that makes them by the clock."""

    arn: str
    name: str
    bus: str
    enabled: bool
    pattern: Pattern | None
    schedule: str | None
    """`rate(…)` or `cron(…)`."""
    targets: tuple[Target, ...]


def bus_name(name_or_arn: str | None) -> str:
    """`default` for none; the name in `arn:aws:events:…:event-bus/name`."""
    return (name_or_arn or DEFAULT_BUS).rpartition("/")[2]


def parse_rule(resource: Resource) -> Rule:
    """The rule of an AWS::Events::Rule; InvalidPatternError when its pattern is refused."""
    properties = resource.properties
    pattern = properties.get("EventPattern")
    arn = resource.attributes["Arn"]
    return Rule(
        arn=arn,
        name=arn.rpartition("/")[2],
        bus=bus_name(properties.get("EventBusName")),
        enabled=properties.get("State", "ENABLED") != "DISABLED",
        pattern=None if pattern is None else Pattern(pattern),
        schedule=properties.get("ScheduleExpression"),
        targets=tuple(_target(target) for target in properties.get("Targets", [])),
    )


def _target(settings: Mapping[str, Any]) -> Target:
    retry = settings.get("RetryPolicy") or {}
    return Target(
        id=settings["Id"],
        arn=settings["Arn"],
        role_arn=settings.get("RoleArn"),
        settings=settings,
        max_retries=int(retry.get("MaximumRetryAttempts", MAX_RETRIES)),
        max_age=timedelta(seconds=int(retry.get("MaximumEventAgeInSeconds", 86_400))),
        dead_letter_arn=(settings.get("DeadLetterConfig") or {}).get("Arn"),
    )


class Rules:
    """The rules of a registry, each parsed once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._parsed: dict[tuple[str, str], tuple[Resource, Rule]] = {}

    def all(self) -> list[Rule]:
        """Every rule provisioned so far."""
        rules = []
        for resource in self._registry.by_type("AWS::Events::Rule"):
            key = (resource.stack, resource.logical_id)
            known = self._parsed.get(key)
            if known is None or known[0] is not resource:
                known = self._parsed[key] = (resource, parse_rule(resource))
            rules.append(known[1])
        return rules
