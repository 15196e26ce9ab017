"""What domains tell each other, one module per domain that publishes.

An event is a frozen dataclass: `to_detail` makes the JSON that travels on the bus and
`from_detail` reads it back, ignoring fields added since. `sequence` grows with every change of
one subject, so that a reader can drop what it has already overtaken. `schema` says which meaning
the fields have: a reader refuses one that it does not know yet.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from kernel import correlation

OUTBOX_RETENTION = timedelta(days=7)
"""How long a published event stays in its table: longer than the table stream's 24 hours."""


class NewerSchemaError(ValueError):
    """An event was written for readers that come after this one."""

    def __init__(self, detail_type: str, schema: int, known: int) -> None:
        super().__init__(f"{detail_type} has schema {schema}; this reader knows up to {known}.")


@dataclass(frozen=True, kw_only=True)
class Event:
    """The part that all events share."""

    detail_type: ClassVar[str]
    """EventBridge's name of the kind."""

    schema: ClassVar[int] = 1
    """Raised when a field goes or means something else; not when one is added."""

    sequence: int
    """Milliseconds since 1970 when the change was written."""

    @property
    def subject(self) -> str:
        """The id of the thing that changed."""
        raise NotImplementedError

    def to_detail(self) -> dict[str, Any]:
        """The event as plain JSON values."""
        return {"schema": self.schema, "subject": self.subject, **dataclasses.asdict(self)}

    @classmethod
    def from_detail(cls, detail: Mapping[str, Any]) -> Self:
        """Read an event back.

        NewerSchemaError for one this reader was not made for, so that it is set aside and
        delivered again to a later version; TypeError when a field it needs is absent.
        """
        schema = int(detail.get("schema", 1))
        if schema > cls.schema:
            raise NewerSchemaError(cls.detail_type, schema, cls.schema)
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in detail.items() if name in names})


def outbox_item(event: Event, event_id: str, now: datetime) -> dict[str, str | int]:
    """The table item that makes the outbox publish an event; written with the change it tells of.

    It carries on the id of the request that is being handled.
    Plain Python values: the store turns them into its own form.
    """
    follows = correlation.current()
    envelope = {} if follows is None else {correlation.FIELD: follows}
    return {
        "pk": f"EVENT#{event_id}",
        "sk": "EVENT",
        "kind": "event",
        "detail_type": event.detail_type,
        "detail": json.dumps({**event.to_detail(), **envelope}, separators=(",", ":")),
        "expires_at": int((now + OUTBOX_RETENTION).timestamp()),
    }
