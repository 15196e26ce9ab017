"""Reads and writes a job's objects in S3, and says in MediaConvert's codes what went wrong."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from .errors import ACCESS_DENIED, FILE_NOT_FOUND, ROLE_UNUSABLE, UNKNOWN, JobFailedError
from .plan import S3Location

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3ForRole = Callable[[str], "S3Client"]
"""An S3 client that acts as a role, by the role's ARN; raises ClientError when it cannot."""

CONTENT_TYPES: Final = {
    ".mpd": "application/dash+xml",
    ".m3u8": "application/x-mpegURL",
    ".cmfv": "video/mp4",
    ".cmfa": "audio/mp4",
    ".jpg": "image/jpeg",
    ".vtt": "text/vtt",
    ".wav": "audio/wav",
}
DENIED: Final = frozenset({"403", "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId"})
MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})


class RoleStorage:
    """What a job may read and write as its role."""

    def __init__(self, role_arn: str, s3_for_role: S3ForRole) -> None:
        try:
            self._s3 = s3_for_role(role_arn)
        except ClientError as error:
            raise JobFailedError(
                ROLE_UNUSABLE, f"Unable to assume role [{role_arn}]: {error_code(error)}"
            ) from error

    def fetch(self, location: S3Location, file: Path) -> None:
        """Copies an object into a file."""
        with _as_job_error(location), file.open("wb") as target:
            self._s3.download_fileobj(location.bucket, location.key, target)

    def store(self, file: Path, location: S3Location) -> None:
        """Copies a file into an object."""
        content_type = CONTENT_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        with _as_job_error(location):
            self._s3.upload_file(
                str(file),
                location.bucket,
                location.key,
                ExtraArgs={"ContentType": content_type or "application/octet-stream"},
            )


@contextmanager
def _as_job_error(location: S3Location) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if code in DENIED:
            raise JobFailedError(
                ACCESS_DENIED, f"Unable to access file [{location.url}]: Access Denied"
            ) from error
        if code in MISSING:
            raise JobFailedError(
                FILE_NOT_FOUND, f"Unable to find file [{location.url}]: Not Found"
            ) from error
        raise JobFailedError(UNKNOWN, f"Amazon S3 answered {code} for [{location.url}]") from error


def error_code(error: ClientError) -> str:
    """The service's code of a refused call."""
    return str(error.response.get("Error", {}).get("Code", ""))
