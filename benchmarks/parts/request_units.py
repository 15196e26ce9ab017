"""What calls to AWS use of it: request units by the sizes of real items, requests to KMS."""

from __future__ import annotations

import base64
import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import boto3

from parts.harness import Exchange

KILOBYTE = 1024


@dataclass(frozen=True)
class Use:
    """What something uses of AWS, by the names of prices.json."""

    units: Mapping[str, float]

    @classmethod
    def of(cls, **units: float) -> Use:
        """So much of each."""
        return cls(units)

    def __add__(self, other: Use) -> Use:
        return Use({key: self[key] + other[key] for key in {*self.units, *other.units}})

    def __mul__(self, times: float) -> Use:
        return Use({key: units * times for key, units in self.units.items()})

    def without(self, *keys: str) -> Use:
        """All but those."""
        return Use({key: units for key, units in self.units.items() if key not in keys})

    def __getitem__(self, key: str) -> float:
        return self.units.get(key, 0)


def median_of(uses: Sequence[Use]) -> Use:
    """Each unit's own median."""
    keys = {key for use in uses for key in use.units}
    return Use.of(**{key: statistics.median(use[key] for use in uses) for key in keys})


def size_of(value: Mapping[str, Any]) -> int:
    """Bytes of one attribute's value (DynamoDB developer guide, "Item sizes and formats")."""
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return math.ceil(len(held.strip("-").replace(".", "")) / 2) + 1
    if kind == "B":
        return len(base64.b64decode(held))
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "SS":
        return sum(len(each.encode()) for each in held)
    each = held.values() if kind == "M" else held
    names = sum(len(name.encode()) for name in held) if kind == "M" else 0
    return 3 + names + sum(size_of(one) + 1 for one in each)


def item_bytes(item: Mapping[str, Any]) -> int:
    """Of an item as DynamoDB weighs it."""
    return sum(len(name.encode()) + size_of(value) for name, value in item.items())


def _writes(item: Mapping[str, Any]) -> int:
    return max(1, math.ceil(item_bytes(item) / KILOBYTE))


def _reads(item: Mapping[str, Any], *, consistent: bool) -> float:
    units = max(1, math.ceil(item_bytes(item) / (4 * KILOBYTE)))
    return units if consistent else units / 2


def kept_item(table: str, key: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item as it is after the call: nothing on this path makes one lighter by a unit."""
    client = boto3.client("dynamodb")
    answer = client.get_item(TableName=table, Key=dict(key), ConsistentRead=True)
    return _wire(answer.get("Item", {}))


def _wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """As on the wire, where bytes are base64: boto3 decodes them."""

    def value(one: Mapping[str, Any]) -> dict[str, Any]:
        ((kind, held),) = one.items()
        if kind == "B":
            return {"B": base64.b64encode(held).decode()}
        if kind == "M":
            return {"M": {name: value(each) for name, each in held.items()}}
        if kind == "L":
            return {"L": [value(each) for each in held]}
        return {kind: held}

    return {name: value(each) for name, each in item.items()}


def used_by(made: Sequence[Exchange]) -> Use:
    """Request units and KMS requests of calls to AWS; secrets are read once in minutes."""
    return reduce(add, map(_used, made), Use.of())


def _used(made: Exchange) -> Use:
    asked = json.loads(made.asked or b"{}")
    answered = json.loads(made.answered or b"{}")
    consistent = bool(asked.get("ConsistentRead"))
    match made.operation:
        case "GetItem":
            return Use.of(read_unit=_reads(answered.get("Item", {}), consistent=consistent))
        case "Query":
            weight = sum(item_bytes(item) for item in answered["Items"])
            units = max(1, math.ceil(weight / (4 * KILOBYTE)))
            return Use.of(read_unit=units if consistent else units / 2)
        case "BatchGetItem":
            return reduce(add, _batches(asked, answered), Use.of())
        case "PutItem":
            return Use.of(write_unit=_writes(asked["Item"]))
        case "UpdateItem":
            return Use.of(write_unit=_writes(kept_item(asked["TableName"], asked["Key"])))
        case "TransactWriteItems":
            return reduce(add, map(_transacted, asked["TransactItems"]), Use.of())
        case "Decrypt" | "Encrypt" | "Sign" | "GenerateDataKey":
            return Use.of(key_request=1)
        case "GetSecretValue" | "GetPublicKey":
            return Use.of()
    raise SystemExit(f"Nobody has priced {made.operation}.")


def _batches(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Iterator[Use]:
    for table, request in asked["RequestItems"].items():
        consistent = bool(request.get("ConsistentRead"))
        found = answered["Responses"].get(table, [])
        missing: list[dict[str, Any]] = [{}] * (len(request["Keys"]) - len(found))
        for item in (*found, *missing):
            yield Use.of(read_unit=_reads(item, consistent=consistent))


def _transacted(part: Mapping[str, Any]) -> Use:
    """A write in a transaction is prepared and committed: twice the units."""
    ((kind, write),) = part.items()
    item = write["Item"] if kind == "Put" else kept_item(write["TableName"], write["Key"])
    return Use.of(write_unit=2 * _writes(item))
