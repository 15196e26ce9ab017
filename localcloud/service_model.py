"""Checks a JSON document against the shapes of an AWS service's own model, as the service would.

botocore's validator looks at types and required members only; this one also holds the model's
enums, patterns and bounds, and refuses members the model does not have. It knows no rule that
the model does not state (which settings go together is each service's own code).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Self

from botocore.loaders import Loader

_NUMBERS: dict[str, type | tuple[type, ...]] = {
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float, str),
}
_BOUNDS_IN_NAME = re.compile(r"Min(Negative)?(\d+)(?:Max(Negative)?(\d+))?$")
"""Some models state the bounds of a double only in its shape's name (`__doubleMin0Max10`)."""


@dataclass(frozen=True)
class Fault:
    """One place of a document that the model does not allow."""

    path: str
    """JSON pointer, in wire names."""
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class ServiceModel:
    """The shapes of one service, by their names in the model."""

    def __init__(self, model: Mapping[str, Any]) -> None:
        self._shapes: Mapping[str, Any] = model["shapes"]

    @classmethod
    @cache
    def load(cls, service: str) -> Self:
        """Reads the model that the installed botocore carries for a service."""
        return cls(Loader().load_service_model(service, "service-2"))

    def shape(self, name: str) -> Mapping[str, Any]:
        """The shape as the model states it."""
        found: Mapping[str, Any] = self._shapes[name]
        return found

    def members(self, name: str) -> dict[str, tuple[str, str]]:
        """The members of a structure: wire name → (model name, shape)."""
        return {
            member.get("locationName", key): (key, member["shape"])
            for key, member in self._shapes[name].get("members", {}).items()
        }

    def faults(self, shape: str, value: object, path: str = "") -> list[Fault]:
        """Everything in `value`, in wire form, that is not as the model's shape says."""
        return list(self._faults(shape, value, path))

    def _faults(self, name: str, value: object, path: str) -> Iterator[Fault]:
        shape = self._shapes[name]
        kind = shape["type"]
        if kind == "structure":
            yield from self._structure(name, shape, value, path)
        elif kind == "list":
            yield from self._list(shape, value, path)
        elif kind == "map":
            yield from self._map(shape, value, path)
        elif kind in _NUMBERS:
            yield from _number(name, shape, value, path)
        elif kind == "boolean":
            if not isinstance(value, bool):
                yield Fault(path, "Should be a boolean")
        else:
            yield from _string(shape, value, path)

    def _structure(
        self, name: str, shape: Mapping[str, Any], value: object, path: str
    ) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(path, "Should be an object")
            return
        members = self.members(name)
        wire_names = {model_name: wire for wire, (model_name, _) in members.items()}
        for required in shape.get("required", ()):
            if wire_names[required] not in value:
                yield Fault(path, f"{wire_names[required]} is a required property")
        for key, item in value.items():
            if key not in members:
                yield Fault(path, f"Should not have additional properties: {key}")
            elif item is not None:
                yield from self._faults(members[key][1], item, f"{path}/{key}")

    def _list(self, shape: Mapping[str, Any], value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(path, "Should be an array")
            return
        if len(value) < shape.get("min", 0):
            yield Fault(path, f"Should have at least {shape['min']} items")
        if len(value) > shape.get("max", len(value)):
            yield Fault(path, f"Should have at most {shape['max']} items")
        for index, item in enumerate(value):
            yield from self._faults(shape["member"]["shape"], item, f"{path}/{index}")

    def _map(self, shape: Mapping[str, Any], value: object, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(path, "Should be an object")
            return
        for key, item in value.items():
            yield from self._faults(shape["key"]["shape"], key, f"{path}/{key}")
            yield from self._faults(shape["value"]["shape"], item, f"{path}/{key}")


def _number(name: str, shape: Mapping[str, Any], value: object, path: str) -> Iterator[Fault]:
    if isinstance(value, bool) or not isinstance(value, _NUMBERS[shape["type"]]):
        yield Fault(path, f"Should be a {shape['type']}")
        return
    low, high = _bounds(name, shape.get("min"), shape.get("max"))
    if isinstance(value, int | float):
        if low is not None and value < low:
            yield Fault(path, f"Should be greater than or equal to {low:g}")
        if high is not None and value > high:
            yield Fault(path, f"Should be less than or equal to {high:g}")


@lru_cache(maxsize=1024)
def _bounds(name: str, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    named = _BOUNDS_IN_NAME.search(name)
    if low is not None or high is not None or named is None:
        return low, high
    negative_low, low_digits, negative_high, high_digits = named.groups()
    return (
        float(low_digits) * (-1 if negative_low else 1),
        float(high_digits) * (-1 if negative_high else 1) if high_digits else None,
    )


def _string(shape: Mapping[str, Any], value: object, path: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(path, "Should be a string")
        return
    if "enum" in shape and value not in shape["enum"]:
        yield Fault(path, f"Should be one of: {', '.join(shape['enum'])}")
    if len(value) < shape.get("min", 0):
        yield Fault(path, f"Should be at least {shape['min']} characters")
    if len(value) > shape.get("max", len(value)):
        yield Fault(path, f"Should be at most {shape['max']} characters")
    if "pattern" in shape and not re.search(shape["pattern"], value):
        yield Fault(path, f"Should match pattern {shape['pattern']}")
