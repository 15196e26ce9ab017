"""What the table says of one property: who uses it, or why nobody needs to.

A property without a rule, or with a value its rule does not take, is refused before anything is
created: what would be dropped silently would make the local cloud lie.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.intrinsics import is_intrinsic


@dataclass(frozen=True)
class Used:
    """The resource's creation reads it; a run in which it was not read fails."""


@dataclass(frozen=True)
class Kept:
    """Nothing is created from it: the named package of `localcloud` reads it in the registry."""

    reader: str


@dataclass(frozen=True)
class Accepted:
    """Has no effect on this machine, for the stated reason."""

    reason: str


@dataclass(frozen=True)
class Only:
    """This machine does the one thing that this value asks for, and nothing else."""

    value: Any


Rule = Used | Kept | Accepted | Only | dict[str, "Rule"] | list[dict[str, "Rule"]]
"""A dict is a structure with these members, a list of one dict a list of such structures."""

USED: Final = Used()
GATEWAY: Final = Kept("gateway")
EDGE: Final = Kept("edge")
TRIGGERS: Final = Kept("triggers")
TAGS: Final = Accepted("nothing here is selected or billed by tag")
CAPACITY: Final = Accepted("capacity is this machine's")
TEXT: Final = Accepted("a text for people")


def faults(rule: Rule, value: Any, path: str = "") -> Iterator[str]:
    """What a value states against its rule: `<path> is not supported`, `<path> must be …`.

    Intrinsics are passed over, but for both branches of an `Fn::If`: ask again once resolved.
    """
    if isinstance(value, Mapping) and "Fn::If" in value and is_intrinsic(value):
        for branch in value["Fn::If"][1:]:
            yield from faults(rule, branch, path)
    elif not is_intrinsic(value):
        yield from _literal_faults(rule, value, path)


def _literal_faults(rule: Rule, value: Any, path: str) -> Iterator[str]:
    if isinstance(rule, Only):
        if value != rule.value:
            yield f"{path} must be {json.dumps(rule.value)} here, it is {json.dumps(value)}"
    elif isinstance(rule, list):
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            yield from faults(rule[0], item, f"{path}[{index}]")
    elif isinstance(rule, dict) and isinstance(value, Mapping):
        for name, inner in value.items():
            inner_path = f"{path}.{name}" if path else name
            if name in rule:
                yield from faults(rule[name], inner, inner_path)
            else:
                yield f"{inner_path} is not supported"


def leaves(rule: Rule, path: str = "") -> Iterator[tuple[str, Rule]]:
    """Every rule that is no structure, with the path of its property."""
    if isinstance(rule, list):
        rule = rule[0]
    if isinstance(rule, dict):
        for name, inner in rule.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, rule
