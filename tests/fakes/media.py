"""The media domain's ports in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.clock import epoch_milliseconds
from kernel.errors import UnavailableError
from kernel.events.media import AssetDeleted, AssetReady
from media.domain import (
    CLOSABLE,
    RETRYABLE,
    STEP_ORDER,
    UNDER_WAY,
    Asset,
    AssetNotFoundError,
    AssetStatus,
    CaptionsRefusedError,
    CaptionTrack,
    Capture,
    Failure,
    NotCancellableError,
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
from media.episodes import EpisodeOf, EpisodeTakenError
from media.ports import Page
from media.source import Probed
from media.upload_rules import composite_checksum


def _place(place: EpisodeOf) -> str:
    return f"{place.series_id} {place.season} {place.episode}"


class FakeAssets:
    """Assets in memory; `published` is what the outbox would tell."""

    def __init__(self) -> None:
        self._assets: dict[str, Asset] = {}
        self._runs: dict[tuple[str, str], tuple[Run, str]] = {}
        self._steps: dict[tuple[str, StepName], Step] = {}
        self._contents: dict[str, str] = {}
        self._places: dict[str, str] = {}
        self._uploads_ended: dict[str, datetime] = {}
        self.published: dict[str, AssetReady] = {}
        self.deleted: list[AssetDeleted] = []

    def add(self, asset: Asset, instead_of: Asset | None = None) -> None:
        if asset.episode_of is not None:
            free = {None, asset.asset_id}
            if instead_of is not None:
                held = self._assets.get(instead_of.asset_id)
                free |= (
                    {instead_of.asset_id} if held and held.status is instead_of.status else set()
                )
            if self._places.get(_place(asset.episode_of)) not in free:
                raise EpisodeTakenError("Another upload has just become that episode.")
            self._places[_place(asset.episode_of)] = asset.asset_id
        self._assets[asset.asset_id] = asset

    def at(self, place: EpisodeOf) -> Asset | None:
        return self._assets.get(self._places.get(_place(place), ""))

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

    def add_captions(self, asset_id: str, track: CaptionTrack, limit: int) -> None:
        asset = self._found(asset_id)
        others = [one for one in asset.captions if one.language != track.language]
        is_new = len(others) == len(asset.captions)
        if asset.status is not AssetStatus.UPLOADING or (is_new and len(others) >= limit):
            raise CaptionsRefusedError("Captions come before the upload is complete.", limit=limit)
        tracks = sorted([*others, track], key=lambda one: one.language)
        self._change(asset_id, captions=tuple(tracks))

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
        if self._found(run.asset_id).status is AssetStatus.CANCELLED:
            raise AssetNotFoundError("There is no such asset, or it was cancelled.")
        asset = self._change(
            run.asset_id,
            status=AssetStatus.PROCESSING,
            version=mine.version,
            execution=execution,
            failure=None,
            progress_percent=None,
        )
        self._uploads_ended.setdefault(run.asset_id, now)
        follows = run.correlation_id or asset.correlation_id
        return dataclasses.replace(mine, correlation_id=follows)

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
        if asset.status not in CLOSABLE or version not in (None, asset.version):
            raise StaleRunError("Another run has taken this asset over, or it has ended.")
        self._change(asset_id, status=status, failure=failure)
        self._fail_running(version)

    def give_up(self, asset_id: str, execution: str, failure: Failure) -> Asset | None:
        asset = self._assets.get(asset_id)
        if asset is None or asset.status not in UNDER_WAY:
            return None
        if asset.execution not in (None, execution):
            return None
        self._change(asset_id, status=AssetStatus.FAILED, failure=failure)
        self._fail_running(asset.version)
        return self.get(asset_id)

    def publish(self, run: Run, package: Package, ready: AssetReady, now: datetime) -> None:
        held = self._found(run.asset_id)
        alive = held.status in (AssetStatus.PROCESSING, AssetStatus.READY)
        if held.version != run.version or not alive or held.maturity != ready.maturity:
            raise StaleRunError("Another run has taken this asset over.")
        self._change(
            run.asset_id,
            status=AssetStatus.READY,
            package=package,
            progress_percent=100,
            failure=None,
        )
        self._steps[run.version, StepName.PUBLISH] = Step(
            StepName.PUBLISH, StepStatus.DONE, now, now
        )
        self.published[run.version] = ready

    def rate(self, asset: Asset, maturity: int, now: datetime) -> bool:
        held = self._assets.get(asset.asset_id)
        if held is None or (held.status, held.maturity) != (asset.status, asset.maturity):
            return False
        rated = self._change(asset.asset_id, maturity=maturity)
        if rated.package is not None and rated.status is AssetStatus.READY:
            told = rated.ready(rated.package, epoch_milliseconds(now))
            self.published[f"{rated.version} rated {len(self.published)}"] = told
        return True

    def reopen(self, asset_id: str, execution: str) -> None:
        if self._found(asset_id).status not in RETRYABLE:
            raise NotRetryableError("Only an asset that stopped can be tried again.")
        place = self._found(asset_id).episode_of
        if place and self._places.setdefault(_place(place), asset_id) != asset_id:
            raise EpisodeTakenError("It is another upload by now.")
        self._change(asset_id, status=AssetStatus.PROCESSING, execution=execution)

    def stopped(self, asset_id: str, status: AssetStatus, failure: Failure) -> None:
        asset = self._found(asset_id)
        if asset.status is AssetStatus.PROCESSING and asset.failure is not None:
            self._change(asset_id, status=status, failure=failure)

    def claim_content(self, asset_id: str, checksum: str, instead_of: str | None = None) -> str:
        if self._contents.get(checksum) == instead_of:
            self._contents[checksum] = asset_id
        return self._contents.setdefault(checksum, asset_id)

    def release_content(self, asset_id: str, checksum: str) -> None:
        if self._contents.get(checksum) == asset_id:
            del self._contents[checksum]

    def cancel(self, asset_id: str, failure: Failure) -> Asset:
        before = self.get(asset_id)
        if before.status not in UNDER_WAY:
            raise NotCancellableError(f"It is {before.status.value}.")
        self._change(asset_id, status=AssetStatus.CANCELLED, failure=failure)
        self._fail_running(before.version)
        return before

    def duplicate(self, asset_id: str, checksum: str, failure: Failure) -> None:
        if self._found(asset_id).status is AssetStatus.UPLOADING:
            self._change(asset_id, status=AssetStatus.DUPLICATE, checksum=checksum, failure=failure)

    def delete(self, asset_id: str, deleted: AssetDeleted, now: datetime) -> None:
        asset = self._found(asset_id)
        del self._assets[asset_id]
        if asset.checksum is not None and self._contents.get(asset.checksum) == asset_id:
            del self._contents[asset.checksum]
        if asset.episode_of and self._places.get(_place(asset.episode_of)) == asset_id:
            del self._places[_place(asset.episode_of)]
        self.deleted.append(deleted)

    def _fail_running(self, version: str | None) -> None:
        for key, step in self._steps.items():
            if key[0] == version and step.status is StepStatus.RUNNING:
                self._steps[key] = dataclasses.replace(step, status=StepStatus.FAILED)

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
        self._sent: dict[str, dict[int, Part]] = {}
        self.completed: dict[str, str] = {}
        self.captions: dict[str, str] = {}
        self.aborted: list[str] = []

    def begin(self, key: str) -> str:
        upload_id = f"upload-{len(self._open)}"
        self._open[key] = upload_id
        return upload_id

    def sign_part(self, key: str, upload_id: str, part_number: int, sha256: str) -> str:
        return f"https://storage.test/{key}?partNumber={part_number}&uploadId={upload_id}"

    def send(self, key: str, part: Part) -> None:
        self._sent.setdefault(key, {})[part.part_number] = part

    def parts(self, key: str, upload_id: str) -> Sequence[Part]:
        if self._open.get(key) != upload_id:
            raise UploadGoneError("This upload no longer exists.")
        return [part for _, part in sorted(self._sent.get(key, {}).items())]

    def complete(self, key: str, upload_id: str, parts: Sequence[Part], size_bytes: int) -> None:
        if self._open.get(key) != upload_id:
            raise UploadGoneError("This upload no longer exists.")
        if any(part.etag == "unknown" for part in parts):
            raise PartsRefusedError("parts: the storage refuses them.", field="parts")
        del self._open[key]
        self.completed[key] = composite_checksum(parts)

    def exists(self, key: str) -> bool:
        return key in self.completed

    def write_captions(self, key: str, text: str) -> None:
        self.captions[key] = text

    def abort(self, key: str, upload_id: str) -> None:
        self.aborted.append(key)
        self._open.pop(key, None)

    def expire(self, key: str) -> None:
        del self._open[key]


class FakeExecutions:
    """Remembers what was started."""

    def __init__(self) -> None:
        self.started: list[tuple[UploadedObject, str]] = []
        self.ended: list[str] = []
        self.refuses = False

    def arn(self, name: str) -> str:
        return f"execution:{name}"

    def start(self, uploaded: UploadedObject, name: str) -> None:
        if self.refuses:
            raise UnavailableError("The pipeline cannot be started. Try again.")
        self.started.append((uploaded, name))

    def stop(self, execution: str) -> None:
        self.ended.append(execution)


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
