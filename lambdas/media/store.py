"""Assets in DynamoDB, by PynamoDB."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import (
    DeleteError,
    PutError,
    PynamoDBException,
    TransactWriteError,
    UpdateError,
)
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from kernel.clock import epoch_milliseconds
from kernel.errors import UnavailableError
from kernel.events import Event, outbox_item
from kernel.events.media import AssetDeleted, AssetReady
from kernel.ids import new_ulid
from kernel.maturity import UNRATED
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
    Failure,
    NotCancellableError,
    NotDeletableError,
    NotRetryableError,
    Package,
    Run,
    Scheme,
    StaleRunError,
    Step,
    StepName,
    StepStatus,
    UploadedObject,
)
from media.episodes import EpisodeOf, EpisodeTakenError
from media.models import (
    ALL_ASSETS,
    AssetItem,
    ContentItem,
    EpisodeItem,
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

    def add(self, asset: Asset, instead_of: Asset | None = None) -> None:
        """A new asset whose upload begins, and its place in a series with it."""
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
            scheme=asset.scheme.value,
            correlation_id=asset.correlation_id,
            episode_of=_plain_place(asset.episode_of),
            maturity=asset.maturity,
        )
        is_new = AssetItem.pk.does_not_exist()
        if asset.episode_of is None:
            with _translated():
                item.save(is_new)
            return
        try:
            with _translated(), TransactWrite(connection=Connection(self._region)) as write:
                write.save(item, is_new)
                write.save(*_claim(asset.asset_id, asset.episode_of, instead_of))
                if instead_of is not None:
                    # Whoever tries it again at this moment keeps the place.
                    unchanged = AssetItem.status == instead_of.status.value
                    write.condition_check(
                        AssetItem, _asset_pk(instead_of.asset_id), "ASSET", condition=unchanged
                    )
        except UnavailableError as error:
            if _was_refused(error):
                raise EpisodeTakenError(
                    f"Another upload has just become {asset.episode_of}. Look again.",
                    field="episode_of",
                ) from error
            raise

    def at(self, place: EpisodeOf) -> Asset | None:
        """The asset that has a place in a series."""
        with _translated():
            try:
                claim = EpisodeItem.get(*_place_key(place), consistent_read=True)
                item = AssetItem.get(_asset_pk(claim.asset_id), "ASSET", consistent_read=True)
            except (EpisodeItem.DoesNotExist, AssetItem.DoesNotExist):
                return None
        return None if item.deleted_at is not None else _asset(item, ())

    def get(self, asset_id: str) -> Asset:
        """An asset with its upload and the steps of its present run."""
        with _translated():
            items = list(MediaItem.query(_asset_pk(asset_id), consistent_read=True))
        found = next((item for item in items if isinstance(item, AssetItem)), None)
        if found is None or found.deleted_at is not None:
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

    def add_captions(self, asset_id: str, track: CaptionTrack, limit: int) -> None:
        """A track of captions, in place of any of its language."""
        label: Path = AssetItem.captions[track.language]
        open_ = AssetItem.status == AssetStatus.UPLOADING.value
        item = AssetItem(_asset_pk(asset_id), "ASSET")
        try:
            with _translated():
                item.update(
                    [label.set(track.label)],
                    open_ & (_fewer(AssetItem.captions, limit) | label.exists()),
                )
        except UnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, UpdateError) and cause.cause_response_code == _CONDITION_FAILED:
                raise CaptionsRefusedError(
                    f"Captions come before the upload is complete, in at most {limit} languages.",
                    limit=limit,
                ) from error
            raise

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
            return self.claim_content(asset_id, checksum)

    def claim_content(self, asset_id: str, checksum: str, instead_of: str | None = None) -> str:
        """Be the asset that has this content, unless another one is."""
        claim = ContentItem(_content_pk(checksum), "CONTENT", asset_id=asset_id)
        free: Condition = ContentItem.pk.does_not_exist()
        if instead_of is not None:
            free |= ContentItem.asset_id == instead_of
        with _translated():
            with _allowing_condition():
                claim.save(free)
                return asset_id
            try:
                held = ContentItem.get(claim.pk, claim.sk, consistent_read=True)
            except ContentItem.DoesNotExist as error:
                raise UnavailableError("The content has just been given up. Try again.") from error
            return str(held.asset_id)

    def release_content(self, asset_id: str, checksum: str) -> None:
        """Give up the claim to a content."""
        mine = ContentItem.asset_id == asset_id
        with _translated(), _allowing_condition():
            ContentItem(_content_pk(checksum), "CONTENT").delete(mine)

    def cancel(self, asset_id: str, failure: Failure) -> Asset:
        """Stop what is under way, by one caller only."""
        before = self.get(asset_id)
        under_way = AssetItem.status == before.status.value
        if before.status not in UNDER_WAY:
            raise NotCancellableError(f"It is not under way any more: it is {before.status.value}.")
        with _translated():
            if not self._ended(asset_id, AssetStatus.CANCELLED, failure, under_way):
                raise NotCancellableError("It has just gone on. Look again.")
            self._fail_running_steps(asset_id, before.version)
        return before

    def duplicate(self, asset_id: str, checksum: str, failure: Failure) -> None:
        """The upload is another asset's content."""
        uploading = AssetItem.status == AssetStatus.UPLOADING.value
        with _translated():
            self._ended(
                asset_id,
                AssetStatus.DUPLICATE,
                failure,
                uploading,
                AssetItem.checksum.set(checksum),
            )

    def stopped(self, asset_id: str, status: AssetStatus, failure: Failure) -> None:
        """Take back `reopen`: no run has begun since, so the version is still the old one's."""
        reopened = (AssetItem.status == AssetStatus.PROCESSING.value) & AssetItem.failure.exists()
        with _translated():
            self._ended(asset_id, status, failure, reopened)

    def _ended(
        self,
        asset_id: str,
        status: AssetStatus,
        failure: Failure,
        condition: Condition,
        *more: Action,
    ) -> bool:
        """Set how an asset ended; False when the condition does not hold."""
        actions: list[Action] = [
            AssetItem.status.set(status.value),
            AssetItem.failure.set(dataclasses.asdict(failure)),
            *more,
        ]
        with _allowing_condition():
            AssetItem(_asset_pk(asset_id), "ASSET").update(actions, condition)
            return True
        return False

    def delete(self, asset_id: str, deleted: AssetDeleted, now: datetime) -> None:
        """Forget an asset that has ended, and tell it."""
        asset = self.get(asset_id)
        ended = AssetItem.deleted_at.does_not_exist() & (AssetItem.status == asset.status.value)
        try:
            with _translated(), TransactWrite(connection=Connection(self._region)) as write:
                write.update(
                    AssetItem(_asset_pk(asset_id), "ASSET"),
                    [
                        AssetItem.deleted_at.set(iso(now)),
                        AssetItem.listing.remove(),
                        # A run that somehow still goes on finds that it may not.
                        AssetItem.status.set(AssetStatus.CANCELLED.value),
                    ],
                    ended,
                )
                write.save(_outgoing(deleted, f"{asset_id}-deleted", now))
                for claim in self._claims_of(asset):
                    write.delete(claim, type(claim).asset_id == asset_id)
        except UnavailableError as error:
            if _was_refused(error):
                raise NotDeletableError("It has just gone on. Look again.") from error
            raise

    def _claims_of(self, asset: Asset) -> Iterator[ContentItem | EpisodeItem]:
        """What an asset has and nobody else may have; another may have taken it over."""
        keys: list[tuple[type[ContentItem | EpisodeItem], tuple[str, str]]] = []
        if asset.checksum is not None:
            keys.append((ContentItem, (_content_pk(asset.checksum), "CONTENT")))
        if asset.episode_of is not None:
            keys.append((EpisodeItem, _place_key(asset.episode_of)))
        for model, key in keys:
            try:
                claim = model.get(*key, consistent_read=True)
            except model.DoesNotExist:
                continue
            if claim.asset_id == asset.asset_id:
                yield claim

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
                return self._take_over(run, execution, now)
            holder = RunItem.get(claim.pk, claim.sk, consistent_read=True)
            if holder.execution != execution:
                return None
            again = dataclasses.replace(run, version=str(holder.version))
            return self._take_over(again, execution, now)

    def _take_over(self, run: Run, execution: str, now: datetime) -> Run:
        asset = AssetItem(_asset_pk(run.asset_id), "ASSET")
        try:
            asset.update(
                [
                    AssetItem.status.set(AssetStatus.PROCESSING.value),
                    AssetItem.version.set(run.version),
                    AssetItem.execution.set(execution),
                    AssetItem.failure.remove(),
                    AssetItem.progress_percent.remove(),
                ],
                AssetItem.pk.exists() & (AssetItem.status != AssetStatus.CANCELLED.value),
            )
        except UpdateError as error:
            if error.cause_response_code != _CONDITION_FAILED:
                raise
            raise AssetNotFoundError("There is no such asset, or it was cancelled.") from error
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
        # The update answered the whole item.
        return dataclasses.replace(run, correlation_id=run.correlation_id or asset.correlation_id)

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
        # A film that was published stays so, whatever became of its run's last words.
        mine: Condition = AssetItem.status.is_in(*sorted(one.value for one in CLOSABLE))
        # Without a version the run never began: whatever is not finished is its to close.
        if version is not None:
            mine &= AssetItem.version == version
        with _translated():
            if not self._ended(asset_id, status, failure, mine):
                raise StaleRunError("Another run has taken this asset over, or it has ended.")
            self._fail_running_steps(asset_id, version)

    def give_up(self, asset_id: str, execution: str, failure: Failure) -> Asset | None:
        """FAILED, if the asset is under way and no other execution holds it."""
        held = AssetItem.execution.does_not_exist() | (AssetItem.execution == execution)
        under_way = AssetItem.status.is_in(*sorted(one.value for one in UNDER_WAY))
        with _translated():
            if not self._ended(asset_id, AssetStatus.FAILED, failure, under_way & held):
                return None
            self._fail_running_steps(asset_id, self.get(asset_id).version)
        return self.get(asset_id)

    def _fail_running_steps(self, asset_id: str, version: str | None) -> None:
        for step in self._running_steps(asset_id, version):
            step.update([StepItem.status.set(StepStatus.FAILED.value)])

    def _running_steps(self, asset_id: str, version: str | None) -> Iterator[StepItem]:
        prefix = StepItem.sk.startswith(f"STEP#{version or ''}#")
        for item in StepItem.query(_asset_pk(asset_id), prefix, consistent_read=True):
            if item.status == StepStatus.RUNNING.value:
                yield item

    def publish(self, run: Run, package: Package, ready: AssetReady, now: datetime) -> None:
        """The asset is ready, its last step is done and the outbox says so: one transaction."""
        # The version names the event: asking twice publishes once.
        event = _outgoing(ready, run.version, now)
        alive = AssetItem.status.is_in(AssetStatus.PROCESSING.value, AssetStatus.READY.value)
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
                    (AssetItem.version == run.version) & alive & _rated(ready.maturity),
                )
                write.save(_done(run, StepName.PUBLISH, now))
                write.save(event)
        except UnavailableError as error:
            if _was_refused(error):
                raise StaleRunError("Another run has taken this asset over.") from error
            raise

    def rate(self, asset: Asset, maturity: int, now: datetime) -> bool:
        """Give an asset another rating and, where it is ready, tell it."""
        unchanged = (AssetItem.status == asset.status.value) & AssetItem.deleted_at.does_not_exist()
        rated = dataclasses.replace(asset, maturity=maturity)
        try:
            with _translated(), TransactWrite(connection=Connection(self._region)) as write:
                write.update(
                    AssetItem(_asset_pk(asset.asset_id), "ASSET"),
                    [AssetItem.maturity.set(maturity)],
                    unchanged & _rated(asset.maturity),
                )
                if asset.status is AssetStatus.READY and asset.package is not None:
                    told = rated.ready(asset.package, epoch_milliseconds(now))
                    write.save(_outgoing(told, new_ulid(now), now))
        except UnavailableError as error:
            if _was_refused(error):
                return False
            raise
        return True

    def reopen(self, asset_id: str, execution: str) -> None:
        """Back to processing, for one execution by one caller only, in the place it had."""
        stopped = AssetItem.status.is_in(*sorted(status.value for status in RETRYABLE))
        place = self.get(asset_id).episode_of
        try:
            with _translated(), TransactWrite(connection=Connection(self._region)) as write:
                write.update(
                    AssetItem(_asset_pk(asset_id), "ASSET"),
                    [
                        AssetItem.status.set(AssetStatus.PROCESSING.value),
                        AssetItem.execution.set(execution),
                    ],
                    stopped,
                )
                if place is not None:
                    write.save(*_claim(asset_id, place))
        except UnavailableError as error:
            if not _was_refused(error):
                raise
            holder = self.at(place) if place else None
            if holder is not None and holder.asset_id != asset_id:
                raise EpisodeTakenError(
                    f"{place} is another upload by now: “{holder.name}” ({holder.asset_id}). "
                    "Delete that one first.",
                    asset_id=holder.asset_id,
                ) from error
            raise NotRetryableError(
                "Only an asset that was refused, failed or cancelled can be tried again."
            ) from error


def _rated(maturity: int) -> Condition:
    """Whether an asset has this rating; those from before there were ratings have none."""
    rated: Condition = AssetItem.maturity == maturity
    return rated | AssetItem.maturity.does_not_exist() if maturity == UNRATED else rated


def _fewer(attribute: Any, limit: int) -> Condition:
    shorter: Condition = size(attribute) < limit  # type: ignore[no-untyped-call]  # PynamoDB types no size
    return shorter


def _outgoing(event: Event, event_id: str, now: datetime) -> EventItem:
    outgoing = outbox_item(event, event_id, now)
    return EventItem(
        str(outgoing["pk"]),
        str(outgoing["sk"]),
        detail_type=outgoing["detail_type"],
        detail=outgoing["detail"],
        expires_at=outgoing["expires_at"],
    )


def _was_refused(error: UnavailableError) -> bool:
    """Whether a transaction failed because a condition did not hold."""
    cause = error.__cause__
    return isinstance(cause, TransactWriteError) and any(
        reason is not None and reason.code == "ConditionalCheckFailed"
        for reason in cause.cancellation_reasons
    )


def _content_pk(checksum: str) -> str:
    return f"CONTENT#{checksum}"


def _place_key(place: EpisodeOf) -> tuple[str, str]:
    return f"SERIES#{place.series_id}", f"EPISODE#{place.season:04}#{place.episode:04}"


def _claim(
    asset_id: str, place: EpisodeOf, instead_of: Asset | None = None
) -> tuple[EpisodeItem, Condition]:
    """A place in a series for an asset, and when it may have it."""
    free: Condition = EpisodeItem.pk.does_not_exist() | (EpisodeItem.asset_id == asset_id)
    if instead_of is not None:
        free |= EpisodeItem.asset_id == instead_of.asset_id
    return EpisodeItem(*_place_key(place), asset_id=asset_id), free


def _plain_place(place: EpisodeOf | None) -> dict[str, Any] | None:
    return None if place is None else dataclasses.asdict(place)


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
        execution=item.execution,
        correlation_id=item.correlation_id,
        steps=steps,
        scheme=Scheme(item.scheme) if item.scheme else Scheme.CBCS,
        captions=_captions(item),
        episode_of=EpisodeOf(**item.episode_of) if item.episode_of else None,
        # Those from before there were ratings have none.
        maturity=UNRATED if item.maturity is None else int(item.maturity),
    )


def _captions(item: AssetItem) -> tuple[CaptionTrack, ...]:
    labels: dict[str, str] = dict(item.captions.as_dict()) if item.captions else {}  # type: ignore[no-untyped-call]  # PynamoDB types no as_dict
    return tuple(CaptionTrack(language, labels[language]) for language in sorted(labels))


def _done(run: Run, name: StepName, now: datetime) -> StepItem:
    """A step that takes one moment."""
    return StepItem(
        _asset_pk(run.asset_id),
        _step_sk(run.version, name),
        version=run.version,
        name=name.value,
        status=StepStatus.DONE.value,
        started_at=iso(now),
        ended_at=iso(now),
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
        "classes": list(package.classes),
    }


def _package(stored: dict[str, Any]) -> Package:
    heights, classes = tuple(stored["heights"]), tuple(stored.get("classes", ()))
    return Package(**{**stored, "heights": heights, "classes": classes})


@contextmanager
def _allowing_condition() -> Iterator[None]:
    """A failed condition is an answer here, not an error."""
    try:
        yield
    except (PutError, UpdateError, DeleteError) as error:
        if error.cause_response_code != _CONDITION_FAILED:
            raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PynamoDBException as error:
        raise UnavailableError("The media store does not answer. Try again.") from error
