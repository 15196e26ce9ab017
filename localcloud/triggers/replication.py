"""S3's replication: what is written to a bucket is copied to those that its rules name, a moment
later and with the rights of the role that they name.

Source: "Replicating objects" in the S3 user guide. Done here: new objects and delete markers, by
prefix. Of a key that changes twice in a moment the copy shows the last state alone.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.registry import Registry

_LOG = logging.getLogger(__name__)

FROM_SOURCE = ("GetObjectVersionForReplication", "GetObjectVersionAcl", "GetObjectVersionTagging")
"""What the role needs of an object ("Setting up permissions for replication")."""

TO_COPY = ("ReplicateObject", "ReplicateTags")

TO_DELETE = ("ReplicateDelete",)

OF_BUCKET = ("GetReplicationConfiguration", "ListBucket")


@dataclass(frozen=True)
class _Rule:
    role: str
    prefix: str
    destination: str
    """Name of a bucket."""
    deletes: bool
    """Whether delete markers are copied."""


@dataclass(frozen=True)
class _Task:
    source: str
    key: str
    rule: _Rule
    is_deletion: bool = False


Check = Callable[[str, str, str], None]
"""(role, action, resource): an error when the role may not."""

CopyObject = Callable[[str, str, str], None]
"""(source bucket, key, destination bucket): makes the copy what the source is, if only gone."""


class Replication:
    """Follows the rules of every bucket of the templates."""

    def __init__(self, registry: Registry, check: Check, copy: CopyObject) -> None:
        self._registry = registry
        self._check = check
        self._copy = copy
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="replication", daemon=True)
        self._thread.start()

    def on_object_created(
        self, bucket: str, key: str, size: int, etag: str, event_name: str
    ) -> None:
        """An object was written: it will be copied by the one rule that counts for it, if any."""
        del size, etag, event_name
        rule = self._rule(bucket, key)
        if rule is not None:
            self._tasks.put(_Task(bucket, key, rule))

    def on_object_removed(self, bucket: str, key: str) -> None:
        """An object was deleted: so will its copy be, where the rule says so."""
        rule = self._rule(bucket, key)
        if rule is not None and rule.deletes:
            self._tasks.put(_Task(bucket, key, rule, is_deletion=True))

    def _rule(self, bucket: str, key: str) -> _Rule | None:
        for resource in self._registry.by_type("AWS::S3::Bucket"):
            configuration = resource.properties.get("ReplicationConfiguration")
            if resource.physical_id == bucket and configuration:
                return _first(configuration, key)
        return None

    def stop(self) -> None:
        """Copy what is waiting, and end."""
        self._tasks.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                self._replicate(task)
            except Exception:  # noqa: BLE001 - the process edge: the others are still to be copied
                _LOG.exception("%s/%s was not replicated", task.source, task.key)

    def _replicate(self, task: _Task) -> None:
        source, destination = f"arn:aws:s3:::{task.source}", f"arn:aws:s3:::{task.rule.destination}"
        for action in OF_BUCKET:
            self._check(task.rule.role, f"s3:{action}", source)
        for action in () if task.is_deletion else FROM_SOURCE:
            self._check(task.rule.role, f"s3:{action}", f"{source}/{task.key}")
        for action in TO_DELETE if task.is_deletion else TO_COPY:
            self._check(task.rule.role, f"s3:{action}", f"{destination}/{task.key}")
        self._copy(task.source, task.key, task.rule.destination)


def _first(configuration: Mapping[str, Any], key: str) -> _Rule | None:
    """The rule with the highest priority among those that name the key."""
    rules = sorted(configuration["Rules"], key=lambda rule: -int(rule.get("Priority", 0)))
    for rule in rules:
        prefix = (rule.get("Filter") or {}).get("Prefix", rule.get("Prefix", ""))
        if rule["Status"] == "Enabled" and key.startswith(prefix):
            bucket = str(rule["Destination"]["Bucket"]).rpartition(":")[2]
            deletes = (rule.get("DeleteMarkerReplication") or {}).get("Status") == "Enabled"
            return _Rule(str(configuration["Role"]), prefix, bucket, deletes)
    return None
