"""What moto would have notified of when an object changed, recorded for the triggers instead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import moto.moto_server.werkzeug_app as moto_app
import moto.s3.notifications as s3_notifications

from localcloud.moto_seams.seam import replaced


@dataclass(frozen=True)
class ObjectEvent:
    """What moto would have notified of."""

    name: str
    """`s3:ObjectCreated:Put` and its like."""
    bucket: str
    key: str
    size: int
    etag: str
    version_id: str | None


_recorded = threading.local()


@contextmanager
def recorded_object_events() -> Iterator[list[ObjectEvent]]:
    """Collects the events of the S3 call made inside, by this thread."""
    events: list[ObjectEvent] = []
    _recorded.events = events
    try:
        yield events
    finally:
        _recorded.events = None


def _send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:  # noqa: ARG001
    """Record the event instead of delivering it: the triggers deliver, once and with retries."""
    events = getattr(_recorded, "events", None)
    if events is not None:
        events.append(
            ObjectEvent(
                name=event_name.value,
                bucket=bucket.name,
                key=key.name,
                size=key.size,
                etag=key.etag.strip('"'),
                version_id=key.version_id if bucket.is_versioned else None,
            )
        )


SEAMS = (
    replaced(
        s3_notifications,
        "send_event",
        _send_event,
        "moto notifies twice of a multipart upload and never retries",
        "da8a7c7c6f2b",
    ),
    replaced(
        moto_app,
        "DISABLE_GLOBAL_CORS",
        True,
        "the front answers CORS by the bucket's rules; moto's server would allow everybody",
        "60a33e6cf515",
    ),
)
