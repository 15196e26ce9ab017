"""In which order a template's resources are created: each after those it names or depends on."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localcloud.intrinsics import references


class CircularDependencyError(Exception):
    """Resources that need each other."""

    def __init__(self, circle: list[str]) -> None:
        super().__init__(f"resources depend on each other: {' -> '.join(circle)}")


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    """What a resource states under DependsOn, which may be one name or several."""
    stated = resource.get("DependsOn", [])
    return [stated] if isinstance(stated, str) else list(stated)


def creation_order(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The logical ids, each after those it needs; CircularDependencyError when there is no order.

    Names that are not among the resources (parameters, resources left out by a condition) do not
    matter here.
    """
    graph = {
        logical_id: [
            name
            for name in (
                *depends_on(resource),
                *(mention.target for mention in references(resource.get("Properties", {}))),
            )
            if name in resources
        ]
        for logical_id, resource in resources.items()
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        raise CircularDependencyError(cycle.args[1]) from cycle
