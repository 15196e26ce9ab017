"""Assets in DynamoDB, by PynamoDB."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, PynamoDBException, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from kernel.errors import UnavailableError
from kernel.events import outbox_item
from kernel.events.media import AssetReady
from media.domain import (
    STEP_ORDER,
    Asset,
    AssetNotFoundError,
    AssetStatus,
    Failure,
    NotRetryableError,
    Package,
    Run,
    StaleRunError,
    Step,
    StepName,
    StepStatus,
    UploadedObject,
)
from media.models import (
    ALL_ASSETS,
    AssetItem,
    ContentItem,
    EventItem,
    MediaItem,
    RunItem,
    StepItem,
    bind,
    iso,
    moment,
)
from media.ports import Page

_CONDITION_FAILED = "ConditionalCheckFailedException"


class DynamoAssets:
    """Assets, their steps, runs and content, and the outbox."""

    def __init__(self, table_name: str, region: str | None = None) -> None:
        bind(table_name, region)
        self._region = region

    def add(self, asset: Asset) -> None:
        """A new asset whose upload begins."""
        item = AssetItem(
            pk=_asset_pk(asset.asset_id),
            sk="ASSET",
            asset_id=asset.asset_id,
            name=asset.name,
            file_name=asset.file_name,
            size_bytes=asset.size_bytes,
            upload_id=asset.upload_id,
            status=asset.status.value,
            created_at=iso(asset.created_at),
        )
        with _translated():
            item.save(AssetItem.pk.does_not_exist())

    def get(self, asset_id: str) -> Asset:
        """An asset with its upload and the steps of its present run."""
        with _translated():
            items = list(MediaItem.query(_asset_pk(asset_id), consistent_read=True))
        found = next((item for item in items if isinstance(item, AssetItem)), None)
        if found is None:
            raise AssetNotFoundError("There is no such asset.")
        steps = [
            _step(item)
            for item in items
            if isinstance(item, StepItem) and item.version == found.version
        ]
        ordered = sorted(steps, key=lambda step: STEP_ORDER.index(step.name))
        return _asset(found, (_upload_step(found, items), *ordered))

    def recent(self, limit: int, after: str | None) -> Page:
        """Assets, newest first, without their steps."""
        key = None
        if after is not None:
            key = {
                "listing": {"S": ALL_ASSETS},
                "asset_id": {"S": after},
                "pk": {"S": _asset_pk(after)},
                "sk": {"S": "ASSET"},
            }
        with _translated():
            found = AssetItem.by_creation.query(
                ALL_ASSETS, scan_index_forward=False, limit=limit, last_evaluated_key=key
            )
            assets = tuple(_asset(item, ()) for item in found)
        following = found.last_evaluated_key
        return Page(assets, following["asset_id"]["S"] if following else None)

    def uploaded(self, asset_id: str, checksum: str) -> str:
        """Record the content; answers the asset that had it first."""
        item = AssetItem(_asset_pk(asset_id), "ASSET")
        with _translated():
            item.update([AssetItem.checksum.set(checksum)], AssetItem.pk.exists())
            # The event may have begun the run before this: only an upload becomes processing.
            with _allowing_condition():
                item.update(
                    [AssetItem.status.set(AssetStatus.PROCESSING.value)],
                    AssetItem.status == AssetStatus.UPLOADING.value,
                )
            return self._first_with(checksum, asset_id)

    def _first_with(self, checksum: str, asset_id: str) -> str:
        claim = ContentItem(f"CONTENT#{checksum}", "CONTENT", asset_id=asset_id)
        with _allowing_condition():
            claim.save(ContentItem.pk.does_not_exist())
            return asset_id
        return str(ContentItem.get(claim.pk, claim.sk, consistent_read=True).asset_id)

    def begin_run(
        self, uploaded: UploadedObject, run: Run, execution: str, now: datetime
    ) -> Run | None:
        """Claim an uploaded object for an execution, once."""
        claim = RunItem(
            f"SOURCE#{run.asset_id}#{uploaded.revision}",
            "RUN",
            asset_id=run.asset_id,
            execution=execution,
            version=run.version,
        )
        with _translated():
            with _allowing_condition():
                claim.save(RunItem.pk.does_not_exist())
                self._take_over(run, now)
                return run
            holder = RunItem.get(claim.pk, claim.sk, consistent_read=True)
            if holder.execution != execution:
                return None
            again = dataclasses.replace(run, version=str(holder.version))
            self._take_over(again, now)
            return again

    def _take_over(self, run: Run, now: datetime) -> None:
        try:
            AssetItem(_asset_pk(run.asset_id), "ASSET").update(
                [
                    AssetItem.status.set(AssetStatus.PROCESSING.value),
                    AssetItem.version.set(run.version),
                    AssetItem.failure.remove(),
                    AssetItem.progress_percent.remove(),
                ],
                AssetItem.pk.exists(),
            )
        except UpdateError as error:
            if error.cause_response_code != _CONDITION_FAILED:
                raise
            raise AssetNotFoundError("There is no such asset.") from error
        upload = StepItem(
            _asset_pk(run.asset_id),
            "STEP##upload",
            version="",
            name=StepName.UPLOAD.value,
            status=StepStatus.DONE.value,
            started_at=iso(now),
            ended_at=iso(now),
        )
        with _allowing_condition():
            upload.save(StepItem.pk.does_not_exist())

    def start_step(self, run: Run, name: StepName, now: datetime) -> None:
        """A step of the run begins."""
        item = StepItem(
            _asset_pk(run.asset_id),
            _step_sk(run.version, name),
            version=run.version,
            name=name.value,
            status=StepStatus.RUNNING.value,
            started_at=iso(now),
        )
        with _translated():
            item.save()

    def end_step(self, run: Run, name: StepName, status: StepStatus, now: datetime) -> None:
        """A step of the run is over."""
        item = StepItem(_asset_pk(run.asset_id), _step_sk(run.version, name))
        with _translated(), _allowing_condition():
            item.update(
                [StepItem.status.set(status.value), StepItem.ended_at.set(iso(now))],
                StepItem.pk.exists(),
            )

    def progressed(self, asset_id: str, version: str, percent: int) -> None:
        """How far the run's transcoding is."""
        with _translated(), _allowing_condition():
            AssetItem(_asset_pk(asset_id), "ASSET").update(
                [AssetItem.progress_percent.set(percent)],
                (AssetItem.version == version) & (AssetItem.status == AssetStatus.PROCESSING.value),
            )

    def close(
        self, asset_id: str, version: str | None, status: AssetStatus, failure: Failure
    ) -> None:
        """The run ended without a film."""
        # Without a version the run never began: whatever is not finished is its to close.
        holder: Condition = AssetItem.version == version
        if version is None:
            holder = AssetItem.status != AssetStatus.READY.value
        actions: list[Action] = [
            AssetItem.status.set(status.value),
            AssetItem.failure.set(dataclasses.asdict(failure)),
        ]
        with _translated():
            try:
                AssetItem(_asset_pk(asset_id), "ASSET").update(
                    actions, AssetItem.pk.exists() & holder
                )
            except UpdateError as error:
                if error.cause_response_code == _CONDITION_FAILED:
                    raise StaleRunError("Another run has taken this asset over.") from error
                raise
            for step in self._running_steps(asset_id, version):
                step.update([StepItem.status.set(StepStatus.FAILED.value)])

    def _running_steps(self, asset_id: str, version: str | None) -> Iterator[StepItem]:
        prefix = StepItem.sk.startswith(f"STEP#{version or ''}#")
        for item in StepItem.query(_asset_pk(asset_id), prefix, consistent_read=True):
            if item.status == StepStatus.RUNNING.value:
                yield item

    def publish(self, run: Run, package: Package, ready: AssetReady, now: datetime) -> None:
        """The asset is ready and the outbox says so, in one transaction."""
        # The version names the event: asking twice publishes once.
        outgoing = outbox_item(ready, run.version, now)
        event = EventItem(
            str(outgoing["pk"]),
            str(outgoing["sk"]),
            detail_type=outgoing["detail_type"],
            detail=outgoing["detail"],
            expires_at=outgoing["expires_at"],
        )
        try:
            with _translated(), TransactWrite(connection=Connection(self._region)) as write:
                write.update(
                    AssetItem(_asset_pk(run.asset_id), "ASSET"),
                    [
                        AssetItem.status.set(AssetStatus.READY.value),
                        AssetItem.package.set(_plain(package)),
                        AssetItem.progress_percent.set(100),
                        AssetItem.failure.remove(),
                    ],
                    AssetItem.version == run.version,
                )
                write.save(event)
        except UnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, TransactWriteError) and any(
                reason is not None and reason.code == "ConditionalCheckFailed"
                for reason in cause.cancellation_reasons
            ):
                raise StaleRunError("Another run has taken this asset over.") from error
            raise

    def reopen(self, asset_id: str) -> None:
        """Back to processing, by one caller only."""
        stopped = AssetItem.status.is_in(AssetStatus.REFUSED.value, AssetStatus.FAILED.value)
        try:
            with _translated():
                AssetItem(_asset_pk(asset_id), "ASSET").update(
                    [AssetItem.status.set(AssetStatus.PROCESSING.value)], stopped
                )
        except UnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, UpdateError) and cause.cause_response_code == _CONDITION_FAILED:
                raise NotRetryableError(
                    "Only an asset that was refused or failed can be tried again."
                ) from error
            raise


def _asset_pk(asset_id: str) -> str:
    return f"ASSET#{asset_id}"


def _step_sk(version: str, name: StepName) -> str:
    return f"STEP#{version}#{name.value}"


def _asset(item: AssetItem, steps: tuple[Step, ...]) -> Asset:
    return Asset(
        asset_id=item.asset_id,
        name=item.name,
        file_name=item.file_name,
        size_bytes=int(item.size_bytes),
        upload_id=item.upload_id,
        status=AssetStatus(item.status),
        created_at=moment(item.created_at),
        version=item.version,
        checksum=item.checksum,
        progress_percent=None if item.progress_percent is None else int(item.progress_percent),
        failure=Failure(**item.failure) if item.failure else None,
        package=_package(item.package) if item.package else None,
        steps=steps,
    )


def _step(item: StepItem) -> Step:
    return Step(
        name=StepName(item.name),
        status=StepStatus(item.status),
        started_at=moment(item.started_at),
        ended_at=moment(item.ended_at) if item.ended_at else None,
    )


def _upload_step(asset: AssetItem, items: list[Any]) -> Step:
    """The upload, which every run shares: from the asset's creation to the first run."""
    began = moment(asset.created_at)
    for item in items:
        if isinstance(item, StepItem) and item.name == StepName.UPLOAD.value and item.ended_at:
            return Step(StepName.UPLOAD, StepStatus.DONE, began, moment(item.ended_at))
    is_over = asset.status != AssetStatus.UPLOADING.value
    return Step(StepName.UPLOAD, StepStatus.DONE if is_over else StepStatus.RUNNING, began)


def _plain(package: Package) -> dict[str, Any]:
    return {
        **dataclasses.asdict(package),
        "manifests": dict(package.manifests),
        "heights": list(package.heights),
    }


def _package(stored: dict[str, Any]) -> Package:
    return Package(**{**stored, "heights": tuple(stored["heights"])})


@contextmanager
def _allowing_condition() -> Iterator[None]:
    """A failed condition is an answer here, not an error."""
    try:
        yield
    except (PutError, UpdateError) as error:
        if error.cause_response_code != _CONDITION_FAILED:
            raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PynamoDBException as error:
        raise UnavailableError("The media store does not answer. Try again.") from error
