"""How a caller names a function, and which version that means."""

from __future__ import annotations

import re
import threading

from localcloud.functions.errors import FunctionNotFoundError
from localcloud.registry import Registry

LATEST = "$LATEST"
_NAME = re.compile(
    r"^(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:)?(?:\d{12}:)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?$"
)
"""FunctionName's pattern in the service model: a name, a partial ARN or an ARN."""


def split(identifier: str) -> tuple[str, str | None]:
    """Name and qualifier of a function's name, partial ARN or ARN."""
    match = _NAME.match(identifier)
    if match is None:
        raise FunctionNotFoundError(identifier)
    return match["name"], match["qualifier"]


class Versions:
    """Which version a qualifier stands for, by the template's aliases and versions."""

    def __init__(self, registry: Registry | None) -> None:
        self._registry = registry
        self._known: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def executed(self, name: str, arn: str, qualifier: str | None) -> str:
        """The version that runs; FunctionNotFoundError when there is no such alias or version."""
        if qualifier is None or qualifier == LATEST:
            return LATEST
        with self._lock:
            found = self._known.get((name, qualifier)) or self._find(name, qualifier)
            if found is None:
                raise FunctionNotFoundError(f"{arn}:{qualifier}")
            self._known[name, qualifier] = found
            return found

    def forget(self) -> None:
        """The template was provisioned anew."""
        with self._lock:
            self._known.clear()

    def _find(self, name: str, qualifier: str) -> str | None:
        if self._registry is None:
            return qualifier if qualifier.isdigit() else "1"
        for resource in self._registry:
            if resource.type == "AWS::Lambda::Alias":
                alias = resource.properties
                if alias["Name"] == qualifier and split(alias["FunctionName"])[0] == name:
                    return str(alias["FunctionVersion"])
            elif resource.type == "AWS::Lambda::Version" and qualifier.isdigit():
                version = split(resource.physical_id)
                if version == (name, qualifier):
                    return qualifier
        return None
