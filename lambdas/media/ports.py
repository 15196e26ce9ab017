"""What uploads and the pipeline need of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.events.media import AssetDeleted, AssetReady
from media.domain import (
    Asset,
    AssetStatus,
    CaptionTrack,
    Capture,
    Failure,
    Package,
    Part,
    Run,
    StepName,
    StepStatus,
    UploadedObject,
)
from media.episodes import EpisodeOf
from media.source import Probed


@dataclass(frozen=True)
class Page:
    """Some assets, newest first."""

    assets: tuple[Asset, ...]
    next_after: str | None
    """Pass as `after` for the rest; None when there is none."""


class Assets(Protocol):
    """Remembers assets and their runs."""

    def add(self, asset: Asset, instead_of: Asset | None = None) -> None:
        """A new asset whose upload begins, and its place in a series with it, both or neither.

        EpisodeTakenError when another asset has the place. `instead_of` is one whose place may be
        taken over if it still stands as it was read.
        """

    def at(self, place: EpisodeOf) -> Asset | None:
        """The asset that has a place in a series, without its steps."""

    def get(self, asset_id: str) -> Asset:
        """An asset with the steps of its present run; AssetNotFoundError."""

    def recent(self, limit: int, after: str | None) -> Page:
        """Assets, newest first, without their steps."""

    def add_captions(self, asset_id: str, track: CaptionTrack, limit: int) -> None:
        """A track of captions, in place of any of its language.

        CaptionsRefusedError when the upload is complete or has tracks in `limit` languages.
        """

    def uploaded(self, asset_id: str, checksum: str) -> str:
        """Record that the content is there; answers the asset that had this content first.

        Repeating it changes nothing. Never takes back what the pipeline already recorded.
        """

    def claim_content(self, asset_id: str, checksum: str, instead_of: str | None = None) -> str:
        """Be the asset that has this content, unless another one is; answers which is.

        `instead_of` is an asset whose claim may be taken over.
        """

    def release_content(self, asset_id: str, checksum: str) -> None:
        """Give up the claim to a content; nothing when another asset has it."""

    def cancel(self, asset_id: str, failure: Failure) -> Asset:
        """Stop what is under way, by one caller only: the asset as it was. NotCancellableError."""

    def duplicate(self, asset_id: str, checksum: str, failure: Failure) -> None:
        """The upload is another asset's content; nothing of an asset that is further."""

    def delete(self, asset_id: str, deleted: AssetDeleted, now: datetime) -> None:
        """Forget an asset that has ended, and tell it, both or neither. NotDeletableError."""

    def begin_run(
        self, uploaded: UploadedObject, run: Run, execution: str, now: datetime
    ) -> Run | None:
        """Claim an uploaded object for an execution, once.

        None when another execution has it; the same run again when this one asks twice.
        """

    def start_step(self, run: Run, name: StepName, now: datetime) -> None:
        """A step of the run begins."""

    def end_step(self, run: Run, name: StepName, status: StepStatus, now: datetime) -> None:
        """A step of the run is over."""

    def progressed(self, asset_id: str, version: str, percent: int) -> None:
        """How far the run's transcoding is; ignored when the run is not the asset's any more."""

    def close(
        self, asset_id: str, version: str | None, status: AssetStatus, failure: Failure
    ) -> None:
        """The run ended without a film; its running steps failed.

        StaleRunError when the asset is another run's, ready or cancelled.
        """

    def give_up(self, asset_id: str, execution: str, failure: Failure) -> Asset | None:
        """FAILED, if the asset is under way and no other execution holds it.

        The asset as it is then; None when it was not this execution's to give up.
        """

    def publish(self, run: Run, package: Package, ready: AssetReady, now: datetime) -> None:
        """The asset is ready, the run's last step done, and the world will hear of it: all or
        nothing. StaleRunError.
        """

    def rate(self, asset: Asset, maturity: int, now: datetime) -> bool:
        """Give an asset another rating and, where it is ready, tell it, both or neither.

        False when the asset has gone on since it was read.
        """

    def reopen(self, asset_id: str, execution: str) -> None:
        """Back to processing, for one execution by one caller only; NotRetryableError.

        EpisodeTakenError when another asset has got its place in a series meanwhile.
        """

    def stopped(self, asset_id: str, status: AssetStatus, failure: Failure) -> None:
        """Take back `reopen` when no run could be started; nothing once a run has begun."""


class Uploads(Protocol):
    """Takes files in parts that uploaders send straight to the storage."""

    @property
    def bucket(self) -> str:
        """Where files go."""

    def begin(self, key: str) -> str:
        """Begin a multipart upload; its id."""

    def sign_part(self, key: str, upload_id: str, part_number: int, sha256: str) -> str:
        """A URL that takes exactly the part with this digest, for PART_URL_LIFE."""

    def parts(self, key: str, upload_id: str) -> Sequence[Part]:
        """The parts that are there, by number; UploadGoneError."""

    def complete(self, key: str, upload_id: str, parts: Sequence[Part], size_bytes: int) -> None:
        """Make one object of the parts; PartsRefusedError, UploadGoneError."""

    def abort(self, key: str, upload_id: str) -> None:
        """Throw the parts away; nothing when the upload is gone."""

    def exists(self, key: str) -> bool:
        """Whether the object is there."""

    def write_captions(self, key: str, text: str) -> None:
        """Keep a caption file beside the film."""


class SourceFiles(Protocol):
    """Looks into an uploaded file."""

    def probe(self, run: Run) -> Probed | None:
        """What the file holds; None when it cannot be read as media at all."""

    def first_bytes(self, run: Run, count: int) -> bytes:
        """How the file begins."""


class PackagedFiles(Protocol):
    """The origin bucket."""

    def sizes(self, folder: str) -> Mapping[str, int]:
        """Every file in a folder: name relative to it, bytes."""

    def read_text(self, key: str) -> str:
        """A small text file."""

    def write_text(self, key: str, text: str, content_type: str) -> None:
        """Write a file that never changes again under this key."""

    def captures(self, folder: str) -> Sequence[Capture]:
        """The frames captured into a folder."""

    def copy_picture(self, capture: Capture, key: str) -> None:
        """Copy a JPEG to where the edge serves it, never to change again."""


class Executions(Protocol):
    """Starts the pipeline without an upload."""

    def arn(self, name: str) -> str:
        """What identifies the run of this name, before and after it is started."""

    def start(self, uploaded: UploadedObject, name: str) -> None:
        """Run the pipeline over an object that is already there."""

    def stop(self, execution: str) -> None:
        """Stop a run and its transcoding job; nothing when it has ended."""
