"""Which route of an HTTP API a request takes: the most specific path, then the method.

Source: "Routing API requests" in the API Gateway developer guide. A full match comes before a
path variable, that before a greedy variable, and `$default` takes what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

DEFAULT_ROUTE = "$default"
ANY = "ANY"

_LITERAL, _VARIABLE, _GREEDY = 0, 1, 2

Target = TypeVar("Target")


@dataclass(frozen=True)
class RouteKey:
    """A route key, taken apart."""

    text: str
    """As the template writes it, such as `GET /v1/titles/{title_id}`."""
    method: str
    path: str
    segments: tuple[tuple[int, str], ...]
    """The kind of each segment, and its literal text or the variable's name."""

    @property
    def is_default(self) -> bool:
        """Whether this route takes what no other does."""
        return self.text == DEFAULT_ROUTE

    def match(self, method: str, segments: Sequence[str]) -> dict[str, str] | None:
        """The path parameters when the route takes this request, else None."""
        if self.method not in (ANY, method):
            return None
        if not self._is_long_enough(len(segments)):
            return None
        parameters: dict[str, str] = {}
        for position, (kind, name) in enumerate(self.segments):
            if kind == _GREEDY:
                parameters[name] = "/".join(segments[position:])
                return parameters
            if kind == _VARIABLE and segments[position]:
                parameters[name] = segments[position]
            elif kind == _VARIABLE or segments[position] != name:
                return None
        return parameters

    def _is_long_enough(self, length: int) -> bool:
        if self.segments and self.segments[-1][0] == _GREEDY:
            return length >= len(self.segments)
        return length == len(self.segments)

    @property
    def specificity(self) -> tuple[tuple[int, ...], bool]:
        """Sorts the most specific route first."""
        return tuple(kind for kind, _ in self.segments), self.method == ANY


def parse_route_key(text: str) -> RouteKey:
    """A route key as the template writes it; ValueError when it is none."""
    if text == DEFAULT_ROUTE:
        return RouteKey(text, ANY, "", ())
    method, separator, path = text.partition(" ")
    if not separator or not path.startswith("/"):
        raise ValueError(f"{text!r} is no route key")
    return RouteKey(text, method, path, tuple(_segment(part) for part in path[1:].split("/")))


def _segment(part: str) -> tuple[int, str]:
    if part.startswith("{") and part.endswith("+}"):
        return _GREEDY, part[1:-2]
    if part.startswith("{") and part.endswith("}"):
        return _VARIABLE, part[1:-1]
    return _LITERAL, part


class RouteTable(Generic[Target]):
    """An API's routes, ready to be asked."""

    def __init__(self, routes: Sequence[tuple[RouteKey, Target]]) -> None:
        self._routes = sorted(
            ((key, target) for key, target in routes if not key.is_default),
            key=lambda route: route[0].specificity,
        )
        self._default = next((target for key, target in routes if key.is_default), None)

    def match(self, method: str, path: str) -> tuple[Target, dict[str, str]] | None:
        """The target for a decoded path and its parameters; None when no route takes it."""
        segments = path[1:].split("/")
        for key, target in self._routes:
            parameters = key.match(method, segments)
            if parameters is not None:
                return target, parameters
        return None if self._default is None else (self._default, {})
