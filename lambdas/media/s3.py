"""Uploads and packaged files in S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from kernel.errors import UnavailableError
from media.domain import Capture, Part, PartsRefusedError, UploadGoneError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_URL_LIFE = timedelta(hours=1)
"""A slow line sends 16 MiB well within it; it ends earlier with the function's own session."""

IMMUTABLE = "public, max-age=31536000, immutable"
"""Every path holds its version: a year is HTTP's for ever (RFC 9111, section 1.2.2)."""

_PART_FAULTS = frozenset(
    {
        "BadDigest",
        "EntityTooSmall",
        "InvalidArgument",
        "InvalidPart",
        "InvalidPartOrder",
        "InvalidRequest",
        "MalformedXML",
        "XAmzContentChecksumMismatch",
    }
)


def signing_client() -> S3Client:
    """A client whose presigned URLs are SigV4 on the bucket's regional host.

    Without both settings boto3 presigns some regions with SigV2 on the global host.
    """
    return boto3.client(
        "s3",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        ),
    )


class S3Uploads:
    """Multipart uploads into the mezzanine bucket, checked part by part with SHA-256."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def begin(self, key: str) -> str:
        """Begin a multipart upload; its id."""
        with _translated():
            answer = self._client.create_multipart_upload(
                Bucket=self.bucket, Key=key, ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE"
            )
        return answer["UploadId"]

    def sign_part(self, key: str, upload_id: str, part_number: int, sha256: str) -> str:
        """A URL that takes exactly the part with this digest."""
        return self._client.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "UploadId": upload_id,
                "PartNumber": part_number,
                "ChecksumSHA256": sha256,
            },
            ExpiresIn=int(PART_URL_LIFE.total_seconds()),
        )

    def parts(self, key: str, upload_id: str) -> Sequence[Part]:
        """The parts that are there, by number."""
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=key, UploadId=upload_id
        )
        with _translated():
            return [
                Part(part["PartNumber"], part["ETag"], part["ChecksumSHA256"])
                for page in pages
                for part in page.get("Parts", [])
            ]

    def complete(self, key: str, upload_id: str, parts: Sequence[Part], size_bytes: int) -> None:
        """Make one object of the parts; S3 compares digests and the size."""
        with _translated():
            self._client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload_id,
                ChecksumType="COMPOSITE",
                MpuObjectSize=size_bytes,
                MultipartUpload={
                    "Parts": [
                        {
                            "PartNumber": part.part_number,
                            "ETag": part.etag,
                            "ChecksumSHA256": part.sha256,
                        }
                        for part in parts
                    ]
                },
            )

    def abort(self, key: str, upload_id: str) -> None:
        """Throw the parts away; nothing when the upload is gone."""
        try:
            with _translated():
                self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except UploadGoneError:
            return

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise UnavailableError("The file storage does not answer. Try again.") from error
        return True

    def write_captions(self, key: str, text: str) -> None:
        """Keep a caption file beside the film."""
        with _translated():
            self._client.put_object(
                Bucket=self.bucket, Key=key, Body=text.encode("utf-8"), ContentType="text/vtt"
            )


class S3PackagedFiles:
    """The origin bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def sizes(self, folder: str) -> Mapping[str, int]:
        """Every file in a folder: name relative to it, bytes."""
        prefix = f"{folder}/"
        return {key.removeprefix(prefix): size for key, size in self._list(prefix)}

    def read_text(self, key: str) -> str:
        """A small text file."""
        answer = self._client.get_object(Bucket=self._bucket, Key=key)
        return answer["Body"].read().decode("utf-8")

    def write_text(self, key: str, text: str, content_type: str) -> None:
        """Write a file that never changes again under this key."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=text.encode("utf-8"),
            ContentType=content_type,
            CacheControl=IMMUTABLE,
        )

    def captures(self, folder: str) -> Sequence[Capture]:
        """The frames captured into a folder."""
        return [
            Capture(key, size) for key, size in self._list(f"{folder}/") if key.endswith(".jpg")
        ]

    def copy_picture(self, capture: Capture, key: str) -> None:
        """Copy a JPEG to where the edge serves it."""
        self._client.copy_object(
            Bucket=self._bucket,
            Key=key,
            CopySource={"Bucket": self._bucket, "Key": capture.key},
            MetadataDirective="REPLACE",
            ContentType="image/jpeg",
            CacheControl=IMMUTABLE,
        )

    def _list(self, prefix: str) -> Iterator[tuple[str, int]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for found in page.get("Contents", []):
                yield found["Key"], found["Size"]


class S3Files:
    """Both buckets, as far as an asset's own folders go."""

    def __init__(self, client: S3Client, mezzanine_bucket: str, packaged_bucket: str) -> None:
        self._client = client
        self._folders = (
            (mezzanine_bucket, "uploads"),
            (packaged_bucket, "m"),
            (packaged_bucket, "art"),
            (packaged_bucket, "work"),
        )

    def remove(self, asset_id: str) -> int:
        """Remove all of it, a listed page of at most 1,000 keys at a time.

        The mezzanine bucket keeps versions: its files can be restored until its rule expires them.
        """
        return sum(
            self._remove_under(bucket, f"{folder}/{asset_id}/") for bucket, folder in self._folders
        )

    def _remove_under(self, bucket: str, prefix: str) -> int:
        removed = 0
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            keys = [{"Key": found["Key"]} for found in page.get("Contents", [])]
            if not keys:
                continue
            answer = self._client.delete_objects(
                Bucket=bucket,
                Delete={"Objects": keys, "Quiet": True},  # type: ignore[typeddict-item] # keys alone
            )
            refused = answer.get("Errors", [])
            if refused:
                raise UnavailableError(f"{len(refused)} files under {prefix} could not be removed.")
            removed += len(keys)
        return removed


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        details: Any = error.response["Error"]
        code = str(details.get("Code"))
        if code == "NoSuchUpload":
            raise UploadGoneError(
                "This upload no longer exists: it was completed, or it expired."
            ) from error
        if code in _PART_FAULTS:
            raise PartsRefusedError(
                f"parts: the storage refuses them: {details.get('Message', code)}", field="parts"
            ) from error
        raise UnavailableError("The file storage does not answer. Try again.") from error
