"""What uploads and the pipeline need of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.events.media import AssetReady
from media.domain import (
    Asset,
    AssetStatus,
    Capture,
    Failure,
    Package,
    Part,
    Run,
    StepName,
    StepStatus,
    UploadedObject,
)
from media.source import Probed


@dataclass(frozen=True)
class Page:
    """Some assets, newest first."""

    assets: tuple[Asset, ...]
    next_after: str | None
    """Pass as `after` for the rest; None when there is none."""


class Assets(Protocol):
    """Remembers assets and their runs."""

    def add(self, asset: Asset) -> None:
        """A new asset whose upload begins."""

    def get(self, asset_id: str) -> Asset:
        """An asset with the steps of its present run; AssetNotFoundError."""

    def recent(self, limit: int, after: str | None) -> Page:
        """Assets, newest first, without their steps."""

    def uploaded(self, asset_id: str, checksum: str) -> str:
        """Record that the content is there; answers the asset that had this content first.

        Repeating it changes nothing. Never takes back what the pipeline already recorded.
        """

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
        """The run ended without a film; its running steps failed. StaleRunError."""

    def publish(self, run: Run, package: Package, ready: AssetReady, now: datetime) -> None:
        """The asset is ready and the world will hear of it, both or neither. StaleRunError."""

    def reopen(self, asset_id: str) -> None:
        """Back to processing from refused or failed, by one caller only; NotRetryableError."""


class Uploads(Protocol):
    """Takes files in parts that uploaders send straight to the storage."""

    @property
    def bucket(self) -> str:
        """Where files go."""

    def begin(self, key: str) -> str:
        """Begin a multipart upload; its id."""

    def sign_part(self, key: str, upload_id: str, part_number: int, sha256: str) -> str:
        """A URL that takes exactly the part with this digest, for PART_URL_LIFE."""

    def complete(self, key: str, upload_id: str, parts: Sequence[Part], size_bytes: int) -> None:
        """Make one object of the parts; PartsRefusedError, UploadGoneError."""

    def exists(self, key: str) -> bool:
        """Whether the object is there."""


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

    def start(self, uploaded: UploadedObject, name: str) -> None:
        """Run the pipeline over an object that is already there."""
