"""The pipeline's steps: what each decides, and what it leaves on the asset for people to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from kernel.clock import Clock, epoch_milliseconds
from kernel.events.media import ManifestClass
from media.classes import class_manifests
from media.domain import (
    Asset,
    AssetNotFoundError,
    AssetStatus,
    Package,
    RefusedSourceError,
    Run,
    StaleRunError,
    StepName,
    StepStatus,
    UploadedObject,
    choose_poster,
)
from media.failures import explain, explain_ending
from media.families import (
    STORYBOARD,
    clearkey_manifests,
    manifests_of,
    storyboard_file,
    verified_duration,
)
from media.job_document import Destination, Film, job_request
from media.ladder import ladder_for
from media.ports import Assets, PackagedFiles, SourceFiles
from media.source import Source, accept, check_nothing_lost, unreadable

HEAD_BYTES = 512
"""Enough to tell containers apart: two packets of a transport stream."""

_CONTENT_TYPES = {
    ".mpd": "application/dash+xml",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".vtt": "text/vtt",
}


@dataclass(frozen=True)
class Plan:
    """What a run is about to make."""

    job: dict[str, Any]
    """CreateJob's request but for Role and Queue."""
    heights: tuple[int, ...]


class Pipeline:
    """One method per step. A refusal is recorded here before it ends the execution."""

    def __init__(self, *, assets: Assets, clock: Clock) -> None:
        self._assets = assets
        self._clock = clock

    def begin(
        self,
        uploaded: UploadedObject,
        execution: str,
        new_version: Callable[[], str],
        correlation_id: str | None = None,
    ) -> Run | None:
        """Claim an uploaded file; None when there is nothing to do.

        `correlation_id` is that of a retry; else the upload's own is carried on.
        That is: another execution has it, or the object is no asset's source.
        """
        asset_id = uploaded.asset_id
        if asset_id is None:
            return None
        run = Run(
            asset_id=asset_id,
            version=new_version(),
            bucket=uploaded.bucket,
            key=uploaded.key,
            correlation_id=correlation_id,
        )
        try:
            return self._assets.begin_run(uploaded, run, execution, self._clock())
        except AssetNotFoundError:
            return None

    def probe(self, run: Run, files: SourceFiles) -> Source:
        """The film in the file; RefusedSourceError when it holds none."""
        with self._step(run, StepName.PROBE):
            probed = files.probe(run)
            if probed is None:
                raise unreadable(files.first_bytes(run, HEAD_BYTES))
            return accept(probed)

    def plan(self, run: Run, source: Source, destination: Destination) -> Plan:
        """The ladder for this film and the job that makes it."""
        with self._step(run, StepName.PLAN):
            ladder = ladder_for(source)
            asset = self._assets.get(run.asset_id)
            film = Film(ladder, source.duration_seconds, asset.scheme, asset.captions)
            job = job_request(run, film, destination)
        self._assets.start_step(run, StepName.TRANSCODE, self._clock())
        return Plan(job=job, heights=ladder.heights)

    def progressed(self, asset_id: str, version: str, percent: int) -> None:
        """The transcoding job says how far it is."""
        self._assets.progressed(asset_id, version, percent)

    def poster(self, run: Run, files: PackagedFiles) -> None:
        """Choose one of the captured frames and put it where the edge serves it."""
        self._assets.end_step(run, StepName.TRANSCODE, StepStatus.DONE, self._clock())
        with self._step(run, StepName.POSTER):
            files.copy_picture(choose_poster(files.captures(run.work_path)), run.poster_key)

    def manifests(
        self, run: Run, files: PackagedFiles, *, clearkey: bool
    ) -> tuple[ManifestClass, ...]:
        """Write the storyboard, and the manifests of families and classes, beside MediaConvert's.

        Answers the classes that the film got.
        """
        written: dict[str, str] = {}

        @cache
        def read(name: str) -> str:
            return written.get(name) or files.read_text(f"{run.package_path}/{name}")

        with self._step(run, StepName.MANIFESTS):
            texts = storyboard_file(read)
            if clearkey:
                written.update(clearkey_manifests(read))
            of_classes, classes = class_manifests(read, clearkey=clearkey)
            texts |= written | of_classes
            for name, text in texts.items():
                suffix = name[name.rindex(".") :]
                files.write_text(f"{run.package_path}/{name}", text, _CONTENT_TYPES[suffix])
        return classes

    def verify(
        self,
        run: Run,
        source: Source,
        heights: tuple[int, ...],
        files: PackagedFiles,
        *,
        clearkey: bool,
        classes: Sequence[ManifestClass] = (),
    ) -> Package:
        """The package, once every file that a manifest names was seen.

        IncompletePackageError when one is missing; RefusedSourceError when the film ended early.
        """
        with self._step(run, StepName.VERIFY):
            manifests = manifests_of(clearkey=clearkey)
            sizes = files.sizes(run.package_path)
            duration = verified_duration(
                {*manifests.values(), *(one["manifest"] for one in classes)},
                cache(lambda name: files.read_text(f"{run.package_path}/{name}")),
                sizes,
            )
            check_nothing_lost(source.duration_seconds, duration)
        return Package(
            path=run.package_path,
            manifests=manifests,
            poster=run.poster_key,
            duration_seconds=duration,
            heights=heights,
            classes=tuple(classes),
            storyboard=STORYBOARD if STORYBOARD in sizes else None,
        )

    def publish(self, run: Run, package: Package) -> None:
        """The asset is ready, and says so to everybody who listens."""
        self._assets.start_step(run, StepName.PUBLISH, self._clock())
        # Again where staff rated it at this very moment: what is told is the asset as it is.
        while not self._published(run, package):
            continue

    def _published(self, run: Run, package: Package) -> bool:
        """Whether it was told as it was read."""
        now = self._clock()
        asset = self._assets.get(run.asset_id)
        ready = asset.ready(package, epoch_milliseconds(now))
        try:
            self._assets.publish(run, package, ready, now)
        except StaleRunError:
            if self._assets.get(run.asset_id).maturity == asset.maturity:
                raise
            return False
        return True

    def fail(self, asset_id: str, version: str | None, error: str, cause: str) -> AssetStatus:
        """Record why an execution stopped, in words; `error` and `cause` are Step Functions'.

        Answers whose fault it was: the file's (REFUSED) or ours (FAILED).
        """
        status, failure = explain(error, cause)
        self._assets.close(asset_id, version, status, failure)
        return status

    def ended(self, asset_id: str, execution: str, status: str) -> Asset | None:
        """An execution ended, and Step Functions says how: the asset that it leaves behind.

        None for most: they have said before how they ended, were cancelled, or gave way to
        another run.
        """
        return self._assets.give_up(asset_id, execution, explain_ending(status))

    @contextmanager
    def _step(self, run: Run, name: StepName) -> Iterator[None]:
        self._assets.start_step(run, name, self._clock())
        try:
            yield
        except RefusedSourceError as refusal:
            self._assets.close(run.asset_id, run.version, AssetStatus.REFUSED, refusal.failure)
            raise
        self._assets.end_step(run, name, StepStatus.DONE, self._clock())
