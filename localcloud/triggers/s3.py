"""S3's own events on the bus, in the documented shape.

Source: S3 user guide, "EventBridge event message structure".
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from localcloud.registry import Registry, UnknownResourceError

_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "PostObject": "POST Object",
}
"""By the notification's or the operation's name; operations not listed are called the same."""


class Emitter(Protocol):
    """The bus."""

    def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
    ) -> str: ...


class S3Events:
    """Tells the bus what happened in buckets that have EventBridge notifications."""

    def __init__(self, registry: Registry, bus: Emitter, *, account: str) -> None:
        self._registry = registry
        self._bus = bus
        self._account = account
        self._sequencer = 0
        self._lock = threading.Lock()

    def on_object_created(
        self,
        bucket: str,
        key: str,
        size: int,
        etag: str,
        version_id: str | None = None,
        event_name: str = "PutObject",
        *,
        source_ip: str = "127.0.0.1",
        requester: str | None = None,
    ) -> None:
        """An object was written. `event_name` is the operation (`CompleteMultipartUpload`) or the
        notification (`ObjectCreated:Put`); `key` is the plain key, which the event carries too.
        """
        stored: dict[str, Any] = {"key": key, "size": size, "etag": etag.strip('"')}
        self._emit(
            bucket,
            "Object Created",
            stored,
            version_id,
            reason=_reason(event_name),
            source_ip=source_ip,
            requester=requester,
        )

    def on_object_deleted(
        self,
        bucket: str,
        key: str,
        version_id: str | None = None,
        *,
        delete_marker: bool = False,
        source_ip: str = "127.0.0.1",
        requester: str | None = None,
    ) -> None:
        """An object was deleted, or hidden by a delete marker."""
        kind = "Delete Marker Created" if delete_marker else "Permanently Deleted"
        self._emit(
            bucket,
            "Object Deleted",
            {"key": key},
            version_id,
            reason="DeleteObject",
            source_ip=source_ip,
            requester=requester,
            extra={"deletion-type": kind},
        )

    def _emit(
        self,
        bucket: str,
        detail_type: str,
        stored: dict[str, Any],
        version_id: str | None,
        *,
        reason: str,
        source_ip: str,
        requester: str | None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        if not self._enabled(bucket):
            return
        if version_id not in {None, "null"}:
            stored["version-id"] = version_id
        stored["sequencer"] = self._next_sequencer()
        detail = {
            "version": "0",
            "bucket": {"name": bucket},
            "object": stored,
            "request-id": secrets.token_hex(8).upper(),
            "requester": requester or self._account,
            "source-ip-address": source_ip,
            "reason": reason,
            **(extra or {}),
        }
        self._bus.emit("aws.s3", detail_type, detail, [f"arn:aws:s3:::{bucket}"])

    def _enabled(self, bucket: str) -> bool:
        try:
            resource = self._registry.by_physical_id("AWS::S3::Bucket", bucket)
        except UnknownResourceError:
            return False
        notifications = resource.properties.get("NotificationConfiguration") or {}
        configuration = notifications.get("EventBridgeConfiguration")
        if configuration is None:
            return False
        return str(configuration.get("EventBridgeEnabled", True)).lower() == "true"

    def _next_sequencer(self) -> str:
        """Grows, so that readers can order the events of one key."""
        with self._lock:
            self._sequencer = max(self._sequencer + 1, time.time_ns())
            return f"{self._sequencer:016X}"


def _reason(event_name: str) -> str:
    name = event_name.rpartition(":")[2]
    return _REASONS.get(name, name)
