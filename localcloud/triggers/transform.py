"""What a rule's target is given: the event, a part of it, a constant, or a filled-in template.

Pure. Source: EventBridge user guide, "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PATH_STEP = re.compile(r"\.(?P<name>[\w/-]+|\*)|\[(?P<index>\d+|\*)\]|\['(?P<quoted>[^']*)'\]")
_PLACEHOLDER = re.compile(r"<([\w.-]+)>")
_ABSENT = object()


_OWN_VARIABLES = frozenset(
    {
        "aws.events.event",
        "aws.events.event.ingestion-time",
        "aws.events.event.json",
        "aws.events.rule-arn",
        "aws.events.rule-name",
    }
)
_MOST_PATHS = 100
_MOST_CHARACTERS = 8192
"""Of a template (PutTargets API reference, InputTransformer)."""


class InvalidInputError(ValueError):
    """The template made something that is not JSON."""


class InvalidTransformerError(ValueError):
    """PutTargets would refuse the target's input."""


def check_input(target: Mapping[str, Any], rule_name: str) -> None:
    """Raise InvalidTransformerError for an input that PutTargets refuses."""
    given = [name for name in ("Input", "InputPath", "InputTransformer") if name in target]
    if len(given) > 1:
        raise InvalidTransformerError(f"rule {rule_name}: only one of {', '.join(given)}")
    if "InputTransformer" not in target:
        return
    transformer = target["InputTransformer"]
    paths, template = transformer.get("InputPathsMap") or {}, transformer["InputTemplate"]
    if reserved := [name for name in paths if name.upper().startswith("AWS")]:
        raise InvalidTransformerError(f"rule {rule_name}: {reserved} are names of AWS")
    if len(paths) > _MOST_PATHS or not 1 <= len(template) <= _MOST_CHARACTERS:
        raise InvalidTransformerError(f"rule {rule_name}: the input transformer is too large")
    known = _OWN_VARIABLES | set(paths)
    if unknown := sorted(set(_PLACEHOLDER.findall(template)) - known):
        raise InvalidTransformerError(
            f"rule {rule_name}: Invalid InputTemplate for target {target['Id']} : "
            f"[Contains undefined placeholders {', '.join(unknown)}]"
        )


def target_input(
    target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str, rule_name: str
) -> str:
    """The text handed to the target; InvalidInputError when a JSON template gives none."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = at_path(event, target["InputPath"])
        return _json(None if found is _ABSENT else found)
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        return _filled(
            transformer["InputTemplate"],
            _variables(transformer.get("InputPathsMap") or {}, event, rule_arn, rule_name),
        )
    return _json(event)


def at_path(event: Any, path: str) -> Any:
    """The value at a JSON path of the supported kind ($.detail.tags[0]); a sentinel if absent."""
    value = event
    position = 1
    while position < len(path):
        step = _PATH_STEP.match(path, position)
        if step is None:
            return _ABSENT
        position = step.end()
        if step["name"] == "*" or step["index"] == "*":
            value = list(value.values()) if isinstance(value, Mapping) else value
        elif step["index"] is not None:
            index = int(step["index"])
            value = value[index] if isinstance(value, list) and index < len(value) else _ABSENT
        else:
            name = step["name"] or step["quoted"]
            value = value.get(name, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        if value is _ABSENT:
            return _ABSENT
    return value


def _variables(
    paths: Mapping[str, str], event: Mapping[str, Any], rule_arn: str, rule_name: str
) -> dict[str, Any]:
    return {
        **{name: at_path(event, path) for name, path in paths.items()},
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }


def _filled(template: str, variables: Mapping[str, Any]) -> str:
    """Placeholders become JSON outside quotation marks, plain text inside them."""
    pieces: list[str] = []
    position, quoted = 0, False
    while position < len(template):
        placeholder = _PLACEHOLDER.match(template, position)
        if placeholder is not None and placeholder[1] in variables:
            value = variables[placeholder[1]]
            pieces.append(_as_text(value) if quoted else _as_json(value))
            position = placeholder.end()
            continue
        character = template[position]
        if character == "\\" and quoted:
            pieces.append(template[position : position + 2])
            position += 2
            continue
        quoted = quoted is not (character == '"')
        pieces.append(character)
        position += 1
    return _checked("".join(pieces))


def _checked(text: str) -> str:
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    try:
        return _json(json.loads(text))
    except ValueError as error:
        raise InvalidInputError(f"the input template gives no JSON: {error}") from None


def _as_text(value: Any) -> str:
    if value is _ABSENT:
        return ""
    return _json(value if isinstance(value, str) else _json(value))[1:-1]


def _as_json(value: Any) -> str:
    return '""' if value is _ABSENT else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
