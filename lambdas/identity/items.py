"""How values of this domain look as DynamoDB attributes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kernel.events import Event, outbox_item
from kernel.ids import new_ulid

Item = Mapping[str, Any]
ABSENT = "attribute_not_exists(pk)"
BUSY = "That could not be written just now. Try again in a moment."


def text(**values: str) -> dict[str, Any]:
    """String attributes."""
    return {name: {"S": value} for name, value in values.items()}


def key(kind: str, name: str) -> dict[str, Any]:
    """The key of the one item of a kind with that name."""
    return text(pk=f"{kind}#{name}", sk=kind)


def number(value: int) -> dict[str, str]:
    """A number attribute."""
    return {"N": str(value)}


def moment(item: Item, name: str) -> datetime:
    """The moment that `epoch` kept."""
    return datetime.fromtimestamp(int(item[name]["N"]), UTC)


def epoch(at: datetime) -> dict[str, str]:
    """A moment in whole seconds, as TTL wants it."""
    return number(int(at.timestamp()))


def milliseconds(at: datetime) -> dict[str, str]:
    """A moment where seconds are too coarse."""
    return number(round(at.timestamp() * 1000))


def precise_moment(item: Item, name: str) -> datetime:
    """The moment that `milliseconds` kept."""
    return datetime.fromtimestamp(int(item[name]["N"]) / 1000, UTC)


def telling(table: str, event: Event, now: datetime) -> Any:
    """The part of a transaction that tells of it."""
    values = outbox_item(event, new_ulid(now), now)
    item = {
        name: number(value) if isinstance(value, int) else {"S": value}
        for name, value in values.items()
    }
    return {"Put": {"TableName": table, "Item": item}}


def is_refused(response: Mapping[str, Any]) -> bool:
    """Whether a transaction failed by a condition, not by another one or for want of capacity."""
    reasons = response.get("CancellationReasons", [])
    return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)
