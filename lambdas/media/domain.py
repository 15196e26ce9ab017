"""What an asset is, how it is uploaded and how its way through the pipeline is told.

Time and identifiers come in as arguments; nothing here knows S3, DynamoDB or MediaConvert.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
)

PART_SIZE_BYTES = 16 * 1024 * 1024
"""Fixed for all uploads: the composite checksum identifies a film only if films are cut alike."""

MAX_PARTS = 10_000
"""S3's limit for one multipart upload (S3 user guide, multipart upload limits)."""

MAX_SIZE_BYTES = PART_SIZE_BYTES * MAX_PARTS
"""156 GiB."""

MAX_SIGNED_PARTS = 100
"""Parts signed by one request: 1.6 GB of upload, an answer of about 150 KB."""

MAX_NAME_LENGTH = 200
MAX_FILE_NAME_LENGTH = 255
"""What file systems allow. File names are shown and never used as keys."""

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


class NotRetryableError(ConflictError):
    """Only an asset that was refused or failed can be tried again."""

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
    steps: tuple[Step, ...] = ()

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


def checked_title(name: str) -> str:
    """A film's name without surrounding space; InvalidInputError when no name is left."""
    return _checked_text("name", name, MAX_NAME_LENGTH)


def checked_file_name(file_name: str) -> str:
    """A file's name as the uploader's machine had it, for people to read."""
    return _checked_text("file_name", file_name, MAX_FILE_NAME_LENGTH)


def checked_size(size_bytes: int) -> int:
    """A size that can be uploaded."""
    if size_bytes < 1:
        raise InvalidInputError("size_bytes: the file is empty.", field="size_bytes")
    if size_bytes > MAX_SIZE_BYTES:
        raise InvalidInputError(
            f"size_bytes: at most {MAX_SIZE_BYTES:,} bytes can be uploaded.",
            field="size_bytes",
            limit=MAX_SIZE_BYTES,
        )
    return size_bytes


def _checked_text(field: str, text: str, limit: int) -> str:
    stripped = text.strip()
    if not stripped:
        raise InvalidInputError(f"{field}: must not be empty.", field=field)
    if len(stripped) > limit:
        raise InvalidInputError(
            f"{field}: at most {limit} characters, not {len(stripped):,}.", field=field, limit=limit
        )
    # Surrogates cannot be stored as UTF-8, control characters break logs and terminals.
    if any(_is_unprintable(character) for character in stripped):
        raise InvalidInputError(f"{field}: contains a control character.", field=field)
    return stripped


def _is_unprintable(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000


def checked_part_numbers(asset: Asset, numbers: Sequence[int]) -> Sequence[int]:
    """Part numbers to sign; InvalidInputError for one that the file does not have."""
    if len(numbers) > MAX_SIGNED_PARTS:
        raise InvalidInputError(
            f"parts: at most {MAX_SIGNED_PARTS} at a time.", field="parts", limit=MAX_SIGNED_PARTS
        )
    for number in numbers:
        if not 1 <= number <= asset.part_count:
            raise InvalidInputError(
                f"parts: there is no part {number}; this file has {asset.part_count}.",
                field="parts",
            )
    return numbers


def checked_parts(asset: Asset, parts: Sequence[Part]) -> Sequence[Part]:
    """All parts in order; InvalidInputError when one is missing or listed twice."""
    ordered = sorted(parts, key=lambda part: part.part_number)
    if [part.part_number for part in ordered] != list(range(1, asset.part_count + 1)):
        raise InvalidInputError(
            f"parts: list each of the parts 1 to {asset.part_count} once.", field="parts"
        )
    return ordered


def composite_checksum(parts: Sequence[Part]) -> str:
    """S3's composite SHA-256: the digest of the parts' digests, and their number.

    The parts must be in order. S3 user guide, "Checking object integrity", composite checksums.
    """
    digests = b"".join(base64.b64decode(part.sha256, validate=True) for part in parts)
    whole = base64.b64encode(hashlib.sha256(digests).digest()).decode("ascii")
    return f"{whole}-{len(parts)}"


_SOURCE_FAULTS = frozenset({1020, 1030, 1075, 1076})
"""MediaConvert's job errors that blame the input: no video, codec unsupported, malformed
container, end of file too early (MediaConvert user guide, error codes)."""

_TRY_AGAIN = "Try again; if it fails the same way, tell whoever runs this service the asset's id."
_CHECK_SOURCE = "Play the file from start to end; if it stops or stutters, export it again."


def explain(error: str, cause: str) -> tuple[AssetStatus, Failure]:
    """A failed execution in words, from Step Functions' Error and Cause.

    The cause is a job of MediaConvert or a Lambda error, both JSON, or anything at all.
    """
    details = _details(cause)
    job = details.get("Job", details)
    code = _number(job.get("ErrorCode", job.get("errorCode")))
    said = str(
        job.get("ErrorMessage") or job.get("errorMessage") or details.get("errorMessage") or ""
    )[:500]
    if code in _SOURCE_FAULTS:
        return AssetStatus.REFUSED, Failure(
            code="source_not_decodable",
            message=f"The film could not be decoded to its end. MediaConvert says: {said}",
            what_to_do=_CHECK_SOURCE,
        )
    if code is not None:
        return AssetStatus.FAILED, Failure(
            code="transcode_failed",
            message=f"Transcoding stopped with error {code}: {said}",
            what_to_do=_TRY_AGAIN,
        )
    if error == "States.Timeout":
        return AssetStatus.FAILED, Failure(
            code="timeout", message="A step took longer than it may.", what_to_do=_TRY_AGAIN
        )
    if error == "IncompletePackageError":
        return AssetStatus.FAILED, Failure(
            code=IncompletePackageError.code, message=said, what_to_do=_TRY_AGAIN
        )
    return AssetStatus.FAILED, Failure(
        code="pipeline_error",
        message=f"The pipeline stopped unexpectedly ({error or 'no error name'}). {said}".strip(),
        what_to_do=_TRY_AGAIN,
    )


def _details(cause: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(cause)
    except ValueError:
        return {"errorMessage": cause}
    return parsed if isinstance(parsed, dict) else {"errorMessage": cause}


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None


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
