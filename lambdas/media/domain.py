"""What an asset is and how its way through the pipeline is told.

Time and identifiers come in as arguments; nothing here knows S3, DynamoDB or MediaConvert.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
)
from kernel.events.media import AssetReady, ManifestClass
from kernel.maturity import UNRATED
from media.episodes import EpisodeOf

PART_SIZE_BYTES = 16 * 1024 * 1024
"""Fixed for all uploads: the composite checksum identifies a film only if films are cut alike."""

MAX_PARTS = 10_000
"""S3's limit for one multipart upload (S3 user guide, multipart upload limits)."""

MAX_SIZE_BYTES = PART_SIZE_BYTES * MAX_PARTS
"""156 GiB."""

_ASSET_ID = re.compile(r"ast_[0-9a-z]{26}")


class AssetStatus(StrEnum):
    """Where an asset stands."""

    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    REFUSED = "refused"
    """The file is at fault: another file is needed."""
    FAILED = "failed"
    """We are at fault, or something we use: the same file may succeed."""
    CANCELLED = "cancelled"
    """Staff stopped it."""
    DUPLICATE = "duplicate"
    """Another asset has this very content: nothing was made of it twice."""
    ABANDONED = "abandoned"
    """Nobody completed the upload; the storage has thrown its parts away."""


KEEPS_ITS_CLAIMS = frozenset({AssetStatus.UPLOADING, AssetStatus.PROCESSING, AssetStatus.READY})
"""An asset that stopped short of a film gives its content, and its place in a series, up to the
next one."""

UNDER_WAY = frozenset({AssetStatus.UPLOADING, AssetStatus.PROCESSING})
"""Something is still to happen."""

ENDED = frozenset(AssetStatus) - UNDER_WAY
"""Nothing happens any more by itself."""

CLOSABLE = UNDER_WAY | {AssetStatus.REFUSED, AssetStatus.FAILED}
"""A run may still say how it ended, and say it again when its first words were lost."""

RETRYABLE = frozenset({AssetStatus.REFUSED, AssetStatus.FAILED, AssetStatus.CANCELLED})
"""Its file is there, and another run may end otherwise."""

UPLOAD_LIFE = timedelta(days=7)
"""How long the storage keeps the parts of an upload that nobody completes: the bucket's rule."""


class Scheme(StrEnum):
    """How segments are encrypted (ISO/IEC 23001-7)."""

    CBCS = "cbcs"
    """Widevine, PlayReady and FairPlay decrypt it."""
    CENC = "cenc"
    """For devices older than cbcs; FairPlay cannot decrypt it."""


class StepStatus(StrEnum):
    """Where a step stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class StepName(StrEnum):
    """The steps of an asset's way, in order."""

    UPLOAD = "upload"
    PROBE = "probe"
    PLAN = "plan"
    TRANSCODE = "transcode"
    POSTER = "poster"
    MANIFESTS = "manifests"
    VERIFY = "verify"
    PUBLISH = "publish"


STEP_ORDER = tuple(StepName)


class AssetNotFoundError(NotFoundError):
    """There is no such asset."""

    code = "asset_not_found"


class UploadGoneError(ConflictError):
    """The multipart upload no longer exists: completed, aborted or expired."""

    code = "upload_gone"


class PartsRefusedError(InvalidInputError):
    """The storage does not accept the parts as they were listed."""

    code = "parts_refused"


class CaptionsRefusedError(ConflictError):
    """Captions belong to an upload that is under way, and to few languages."""

    code = "captions_refused"


class NotCancellableError(ConflictError):
    """Only what is under way can be cancelled."""

    code = "not_cancellable"


class NotDeletableError(ConflictError):
    """What is under way is cancelled first."""

    code = "not_deletable"


class NotRetryableError(ConflictError):
    """Only an asset whose file is there and that is not ready can be tried again."""

    code = "not_retryable"


class StaleRunError(ConflictError):
    """A newer run of the pipeline has taken this asset over."""

    code = "stale_run"


class RefusedSourceError(DomainError):
    """The file cannot become a film that plays; says why and what to do."""

    code = "refused_source"

    def __init__(self, reason: str, message: str, what_to_do: str) -> None:
        super().__init__(message, reason=reason, what_to_do=what_to_do)
        self.failure = Failure(code=reason, message=message, what_to_do=what_to_do)


class IncompletePackageError(DomainError):
    """The packaged files do not add up; nothing of them may be published."""

    code = "incomplete_package"


@dataclass(frozen=True)
class Failure:
    """Why an asset is not ready, for a person to read."""

    code: str
    message: str
    what_to_do: str


@dataclass(frozen=True)
class Step:
    """One step of a run."""

    name: StepName
    status: StepStatus
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class CaptionTrack:
    """Captions or subtitles in one language."""

    language: str
    """BCP 47."""
    label: str
    """As the player's menu names it."""


@dataclass(frozen=True)
class Package:
    """What a run made of a film."""

    path: str
    """Folder of the packaged files: `m/<asset_id>/<version>`."""
    manifests: Mapping[str, str]
    """Player family to manifest, relative to `path`."""
    poster: str
    """Object key."""
    duration_seconds: float
    heights: tuple[int, ...]
    """Ascending, in pixels."""
    classes: tuple[ManifestClass, ...] = ()
    """Manifests for devices that can do the same; packages made before there were any have none."""
    storyboard: str | None = None
    """WebVTT of thumbnails, relative to `path`; packages made before there were any have none."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A film on its way in."""

    asset_id: str
    name: str
    file_name: str
    size_bytes: int
    upload_id: str
    status: AssetStatus
    created_at: datetime
    version: str | None = None
    """The run of the pipeline that holds the asset now."""
    checksum: str | None = None
    """Composite SHA-256 of the content, once uploaded."""
    progress_percent: int | None = None
    """Of the transcoding job."""
    failure: Failure | None = None
    package: Package | None = None
    execution: str | None = None
    """ARN of the run that holds the asset now, or is about to; None until the first one does."""
    correlation_id: str | None = None
    """The request that began its upload, for the logs."""
    steps: tuple[Step, ...] = ()
    scheme: Scheme = Scheme.CBCS
    captions: tuple[CaptionTrack, ...] = ()
    """By language."""
    episode_of: EpisodeOf | None = None
    """None for a film."""
    maturity: int = UNRATED
    """From which age it may be watched, in years."""

    def status_at(self, now: datetime) -> AssetStatus:
        """Where it stands at a moment: an upload that outlived its parts is abandoned."""
        if self.status is AssetStatus.UPLOADING and now - self.created_at >= UPLOAD_LIFE:
            return AssetStatus.ABANDONED
        return self.status

    def ready(self, package: Package, sequence: int) -> AssetReady:
        """What is told of it with the films of a run."""
        return AssetReady(
            sequence=sequence,
            asset_id=self.asset_id,
            title_name=self.name,
            duration_seconds=package.duration_seconds,
            path=package.path,
            manifests=dict(package.manifests),
            poster=package.poster,
            heights=list(package.heights),
            classes=list(package.classes),
            storyboard=package.storyboard,
            episode_of=self.episode_of.on_the_bus() if self.episode_of else None,
            maturity=self.maturity,
        )

    @property
    def part_count(self) -> int:
        """How many parts of PART_SIZE_BYTES the file makes."""
        return -(-self.size_bytes // PART_SIZE_BYTES)


@dataclass(frozen=True)
class Part:
    """A part that was uploaded."""

    part_number: int
    etag: str
    sha256: str
    """Base64 of the digest."""


@dataclass(frozen=True)
class Run:
    """One run of the pipeline over one uploaded file."""

    asset_id: str
    version: str
    bucket: str
    key: str
    correlation_id: str | None = None
    """The request that the run goes back to, for the logs."""

    @property
    def package_path(self) -> str:
        """Folder of the packaged files in the origin bucket; also their URL path."""
        return f"m/{self.asset_id}/{self.version}"

    @property
    def work_path(self) -> str:
        """Folder of files that only the pipeline reads; no URL reaches it."""
        return f"work/{self.asset_id}/{self.version}"

    @property
    def poster_key(self) -> str:
        """Where the chosen poster goes."""
        return f"art/{self.asset_id}/{self.version}/poster.jpg"

    @property
    def source_url(self) -> str:
        """The uploaded file as MediaConvert names it."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class UploadedObject:
    """What the bucket says it received."""

    bucket: str
    key: str
    revision: str
    """Tells this object from another under the same key: its version id."""

    @property
    def asset_id(self) -> str | None:
        """The asset whose source this is; None for objects that are nobody's source."""
        return asset_id_of_key(self.key)


def source_key(asset_id: str) -> str:
    """Where an asset's file is kept: made of our own id alone."""
    return f"uploads/{asset_id}/source"


def caption_key(asset_id: str, language: str) -> str:
    """Where a caption file is kept; MediaConvert tells its format by the extension."""
    return f"uploads/{asset_id}/captions/{language}.vtt"


def asset_id_of_key(key: str) -> str | None:
    """The asset whose source lies under a key; None when it is nobody's."""
    folder, _, rest = key.partition("/")
    asset_id, _, name = rest.partition("/")
    if folder != "uploads" or name != "source" or not is_asset_id(asset_id):
        return None
    return asset_id


def is_asset_id(text: str) -> bool:
    """Whether a text has the form of our asset ids."""
    return _ASSET_ID.fullmatch(text) is not None


@dataclass(frozen=True)
class Capture:
    """A frame that MediaConvert captured, as the bucket lists it."""

    key: str
    size_bytes: int


def choose_poster(captures: Sequence[Capture]) -> Capture:
    """The capture with the most detail, the earlier of equals.

    All captures have one size in pixels and one JPEG quality, so bytes measure detail: black,
    fades and plain titles compress to almost nothing. No image is decoded.
    """
    if not captures:
        raise IncompletePackageError("No frame was captured, so there is no poster.")
    return max(sorted(captures, key=lambda one: one.key), key=lambda one: one.size_bytes)
