"""Keeps the state of a local cloud in a folder, and puts it back into one that was provisioned.

Resources are recognised by stack and logical id: their physical names may change between runs.
What belongs to a resource that the template no longer has is kept aside for when it returns.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

from localcloud.moto_seams import dynamodb_lock
from localcloud.registry import Registry
from localcloud.state.buckets import Buckets, contents
from localcloud.state.documents import Document, Executions, Kept, Messages
from localcloud.state.files import Files
from localcloud.state.keys import Keys
from localcloud.state.tables import Positions, Tables, place_of
from localcloud.state.values import Parameters, Secrets

INTERVAL = timedelta(seconds=30)
"""What a run that is killed loses at most."""

_log = logging.getLogger(__name__)


class State:
    """One folder and one cloud."""

    def __init__(
        self,
        data_dir: Path,
        registry: Registry,
        client: Callable[[str], Any],
        *,
        account: str = "123456789012",
        region: str = "eu-west-1",
        positions: Positions = dict,
        lock: AbstractContextManager[Any] = dynamodb_lock,
        interval: timedelta = INTERVAL,
    ) -> None:
        """`client` makes boto3 clients with the administrator's rights. `positions` tells how far
        streams were read (`EventSources.positions`): records not yet dealt with are kept too.
        `lock` is held by every DynamoDB call. StateFormatError if the folder cannot be read.
        """
        self._registry = registry
        self._files = Files(data_dir / "state")
        self._tables = Tables(registry, account, region, positions)
        self._buckets = Buckets(registry, account, region)
        self._keys = Keys(registry, account, region)
        self._secrets = Secrets(registry, account, region)
        self._parameters = Parameters(registry, account, region, client)
        self._lock = lock
        self._interval = interval
        self._saving = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._restored = False
        self._resumed = False
        self._kept: dict[str, Kept] = {
            "executions": Executions(registry, client),
            "messages": Messages(registry, account, region, client),
        }
        self._under_way: dict[str, Document] = {}

    def attach(self, name: str, part: Kept) -> None:
        """Keep what a part of the local cloud has under way, beside the resources' own state."""
        self._kept[name] = part

    def kept_aside(self) -> list[str]:
        """Places (`stack/logical id`) whose state was saved and that nothing holds any more."""
        held = {place_of(resource) for resource in self._registry}
        saved = [
            place
            for part in ("tables", "buckets", "keys", "secrets")
            for place in self._files.index.get(part, {})
        ]
        return sorted({place for place in saved if place not in held})

    def key_id_for(self, stack: str, logical_id: str) -> str | None:
        """The id that a KMS key of the template had in the run before."""
        saved = self._files.index.get("keys", {}).get(f"{stack}/{logical_id}")
        return None if saved is None else str(saved["id"])

    def adopt_key(self, stack: str, logical_id: str, created_id: str) -> str:
        """Give a key that was just created its id and material of before; the id it now has.

        To be called by the provisioner before anything reads the key's id or ARN.
        """
        saved = self._files.index.get("keys", {}).get(f"{stack}/{logical_id}")
        if saved is None or saved["id"] == created_id:
            return created_id
        return self._keys.adopt(saved, created_id)

    def restore(self) -> None:
        """Put back what was saved. No event and no stream record comes of it, except for records
        that no function had dealt with."""
        index = self._files.index
        with self._lock:
            self._tables.restore(self._files, index.get("tables", {}))
        self._buckets.restore(self._files, index.get("buckets", {}))
        self._secrets.restore(index.get("secrets", {}))
        self._parameters.restore(index.get("parameters", {}))
        self._restored = True
        for place in self.kept_aside():
            _log.warning("%s is in no template any more: what it held is kept aside", place)

    def resume(self) -> None:
        """Take up what was under way, now that events flow again."""
        documents = self._files.index.get("documents", {})
        for name, part in self._kept.items():
            if name in documents:
                (document,) = self._files.lines(documents[name])
                part.import_state(document)
        self._resumed = True

    def note_work_under_way(self) -> None:
        """Remember for the next save what is under way now, before it is stopped."""
        if self._resumed:
            self._under_way = self._exported()

    def save(self) -> None:
        """Keep the state of now. Nothing is saved before `restore`: a cloud that failed to come up
        must not overwrite what there was. OSError when the disk does not take it; then the
        snapshot before remains."""
        if not self._restored:
            return
        with self._saving:
            under_way = self._under_way or (self._exported() if self._resumed else {})
            # Items before objects: what an item speaks of is then there.
            with self._lock:
                tables = self._tables.snapshot()
            before = self._files.index
            kept_tables = dict(before.get("tables", {}))
            for place, parts in tables.items():
                kept_tables[place] = {
                    part: self._files.keep_lines(values) for part, values in parts.items()
                }
            kept_buckets = dict(before.get("buckets", {}))
            for place, versions in self._buckets.save(self._files).items():
                kept_buckets[place] = self._files.keep_lines(versions)
            index = {
                "tables": kept_tables,
                "buckets": kept_buckets,
                "keys": {**before.get("keys", {}), **self._keys.snapshot()},
                "secrets": {**before.get("secrets", {}), **self._secrets.snapshot()},
                "parameters": self._parameters.snapshot(before.get("parameters", {})),
                "documents": self._documents(under_way),
            }
            named = self._named(kept_tables, kept_buckets) | set(index["documents"].values())
            self._files.commit(index, named=named)

    def try_to_save(self) -> bool:
        """Save; False, and a line in the log, when the disk does not take it."""
        try:
            self.save()
        except OSError as error:
            _log.error("the state could not be saved; the snapshot before remains: %s", error)
            return False
        return True

    def start(self) -> None:
        """Save again and again."""
        self._thread = threading.Thread(target=self._run, name="state", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Save a last time and end; OSError as from `save`."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.save()

    def _exported(self) -> dict[str, Document]:
        found = {}
        for name, part in self._kept.items():
            try:
                found[name] = part.export_state()
            except Exception:  # noqa: BLE001 - a part that cannot tell must not cost the others
                _log.exception("what %s has under way is not kept", name)
        return found

    def _documents(self, under_way: Mapping[str, Document]) -> dict[str, str]:
        """The names of the documents' content: what was under way before and is now."""
        before: dict[str, str] = dict(self._files.index.get("documents", {}))
        if not self._resumed:
            return before
        for name, document in self._exported().items():
            merged = {**under_way.get(name, {}), **document}
            before[name] = self._files.keep_lines([merged])
        return before

    def _named(self, tables: dict[str, dict[str, str]], buckets: dict[str, str]) -> set[str]:
        names = {name for parts in tables.values() for name in parts.values()}
        for name in buckets.values():
            names |= {name, *contents(self._files.lines(name))}
        return names

    def _run(self) -> None:
        while not self._stopping.wait(self._interval.total_seconds()):
            self.try_to_save()
