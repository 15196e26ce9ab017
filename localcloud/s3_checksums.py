"""S3's checksums: each part's, the composite of a multipart upload, and what moto leaves out.

It reads moto's buckets, and writes a verified part's checksum where moto keeps such things.
Source: Amazon S3 user guide, "Checking object integrity".
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from localcloud import s3_parts
from localcloud.iam.s3_actions import S3Call
from localcloud.wire import HttpRequest, HttpResponse

ALGORITHMS: Mapping[str, Callable[[bytes], bytes]] = {
    "sha256": lambda body: hashlib.sha256(body).digest(),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
}
"""What can be computed here; the others S3 knows need a native library and are refused."""
UNSUPPORTED = ("crc32c", "crc64nvme")

_CARRYING = ("PutObject", "UploadPart")
_OF_AN_UPLOAD = (
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
    "ListParts",
    "AbortMultipartUpload",
)
_PREFIX = "x-amz-checksum-"


class S3Error(Exception):
    """A refusal in S3's own words."""

    def __init__(
        self, status: int, code: str, message: str, fields: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = tuple(fields)


def prepare(call: S3Call, bucket: Any | None) -> S3Call:
    """The call as moto should see it, once its checksums were seen to be right.

    Raises S3Error for a body, a part or a composite that does not match.
    """
    if bucket is None:
        return call
    if call.operation in _CARRYING:
        _check_body(call.request)
    if call.operation == "CreateMultipartUpload":
        _check_kind(call.request)
    if call.operation in _OF_AN_UPLOAD:
        upload = bucket.multiparts.get(call.query["uploadId"])
        if upload is None:
            if call.operation == "CompleteMultipartUpload" and _finished(call, bucket):
                return call
            raise S3Error(
                404,
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the "
                "upload may have been aborted or completed.",
                [("UploadId", call.query["uploadId"])],
            )
        if call.operation == "UploadPart":
            _check_part_kind(call.request, upload)
        if call.operation == "CompleteMultipartUpload":
            _check_size(call.request, upload)
            _check_completion(call.request, upload)
    return replace(call, request=_name_algorithm(call.request))


def finish(call: S3Call, response: HttpResponse, bucket: Any | None) -> HttpResponse:
    """Moto's answer with the checksums that S3 would have put in it."""
    if bucket is None or response.status >= 300:
        return response
    if call.operation == "UploadPart":
        _keep_part(call, bucket)
    elif call.operation == "CompleteMultipartUpload":
        return _completed(call, response, bucket)
    elif call.operation == "ListParts":
        return _listed(call, response, bucket)
    elif call.operation == "HeadObject":
        return _headed(call, response, bucket)
    return response


def _given(request: HttpRequest) -> dict[str, str]:
    """Checksums the request states, by algorithm."""
    return {
        name.removeprefix(_PREFIX): value
        for name, value in request.headers
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in ("algorithm", "type")
    }


def _check_body(request: HttpRequest) -> None:
    md5 = request.header("content-md5")
    if md5 is not None:
        computed = hashlib.md5(request.body, usedforsecurity=False).digest()
        if base64.b64encode(computed).decode() != md5:
            raise S3Error(
                400,
                "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
                [
                    ("ExpectedDigest", md5),
                    ("CalculatedDigest", base64.b64encode(computed).decode()),
                ],
            )
    for algorithm, value in _given(request).items():
        if algorithm in UNSUPPORTED:
            raise S3Error(501, "NotImplemented", f"{algorithm} cannot be computed here")
        if algorithm not in ALGORITHMS:
            continue
        computed = ALGORITHMS[algorithm](request.body)
        if base64.b64encode(computed).decode() != value:
            raise S3Error(
                400,
                "BadDigest",
                f"The {algorithm.upper()} you specified did not match the calculated checksum.",
            )


def _name_algorithm(request: HttpRequest) -> HttpRequest:
    """Moto stores a checksum only when told its algorithm in a second header."""
    given = [name for name in _given(request) if name in ALGORITHMS]
    if not given or request.header("x-amz-sdk-checksum-algorithm"):
        return request
    header = ("x-amz-sdk-checksum-algorithm", given[0].upper())
    return replace(request, headers=(*request.headers, header))


def _check_kind(request: HttpRequest) -> None:
    algorithm = (request.header("x-amz-checksum-algorithm") or "").lower()
    kind = (request.header("x-amz-checksum-type") or "").upper()
    if kind == "FULL_OBJECT" and algorithm in ("sha256", "sha1"):
        raise S3Error(
            400,
            "InvalidRequest",
            f"The FULL_OBJECT checksum type cannot be used with the {algorithm} checksum "
            "algorithm.",
        )


def _algorithm(upload: Any) -> str:
    return str(upload.metadata.get("x-amz-checksum-algorithm") or "").lower()


def _composite(upload: Any) -> bool:
    kind = str(upload.metadata.get("x-amz-checksum-type") or "").upper()
    return _algorithm(upload) in ("sha256", "sha1") or kind == "COMPOSITE"


def _check_part_kind(request: HttpRequest, upload: Any) -> None:
    expected = _algorithm(upload)
    given = next(iter(_given(request)), None)
    if expected and given != expected:
        raise S3Error(
            400,
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {expected}, actual "
            f"checksum Type: {given or 'null'}",
        )


def _keep_part(call: S3Call, bucket: Any) -> None:
    upload = bucket.multiparts.get(call.query["uploadId"])
    part = upload.parts.get(int(call.query["partNumber"])) if upload else None
    algorithm = _algorithm(upload) if upload else ""
    if part is not None and algorithm:
        part.checksum_algorithm = algorithm.upper()
        part.checksum_value = _given(call.request)[algorithm]


def _check_size(request: HttpRequest, upload: Any) -> None:
    """The size that the caller expects of the object (CompleteMultipartUpload, API reference)."""
    expected = request.header("x-amz-mp-object-size")
    if expected is None:
        return
    listed = [upload.parts.get(number) for number, _ in _stated_parts(request.body, "")]
    if sum(part.size for part in listed if part is not None) != int(expected):
        raise S3Error(
            400,
            "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header value does not match what was computed.",
        )


def _check_completion(request: HttpRequest, upload: Any) -> None:
    algorithm = _algorithm(upload)
    if not algorithm or not _composite(upload):
        return
    digests: list[bytes] = []
    for number, stated in _stated_parts(request.body, algorithm):
        if stated is None:
            raise S3Error(
                400,
                "InvalidRequest",
                f"The upload was created using a {algorithm} checksum. The complete request "
                f"must include the checksum for each part. It was missing for part {number} "
                "in the request.",
            )
        part = upload.parts.get(number)
        if part is None or part.checksum_value != stated:
            raise S3Error(
                400,
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have "
                "been uploaded, or the specified entity tag may not match the part's entity tag.",
                [("UploadId", upload.id), ("PartNumber", str(number))],
            )
        digests.append(base64.b64decode(stated))
    whole = request.header(f"{_PREFIX}{algorithm}")
    if whole is not None and algorithm in ALGORITHMS:
        composite = base64.b64encode(ALGORITHMS[algorithm](b"".join(digests))).decode()
        if whole not in (composite, f"{composite}-{len(digests)}"):
            raise S3Error(
                400,
                "BadDigest",
                f"The {algorithm} you specified did not match the calculated checksum.",
            )


def _stated_parts(body: bytes, algorithm: str) -> list[tuple[int, str | None]]:
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the caller is this machine's own
    except ElementTree.ParseError as error:
        raise S3Error(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            "schema",
        ) from error
    found: list[tuple[int, str | None]] = []
    for element in root:
        if element.tag.rpartition("}")[2] != "Part":
            continue
        fields = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        number = int(fields.get("PartNumber") or 0)
        found.append((number, fields.get(f"Checksum{algorithm.upper()}")))
    return found


def _finished(call: S3Call, bucket: Any) -> bool:
    """Whether this upload already became the object: completing again answers the same."""
    stored = bucket.keys.get(call.key)
    upload = getattr(stored, "multipart", None)
    return upload is not None and upload.id == call.query["uploadId"]


def _completed(call: S3Call, response: HttpResponse, bucket: Any) -> HttpResponse:
    stored = bucket.keys.get(call.key)
    value = _full_value(stored)
    if value is None:
        return response
    name = f"Checksum{stored.checksum_algorithm.upper()}"
    extra = f"<{name}>{value}</{name}><ChecksumType>{stored.checksum_type}</ChecksumType>"
    end = b"</CompleteMultipartUploadResult>"
    return _rewritten(response, response.body.replace(end, extra.encode() + end))


def _full_value(stored: Any) -> str | None:
    """A stored object's checksum as S3 writes it, the number of parts behind a composite."""
    if stored is None or not stored.checksum_algorithm or not stored.checksum_value:
        return None
    if stored.checksum_type == "COMPOSITE":
        return f"{stored.checksum_value}-{stored.checksum_parts}"
    return str(stored.checksum_value)


def _listed(call: S3Call, response: HttpResponse, bucket: Any) -> HttpResponse:
    upload = bucket.multiparts[call.query["uploadId"]]
    return _rewritten(response, s3_parts.page(call.query, call.bucket, call.key, upload))


def _headed(call: S3Call, response: HttpResponse, bucket: Any) -> HttpResponse:
    stored = bucket.keys.get(call.key)
    value = _full_value(stored)
    if value is None or call.query.get("versionId"):
        return response
    wanted = f"{_PREFIX}{stored.checksum_algorithm.lower()}"
    if response.header(wanted) is None:
        return response
    headers = [(name, held) for name, held in response.headers if name.lower() != wanted]
    headers.append((wanted, value))
    if stored.checksum_type and response.header("x-amz-checksum-type") is None:
        headers.append(("x-amz-checksum-type", stored.checksum_type))
    return replace(response, headers=tuple(headers))


def _rewritten(response: HttpResponse, body: bytes) -> HttpResponse:
    headers = tuple(pair for pair in response.headers if pair[0].lower() != "content-length")
    return replace(response, headers=headers, body=body)


def delete_body(objects: Iterable[tuple[str, str | None]]) -> bytes:
    """A DeleteObjects body for (key, version) pairs."""
    inside = "".join(
        f"<Object><Key>{escape(key)}</Key>"
        + (f"<VersionId>{escape(version)}</VersionId>" if version else "")
        + "</Object>"
        for key, version in objects
    )
    return f"<Delete>{inside}</Delete>".encode()


def delete_result(
    response: HttpResponse | None, refused: Iterable[tuple[str, str]]
) -> HttpResponse:
    """What DeleteObjects answers when some (key, message) were refused."""
    errors = "".join(
        f"<Error><Key>{escape(key)}</Key><Code>AccessDenied</Code>"
        f"<Message>{escape(message)}</Message></Error>"
        for key, message in refused
    ).encode()
    if response is None:
        body = b"<DeleteResult>" + errors + b"</DeleteResult>"
        return HttpResponse(200, (("content-type", "application/xml"),), body)
    end = b"</DeleteResult>"
    return _rewritten(response, response.body.replace(end, errors + end))
