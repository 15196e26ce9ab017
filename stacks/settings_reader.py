"""Reads a mapping into a frozen dataclass: every name, type and choice checked, nothing converted.

It knows no setting: what a value means is the dataclass's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Settings = TypeVar("Settings")

_WORDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
}


class SettingsError(ValueError):
    """The environment's settings cannot be used; the message names the setting."""


def read(kind: type[Settings], values: Mapping[str, Any], where: str) -> Settings:
    """The dataclass with those values; SettingsError names every unknown or missing one."""
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    required = {
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING
    }
    problems = [f"unknown {name}" for name in sorted(set(values) - set(known))]
    problems += [f"missing {name}" for name in sorted(required - set(values))]
    if problems:
        raise SettingsError(f"{where}: {', '.join(problems)}.")
    hints = get_type_hints(kind)
    return kind(**{name: _value(hints[name], values[name], where, name) for name in values})


def _value(hint: Any, value: Any, where: str, name: str) -> Any:
    if get_origin(hint) in (Union, UnionType):
        choices = [choice for choice in get_args(hint) if choice is not NoneType]
        return None if value is None else _value(choices[0], value, where, name)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            allowed = ", ".join(str(choice) for choice in get_args(hint))
            raise SettingsError(f"{where}: {name} must be one of {allowed}.")
        return value
    if get_origin(hint) is tuple:
        return _values(get_args(hint)[0], value, where, name)
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise SettingsError(f"{where}: {name} must be an object.")
        return read(hint, value, f"{where}, {name}")
    if type(value) is not hint:
        raise SettingsError(f"{where}: {name} must be {_WORDS[hint]}.")
    return value


def _values(kind: Any, values: Any, where: str, name: str) -> tuple[Any, ...]:
    """A list of texts, or of objects."""
    of_objects = is_dataclass(kind)
    if not isinstance(values, list) or not all(
        isinstance(item, Mapping if of_objects else str) for item in values
    ):
        raise SettingsError(
            f"{where}: {name} must be a list of {'objects' if of_objects else 'texts'}."
        )
    return tuple(_value(kind, item, where, name) if of_objects else item for item in values)
