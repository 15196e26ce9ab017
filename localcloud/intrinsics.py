"""CloudFormation's intrinsic functions: what a template's value is once everything it names exists.

It knows no resource: what a name stands for comes from a `Scope`.
Source: AWS CloudFormation User Guide, "Intrinsic function reference".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

NO_VALUE: Final = object()
"""What `AWS::NoValue` resolves to: the property is removed."""

PSEUDO_PARAMETERS: Final = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)


class IntrinsicError(Exception):
    """A value cannot be resolved; says where it stands in the template."""

    def __init__(self, stack: str, logical_id: str, path: str, problem: str) -> None:
        super().__init__(f"{stack}/{logical_id} at {path or 'its root'}: {problem}")
        self.stack = stack
        self.logical_id = logical_id
        self.path = path
        self.problem = problem


class UnresolvedError(Exception):
    """Raised by a scope for a name it does not know."""


@dataclass(frozen=True)
class Scope:
    """What names stand for at one place of one template; each raises UnresolvedError."""

    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    import_value: Callable[[str], Any]
    condition: Callable[[str], bool]
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """One mention of another resource, parameter or pseudo parameter."""

    target: str
    attribute: str | None
    """None for `Ref`."""
    path: str


def resolve(value: Any, scope: Scope, stack: str, logical_id: str, path: str = "") -> Any:
    """The value with every intrinsic replaced; IntrinsicError names the place that cannot be."""
    return _Resolver(scope, stack, logical_id).value(value, path)


def unknown_functions(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, name) of each intrinsic that this module cannot resolve."""
    if isinstance(value, Mapping):
        name = _function(value)
        if name is not None and name not in _FUNCTIONS:
            yield path, name
        for key, inner in value.items():
            yield from unknown_functions(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from unknown_functions(inner, f"{path}[{index}]")


def references(value: Any, path: str = "") -> Iterator[Reference]:
    """Everything that a value mentions by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from references(inner, f"{path}[{index}]")
        return
    if not isinstance(value, Mapping):
        return
    name = _function(value)
    if name == "Ref":
        yield Reference(value["Ref"], None, path)
        return
    if name == "Fn::GetAtt":
        target, attribute = _get_att_arguments(value["Fn::GetAtt"])
        yield Reference(target, attribute, path)
        return
    if name == "Fn::Sub":
        text, variables = _sub_arguments(value["Fn::Sub"])
        for placeholder in _placeholders(text):
            if placeholder not in variables:
                target, _, attribute = placeholder.partition(".")
                yield Reference(target, attribute or None, path)
    for key, inner in value.items():
        yield from references(inner, f"{path}.{key}" if path else key)


def is_intrinsic(value: Any) -> bool:
    """Whether a value is a function call rather than a literal."""
    return isinstance(value, Mapping) and _function(value) is not None


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it into a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise UnresolvedError(f"{type(value).__name__} where a string is needed")


def _function(value: Mapping[str, Any]) -> str | None:
    if len(value) != 1:
        return None
    (name,) = value
    return name if name == "Ref" or name.startswith("Fn::") else None


def _get_att_arguments(arguments: Any) -> tuple[str, str]:
    if isinstance(arguments, str):
        target, _, attribute = arguments.partition(".")
        return target, attribute
    return arguments[0], ".".join(arguments[1:])


def _sub_arguments(arguments: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(arguments, str):
        return arguments, {}
    text, variables = arguments
    return text, variables


_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


def _placeholders(text: str) -> Iterator[str]:
    """Names within `${…}`; `${!Literal}` stays as `${Literal}` and is none."""
    for literal, name in _PLACEHOLDER.findall(text):
        if not literal:
            yield name.strip()


class _Resolver:
    def __init__(self, scope: Scope, stack: str, logical_id: str) -> None:
        self.scope = scope
        self._stack = stack
        self._logical_id = logical_id

    def value(self, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            name = _function(value)
            if name is not None:
                return self._call(name, value[name], f"{path}.{name}" if path else name)
            resolved = {
                key: self.value(inner, f"{path}.{key}" if path else key)
                for key, inner in value.items()
            }
            return {key: inner for key, inner in resolved.items() if inner is not NO_VALUE}
        if isinstance(value, list):
            items = [self.value(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        return value

    def _call(self, name: str, arguments: Any, path: str) -> Any:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise self.error(path, f"{name} is not supported")
        try:
            return function(self, arguments, path)
        except UnresolvedError as error:
            raise self.error(path, str(error)) from error
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise self.error(path, f"{name} has unusable arguments: {error!r}") from error

    def error(self, path: str, problem: str) -> IntrinsicError:
        return IntrinsicError(self._stack, self._logical_id, path, problem)


def _ref(resolver: _Resolver, arguments: Any, _path: str) -> Any:
    if arguments == "AWS::NoValue":
        return NO_VALUE
    return resolver.scope.ref(arguments)


def _get_att(resolver: _Resolver, arguments: Any, path: str) -> Any:
    target, attribute = _get_att_arguments(arguments)
    return resolver.scope.attribute(target, text_of(resolver.value(attribute, path)))


def _sub(resolver: _Resolver, arguments: Any, path: str) -> str:
    text, variables = _sub_arguments(arguments)
    known = {name: resolver.value(inner, f"{path}.{name}") for name, inner in variables.items()}

    def replace(match: re.Match[str]) -> str:
        literal, name = match.group(1), match.group(2).strip()
        if literal:
            return "${" + match.group(2) + "}"
        if name in known:
            return text_of(known[name])
        target, _, attribute = name.partition(".")
        found = (
            resolver.scope.attribute(target, attribute) if attribute else resolver.scope.ref(target)
        )
        return text_of(found)

    return _PLACEHOLDER.sub(replace, text)


def _join(resolver: _Resolver, arguments: Any, path: str) -> str:
    delimiter, parts = arguments
    resolved = resolver.value(parts, path)
    if not isinstance(resolved, list):
        raise UnresolvedError("Fn::Join needs a list")
    return str(delimiter).join(text_of(part) for part in resolved)


def _select(resolver: _Resolver, arguments: Any, path: str) -> Any:
    index, items = resolver.value(arguments, path)
    if not 0 <= int(index) < len(items):
        raise UnresolvedError(f"Fn::Select asks for item {index} of {len(items)}")
    return items[int(index)]


def _split(resolver: _Resolver, arguments: Any, path: str) -> list[str]:
    delimiter, text = resolver.value(arguments, path)
    return text_of(text).split(delimiter)


def _import_value(resolver: _Resolver, arguments: Any, path: str) -> Any:
    return resolver.scope.import_value(text_of(resolver.value(arguments, path)))


def _find_in_map(resolver: _Resolver, arguments: Any, path: str) -> Any:
    name, first, second = resolver.value(arguments, path)
    try:
        return resolver.scope.mappings[name][first][second]
    except KeyError:
        raise UnresolvedError(f"no mapping {name}.{first}.{second}") from None


def _base64(resolver: _Resolver, arguments: Any, path: str) -> str:
    return base64.b64encode(text_of(resolver.value(arguments, path)).encode()).decode()


def _if(resolver: _Resolver, arguments: Any, path: str) -> Any:
    name, when_true, when_false = arguments
    chosen, index = (when_true, 1) if resolver.scope.condition(name) else (when_false, 2)
    return resolver.value(chosen, f"{path}[{index}]")


def _equals(resolver: _Resolver, arguments: Any, path: str) -> bool:
    left, right = resolver.value(arguments, path)
    return text_of(left) == text_of(right)


def _truths(resolver: _Resolver, arguments: Any, path: str) -> Iterator[bool]:
    """The operands of And, Or and Not: conditions by name or as functions."""
    for index, operand in enumerate(arguments):
        if isinstance(operand, Mapping) and set(operand) == {"Condition"}:
            yield resolver.scope.condition(operand["Condition"])
        else:
            yield bool(resolver.value(operand, f"{path}[{index}]"))


def _and(resolver: _Resolver, arguments: Any, path: str) -> bool:
    return all(_truths(resolver, arguments, path))


def _or(resolver: _Resolver, arguments: Any, path: str) -> bool:
    return any(_truths(resolver, arguments, path))


def _not(resolver: _Resolver, arguments: Any, path: str) -> bool:
    (truth,) = _truths(resolver, arguments, path)
    return not truth


_FUNCTIONS: Final[Mapping[str, Callable[[_Resolver, Any, str], Any]]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ImportValue": _import_value,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
}
