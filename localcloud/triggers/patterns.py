"""Event patterns: EventBridge's language, and Lambda's filters, the same over records.

Pure: a pattern is compiled once and asked of many events. Source: EventBridge user guide, "Creating
Amazon EventBridge event patterns"; Lambda guide, "Control which events Lambda sends".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

NUMERIC_LIMIT = 5.0e9
"""Numeric matching takes values from minus to plus this (EventBridge user guide)."""

Match = Callable[[Any], bool]
"""Asked of one leaf value, or of `MISSING`."""


class InvalidPatternError(ValueError):
    """The pattern is not one that EventBridge accepts."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Event pattern is not valid. Reason: {reason}")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


class Pattern:
    """A compiled pattern."""

    def __init__(self, pattern: str | Mapping[str, Any]) -> None:
        """InvalidPatternError when EventBridge would refuse it."""
        if isinstance(pattern, str):
            try:
                pattern = json.loads(pattern)
            except ValueError as error:
                raise InvalidPatternError(f"it is not JSON: {error}") from None
        if not isinstance(pattern, Mapping):
            raise InvalidPatternError("Filter is not an object")
        self._matches = _object(pattern)

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the event has every field of the pattern with one of the values asked for."""
        return self._matches(event)


class Filters:
    """The filter criteria of an event source mapping: a record passes if any filter matches."""

    def __init__(self, criteria: Mapping[str, Any] | None, *, data_field: str | None) -> None:
        """`data_field` is where the source carries text that may be JSON: `body` for SQS, `data`
        for Kinesis (base64), None for DynamoDB."""
        self._data_field = data_field
        written = [filter_["Pattern"] for filter_ in (criteria or {}).get("Filters", []) if filter_]
        self._patterns = [(Pattern(pattern), json.loads(pattern)) for pattern in written]

    def passes(self, record: Mapping[str, Any]) -> bool:
        """Whether Lambda hands the record to the function."""
        if not self._patterns:
            return True
        return any(self._one(pattern, written, record) for pattern, written in self._patterns)

    def _one(self, pattern: Pattern, written: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
        field = self._data_field
        if field is None or field not in written:
            return pattern.matches(record)
        wants_json = isinstance(written[field], Mapping)
        content = _content(record, field)
        if content is None or wants_json != isinstance(content, dict | list):
            return False
        return pattern.matches({**record, field: content})


def _content(record: Mapping[str, Any], field: str) -> Any:
    """The body, or the decoded data: parsed when it is a JSON object, else as text."""
    text: Any = record.get(field)
    if field == "data":
        try:
            text = base64.b64decode(record["kinesis"]["data"]).decode()
        except (KeyError, binascii.Error, UnicodeDecodeError):
            return None
    try:
        parsed = json.loads(text)
    except (TypeError, ValueError):
        return text
    return parsed if isinstance(parsed, dict | list) else text


def _object(pattern: Mapping[str, Any]) -> Match:
    """A match for an object: every field, and one of the alternatives of `$or`."""
    fields: list[tuple[str, Match]] = []
    alternatives: list[Match] = []
    for name, wanted in pattern.items():
        if name == "$or" and _is_alternatives(wanted):
            alternatives = [_object(alternative) for alternative in wanted]
        elif isinstance(wanted, Mapping):
            if not wanted:
                raise InvalidPatternError(f'Empty objects are not allowed: "{name}"')
            fields.append((name, _object(wanted)))
        elif isinstance(wanted, list):
            if not wanted:
                raise InvalidPatternError(f'Empty arrays are not allowed: "{name}"')
            fields.append((name, _leaf([_rule(value) for value in wanted])))
        else:
            raise InvalidPatternError(f'"{name}" must be an object or an array')

    def matches(value: Any) -> bool:
        if isinstance(value, list):
            return any(matches(element) for element in value)
        source = value if isinstance(value, Mapping) else {}
        return all(match(source.get(name, MISSING)) for name, match in fields) and (
            not alternatives or any(match(value) for match in alternatives)
        )

    return matches


def _is_alternatives(value: Any) -> bool:
    """`$or` is a field's name like any other unless it holds several objects."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(alternative, Mapping) and alternative for alternative in value)
        and not any(set(alternative) & set(_RULES) for alternative in value)
    )


def _leaf(rules: Sequence[Match]) -> Match:
    """A match for a value, or for any of the values of an array."""

    def matches(value: Any) -> bool:
        leaves = list(_leaves(value))
        return any(rule(leaf) for leaf in leaves or [MISSING] for rule in rules)

    return matches


def _leaves(value: Any) -> Iterable[Any]:
    """The scalars of a value. An object is no leaf, and an empty array is as good as absent."""
    if isinstance(value, list):
        for element in value:
            yield from _leaves(element)
    elif not isinstance(value, Mapping) and value is not MISSING:
        yield value


def _rule(wanted: Any) -> Match:
    if not isinstance(wanted, Mapping):
        return _equals(wanted)
    if len(wanted) != 1:
        raise InvalidPatternError("Only one key allowed in match expression")
    ((name, argument),) = wanted.items()
    compile_rule = _RULES.get(name)
    if compile_rule is None:
        raise InvalidPatternError(f"Unrecognized match type {name}")
    return compile_rule(argument)


def _equals(wanted: Any) -> Match:
    """Numbers compare as they are written: 300 is not 300.0; nor is true 1."""
    if isinstance(wanted, list):
        raise InvalidPatternError("Match value must be String, number, true, false, or null")
    return lambda value: type(value) is type(wanted) and value == wanted


def _exists(wanted: Any) -> Match:
    if not isinstance(wanted, bool):
        raise InvalidPatternError("exists match pattern must be either true or false.")
    return lambda value: (value is not MISSING) is wanted


def _text(name: str, test: Callable[[str, str], bool]) -> Callable[[Any], Match]:
    """A rule on strings that may also ignore case: prefix and suffix."""

    def compile_rule(wanted: Any) -> Match:
        if isinstance(wanted, Mapping):
            folded = wanted.get("equals-ignore-case")
            if list(wanted) != ["equals-ignore-case"] or not isinstance(folded, str):
                raise InvalidPatternError(f"{name} match pattern must be a string")
            return lambda value: isinstance(value, str) and test(value.lower(), folded.lower())
        if not isinstance(wanted, str):
            raise InvalidPatternError(f"{name} match pattern must be a string")
        return lambda value: isinstance(value, str) and test(value, wanted)

    return compile_rule


def _equals_ignore_case(wanted: Any) -> Match:
    if not isinstance(wanted, str):
        raise InvalidPatternError("equals-ignore-case match pattern must be a string")
    return lambda value: isinstance(value, str) and value.lower() == wanted.lower()


def _wildcard(wanted: Any) -> Match:
    if not isinstance(wanted, str):
        raise InvalidPatternError("wildcard match pattern must be a string")
    parts: list[str] = []
    characters = iter(wanted)
    previous = ""
    for character in characters:
        if character == "\\":
            character = next(characters, "")
            if character not in {"*", "\\"} or not character:
                raise InvalidPatternError("Invalid escape character in wildcard")
            parts.append(re.escape(character))
            previous = ""
            continue
        if character == "*" and previous == "*":
            raise InvalidPatternError("Consecutive wildcard characters")
        parts.append(".*" if character == "*" else re.escape(character))
        previous = character
    expression = re.compile("".join(parts), re.DOTALL)
    return lambda value: isinstance(value, str) and expression.fullmatch(value) is not None


def _cidr(wanted: Any) -> Match:
    try:
        network = ipaddress.ip_network(wanted, strict=False)
    except (ValueError, TypeError):
        raise InvalidPatternError(f"Malformed CIDR: {wanted}") from None

    def matches(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return matches


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _numeric(wanted: Any) -> Match:
    if not isinstance(wanted, list) or len(wanted) not in {2, 4}:
        raise InvalidPatternError("Value of numeric must be an array of operators and numbers.")
    pairs = list(zip(wanted[::2], wanted[1::2], strict=True))
    for sign, limit in pairs:
        if sign not in _COMPARISONS:
            raise InvalidPatternError(f"Unrecognized numeric range operator: {sign}")
        if not _is_number(limit) or abs(limit) > NUMERIC_LIMIT:
            raise InvalidPatternError(f"Value of {sign} must be numeric within 5.0e9")
    if len(pairs) == 2:
        _check_range(pairs)
    return lambda value: (
        _is_number(value) and all(_COMPARISONS[sign](value, limit) for sign, limit in pairs)
    )


def _check_range(pairs: list[tuple[str, float]]) -> None:
    (lower, bottom), (upper, top) = pairs
    if lower[0] != ">" or upper[0] != "<":
        raise InvalidPatternError("Bad numeric range operator")
    if bottom >= top:
        raise InvalidPatternError("Bottom must be less than top")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _anything_but(wanted: Any) -> Match:
    """Any present value except these; also except those with a prefix, suffix and so on."""
    if isinstance(wanted, Mapping):
        if len(wanted) != 1:
            raise InvalidPatternError("Only one key allowed in match expression")
        ((name, argument),) = wanted.items()
        if name not in {"prefix", "suffix", "equals-ignore-case", "wildcard"}:
            raise InvalidPatternError(f"Unsupported anything-but pattern: {name}")
        excluded = [_RULES[name](one) for one in _listed(argument)]
        return lambda value: (
            isinstance(value, str) and not any(exclude(value) for exclude in excluded)
        )
    values = _listed(wanted)
    if not all(isinstance(one, str) or _is_number(one) for one in values):
        raise InvalidPatternError("Inside anything-but list, only strings and numbers are allowed")
    equal = [_equals(one) for one in values]
    return lambda value: value is not MISSING and not any(same(value) for same in equal)


def _listed(value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise InvalidPatternError("Empty arrays are not allowed")
    return values


_RULES: dict[str, Callable[[Any], Match]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _text("prefix", str.startswith),
    "suffix": _text("suffix", str.endswith),
    "wildcard": _wildcard,
}
