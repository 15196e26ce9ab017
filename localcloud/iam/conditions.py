"""Condition blocks of IAM policies: operators, set qualifiers, IfExists and policy variables.

Pure. Source: IAM user guide, "IAM JSON policy elements: Condition operators". A request's
context is a mapping from lower-case key to one or several strings.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

ContextValue = str | tuple[str, ...]
Context = Mapping[str, ContextValue]
"""Keys in lower case: IAM compares them without regard to case."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}
"""What `${*}`, `${?}` and `${$}` stand for: the character itself, not a wildcard."""


class PolicyError(ValueError):
    """A policy holds something this evaluator does not know; nothing is allowed by it."""


class UnresolvedVariableError(LookupError):
    """A policy variable has no value in the request: the statement does not match."""


def glob(pattern: str, context: Context) -> re.Pattern[str]:
    """The pattern as a regular expression, its variables resolved against the request."""
    if "${" in pattern:
        return _compile(tuple(_tokens(pattern, context)))
    return _compile(((pattern, True),))


def _tokens(pattern: str, context: Context) -> list[tuple[str, bool]]:
    """(text, whether its wildcards count), in order."""
    tokens: list[tuple[str, bool]] = []
    position = 0
    for match in _VARIABLE.finditer(pattern):
        tokens.append((pattern[position : match.start()], True))
        tokens.append((_variable(match.group(1), context), False))
        position = match.end()
    tokens.append((pattern[position:], True))
    return tokens


def _variable(expression: str, context: Context) -> str:
    if expression in _LITERALS:
        return _LITERALS[expression]
    name, comma, default = expression.partition(",")
    value = context.get(name.strip().lower())
    if isinstance(value, str):
        return value
    if value is None and comma:
        return default.strip().strip("'")
    raise UnresolvedVariableError(expression)


@lru_cache(maxsize=8192)
def _compile(tokens: tuple[tuple[str, bool], ...]) -> re.Pattern[str]:
    parts: list[str] = []
    for text, wild in tokens:
        for character in text:
            if wild and character == "*":
                parts.append(".*")
            elif wild and character == "?":
                parts.append(".")
            else:
                parts.append(re.escape(character))
    return re.compile("".join(parts), re.DOTALL)


Matcher = Callable[[str, str, Context], bool]
"""(the request's value, the policy's value, context) → whether they match."""


def _string_equals(actual: str, wanted: str, context: Context) -> bool:
    return actual == _plain(wanted, context)


def _string_equals_ignore_case(actual: str, wanted: str, context: Context) -> bool:
    return actual.lower() == _plain(wanted, context).lower()


def _string_like(actual: str, wanted: str, context: Context) -> bool:
    return glob(wanted, context).fullmatch(actual) is not None


def _arn_like(actual: str, wanted: str, context: Context) -> bool:
    # Six parts; the resource part may hold colons of its own.
    patterns = wanted.split(":", 5)
    values = actual.split(":", 5)
    if len(patterns) != 6 or len(values) != 6:
        return wanted == "*"
    pairs = zip(patterns, values, strict=True)
    return all(glob(pattern, context).fullmatch(value) is not None for pattern, value in pairs)


def _bool(actual: str, wanted: str, context: Context) -> bool:
    return actual.lower() == _plain(wanted, context).lower()


def _binary(actual: str, wanted: str, context: Context) -> bool:
    try:
        return base64.b64decode(actual) == base64.b64decode(_plain(wanted, context))
    except binascii.Error:
        return False


def _ip_address(actual: str, wanted: str, context: Context) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(
            _plain(wanted, context), strict=False
        )
    except ValueError:
        return False


def _number(compare: Callable[[Decimal, Decimal], bool]) -> Matcher:
    def match(actual: str, wanted: str, context: Context) -> bool:
        try:
            return compare(Decimal(actual), Decimal(_plain(wanted, context)))
        except InvalidOperation:
            return False

    return match


def _date(compare: Callable[[datetime, datetime], bool]) -> Matcher:
    def match(actual: str, wanted: str, context: Context) -> bool:
        try:
            return compare(_instant(actual), _instant(_plain(wanted, context)))
        except ValueError:
            return False

    return match


def _instant(text: str) -> datetime:
    """ISO 8601 or seconds since the epoch."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _plain(text: str, context: Context) -> str:
    """A value with its variables resolved and no wildcard meaning."""
    if "${" not in text:
        return text
    return "".join(part for part, _ in _tokens(text, context))


_POSITIVE: dict[str, Matcher] = {
    "stringequals": _string_equals,
    "stringequalsignorecase": _string_equals_ignore_case,
    "stringlike": _string_like,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "bool": _bool,
    "binaryequals": _binary,
    "ipaddress": _ip_address,
    "numericequals": _number(lambda a, b: a == b),
    "numericlessthan": _number(lambda a, b: a < b),
    "numericlessthanequals": _number(lambda a, b: a <= b),
    "numericgreaterthan": _number(lambda a, b: a > b),
    "numericgreaterthanequals": _number(lambda a, b: a >= b),
    "dateequals": _date(lambda a, b: a == b),
    "datelessthan": _date(lambda a, b: a < b),
    "datelessthanequals": _date(lambda a, b: a <= b),
    "dategreaterthan": _date(lambda a, b: a > b),
    "dategreaterthanequals": _date(lambda a, b: a >= b),
}

_NEGATIVE = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}

_QUALIFIERS = ("foranyvalue", "forallvalues")


def check_operator(operator: str) -> None:
    """Raise PolicyError for an operator that IAM, or this evaluator, does not know."""
    _split_operator(operator)


def _split_operator(operator: str) -> tuple[str | None, str, bool]:
    """(set qualifier, base operator, whether IfExists)."""
    name = operator.lower()
    qualifier: str | None = None
    if ":" in name:
        qualifier, name = name.split(":", 1)
        if qualifier not in _QUALIFIERS:
            raise PolicyError(f"unknown condition qualifier in '{operator}'")
    if_exists = name.endswith("ifexists")
    if if_exists:
        name = name.removesuffix("ifexists")
    if name not in _POSITIVE and name not in _NEGATIVE and (name != "null" or if_exists):
        raise PolicyError(f"unknown condition operator '{operator}'")
    return qualifier, name, if_exists


def holds(operator: str, key: str, wanted: Sequence[str], context: Context) -> bool:
    """Whether one line of a Condition block is satisfied by the request."""
    qualifier, name, if_exists = _split_operator(operator)
    found = context.get(key.lower())
    actual = (found,) if isinstance(found, str) else found
    if name == "null":
        absent = actual is None or len(actual) == 0
        return any(value.lower() == str(absent).lower() for value in wanted)
    negative = name in _NEGATIVE
    matcher = _POSITIVE[_NEGATIVE.get(name, name)]

    def accepts(value: str) -> bool:
        matched = any(_matches(matcher, value, one, context) for one in wanted)
        return matched != negative

    if qualifier == "forallvalues":
        # True for a key that is absent or empty: the documented trap.
        return all(accepts(value) for value in actual or ())
    if actual is None:
        # A negated operator is satisfied by a key that is not there; ForAnyValue never is.
        return if_exists or (negative and qualifier is None)
    if qualifier == "foranyvalue":
        return any(accepts(value) for value in actual)
    if len(actual) > 1 and negative:
        return all(accepts(value) for value in actual)
    return any(accepts(value) for value in actual)


def _matches(matcher: Matcher, actual: str, wanted: str, context: Context) -> bool:
    try:
        return matcher(actual, wanted, context)
    except UnresolvedVariableError:
        return False
