"""The media domain's ports in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.events.media import AssetReady
from media.domain import (
    STEP_ORDER,
    Asset,
    AssetNotFoundError,
    AssetStatus,
    Capture,
    Failure,
    NotRetryableError,
    Package,
    Part,
    PartsRefusedError,
    Run,
    StaleRunError,
    Step,
    StepName,
    StepStatus,
    UploadedObject,
    UploadGoneError,
)
from media.ports import Page
from media.source import Probed
from media.upload_rules import composite_checksum


class FakeAssets:
    """Assets in memory; `published` is what the outbox would tell."""

    def __init__(self) -> None:
        self._assets: dict[str, Asset] = {}
        self._runs: dict[tuple[str, str], tuple[Run, str]] = {}
        self._steps: dict[tuple[str, StepName], Step] = {}
        self._contents: dict[str, str] = {}
        self._uploads_ended: dict[str, datetime] = {}
        self.published: dict[str, AssetReady] = {}

    def add(self, asset: Asset) -> None:
        self._assets[asset.asset_id] = asset

    def get(self, asset_id: str) -> Asset:
        asset = self._found(asset_id)
        over = asset.status is not AssetStatus.UPLOADING
        upload = Step(
            StepName.UPLOAD,
            StepStatus.DONE if over else StepStatus.RUNNING,
            asset.created_at,
            self._uploads_ended.get(asset_id),
        )
        steps = [step for (version, _), step in self._steps.items() if version == asset.version]
        steps.sort(key=lambda step: STEP_ORDER.index(step.name))
        return dataclasses.replace(asset, steps=(upload, *steps))

    def recent(self, limit: int, after: str | None) -> Page:
        ids = sorted((i for i in self._assets if after is None or i < after), reverse=True)
        shown = tuple(self._assets[i] for i in ids[:limit])
        return Page(shown, ids[limit - 1] if len(ids) > limit else None)

    def uploaded(self, asset_id: str, checksum: str) -> str:
        asset = self._change(asset_id, checksum=checksum)
        if asset.status is AssetStatus.UPLOADING:
            self._change(asset_id, status=AssetStatus.PROCESSING)
        return self._contents.setdefault(checksum, asset_id)

    def begin_run(
        self, uploaded: UploadedObject, run: Run, execution: str, now: datetime
    ) -> Run | None:
        key = (run.asset_id, uploaded.revision)
        mine, holder = self._runs.setdefault(key, (run, execution))
        if holder != execution:
            return None
        self._change(
            run.asset_id,
            status=AssetStatus.PROCESSING,
            version=mine.version,
            failure=None,
            progress_percent=None,
        )
        self._uploads_ended.setdefault(run.asset_id, now)
        return mine

    def start_step(self, run: Run, name: StepName, now: datetime) -> None:
        self._steps[run.version, name] = Step(name, StepStatus.RUNNING, now)

    def end_step(self, run: Run, name: StepName, status: StepStatus, now: datetime) -> None:
        step = self._steps.get((run.version, name))
        if step is not None:
            self._steps[run.version, name] = dataclasses.replace(step, status=status, ended_at=now)

    def progressed(self, asset_id: str, version: str, percent: int) -> None:
        asset = self._found(asset_id)
        if asset.version == version and asset.status is AssetStatus.PROCESSING:
            self._change(asset_id, progress_percent=percent)

    def close(
        self, asset_id: str, version: str | None, status: AssetStatus, failure: Failure
    ) -> None:
        asset = self._found(asset_id)
        never_began = version is None and asset.status is not AssetStatus.READY
        if not never_began and asset.version != version:
            raise StaleRunError("Another run has taken this asset over.")
        self._change(asset_id, status=status, failure=failure)
        for key, step in self._steps.items():
            if key[0] == version and step.status is StepStatus.RUNNING:
                self._steps[key] = dataclasses.replace(step, status=StepStatus.FAILED)

    def publish(self, run: Run, package: Package, ready: AssetReady, now: datetime) -> None:
        if self._found(run.asset_id).version != run.version:
            raise StaleRunError("Another run has taken this asset over.")
        self._change(
            run.asset_id,
            status=AssetStatus.READY,
            package=package,
            progress_percent=100,
            failure=None,
        )
        self.published[run.version] = ready

    def reopen(self, asset_id: str) -> None:
        if self._found(asset_id).status not in (AssetStatus.REFUSED, AssetStatus.FAILED):
            raise NotRetryableError("Only an asset that was refused or failed can be tried again.")
        self._change(asset_id, status=AssetStatus.PROCESSING)

    def _found(self, asset_id: str) -> Asset:
        if asset_id not in self._assets:
            raise AssetNotFoundError("There is no such asset.")
        return self._assets[asset_id]

    def _change(self, asset_id: str, **changes: object) -> Asset:
        changed = dataclasses.replace(self._found(asset_id), **changes)  # type: ignore[arg-type]  # names are checked by replace
        self._assets[asset_id] = changed
        return changed


class FakeUploads:
    """Multipart uploads in memory; `completed` is what became an object."""

    bucket = "mezzanine"

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        self.completed: dict[str, str] = {}

    def begin(self, key: str) -> str:
        upload_id = f"upload-{len(self._open)}"
        self._open[key] = upload_id
        return upload_id

    def sign_part(self, key: str, upload_id: str, part_number: int, sha256: str) -> str:
        return f"https://storage.test/{key}?partNumber={part_number}&uploadId={upload_id}"

    def complete(self, key: str, upload_id: str, parts: Sequence[Part], size_bytes: int) -> None:
        if self._open.get(key) != upload_id:
            raise UploadGoneError("This upload no longer exists.")
        if any(part.etag == "unknown" for part in parts):
            raise PartsRefusedError("parts: the storage refuses them.", field="parts")
        del self._open[key]
        self.completed[key] = composite_checksum(parts)

    def exists(self, key: str) -> bool:
        return key in self.completed

    def expire(self, key: str) -> None:
        del self._open[key]


class FakeExecutions:
    """Remembers what was started."""

    def __init__(self) -> None:
        self.started: list[tuple[UploadedObject, str]] = []

    def start(self, uploaded: UploadedObject, name: str) -> None:
        self.started.append((uploaded, name))


class FakeSources:
    """One file, and what Probe says of it."""

    def __init__(self, probed: Probed | None, head: bytes = b"") -> None:
        self._probed = probed
        self._head = head

    def probe(self, run: Run) -> Probed | None:
        return self._probed

    def first_bytes(self, run: Run, count: int) -> bytes:
        return self._head[:count]


class FakePackagedFiles:
    """A bucket in memory: key to bytes."""

    def __init__(self, objects: Mapping[str, bytes] | None = None) -> None:
        self.objects = dict(objects or {})
        self.content_types: dict[str, str] = {}

    def sizes(self, folder: str) -> Mapping[str, int]:
        return {
            key.removeprefix(f"{folder}/"): len(body)
            for key, body in self.objects.items()
            if key.startswith(f"{folder}/")
        }

    def read_text(self, key: str) -> str:
        return self.objects[key].decode()

    def write_text(self, key: str, text: str, content_type: str) -> None:
        self.objects[key] = text.encode()
        self.content_types[key] = content_type

    def captures(self, folder: str) -> Sequence[Capture]:
        return [
            Capture(f"{folder}/{name}", size)
            for name, size in self.sizes(folder).items()
            if name.endswith(".jpg")
        ]

    def copy_picture(self, capture: Capture, key: str) -> None:
        self.objects[key] = self.objects[capture.key]
