"""Which S3 operation a request is, and which permissions it needs.

Source: Amazon S3 user guide, "Required permissions for Amazon S3 API operations", and "Actions,
resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from localcloud.iam.account import Encryption
from localcloud.iam.actions import Scope, UnmappedActionError, key_use
from localcloud.iam.conditions import ContextValue
from localcloud.iam.operations import Operation
from localcloud.iam.policy import Access
from localcloud.wire import HttpRequest

_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?::\d+)?")

_BUCKET_SUBRESOURCES: dict[str, tuple[str, str, str]] = {
    # name: action of GET, of PUT, of DELETE
    "accelerate": ("GetAccelerateConfiguration", "PutAccelerateConfiguration", ""),
    "acl": ("GetBucketAcl", "PutBucketAcl", ""),
    "cors": ("GetBucketCORS", "PutBucketCORS", "PutBucketCORS"),
    "encryption": (
        "GetEncryptionConfiguration",
        "PutEncryptionConfiguration",
        "PutEncryptionConfiguration",
    ),
    "lifecycle": (
        "GetLifecycleConfiguration",
        "PutLifecycleConfiguration",
        "PutLifecycleConfiguration",
    ),
    "location": ("GetBucketLocation", "", ""),
    "logging": ("GetBucketLogging", "PutBucketLogging", ""),
    "notification": ("GetBucketNotification", "PutBucketNotification", ""),
    "object-lock": (
        "GetBucketObjectLockConfiguration",
        "PutBucketObjectLockConfiguration",
        "",
    ),
    "ownershipControls": (
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "PutBucketOwnershipControls",
    ),
    "policy": ("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
    "policyStatus": ("GetBucketPolicyStatus", "", ""),
    "publicAccessBlock": (
        "GetBucketPublicAccessBlock",
        "PutBucketPublicAccessBlock",
        "PutBucketPublicAccessBlock",
    ),
    "replication": (
        "GetReplicationConfiguration",
        "PutReplicationConfiguration",
        "PutReplicationConfiguration",
    ),
    "tagging": ("GetBucketTagging", "PutBucketTagging", "PutBucketTagging"),
    "versioning": ("GetBucketVersioning", "PutBucketVersioning", ""),
    "website": ("GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite"),
}


@dataclass(frozen=True)
class S3Call:
    """A request as S3 reads it."""

    operation: str
    """The API's name, such as `CompleteMultipartUpload`."""
    bucket: str
    key: str
    query: dict[str, str]
    request: HttpRequest

    @property
    def object_arn(self) -> str:
        """The object's ARN."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}"

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.bucket}"


def address(request: HttpRequest) -> tuple[str, str]:
    """(bucket, raw key) of a path-style or virtual-hosted address; empty where there is none."""
    match = _VIRTUAL_HOST.fullmatch(request.host)
    if match:
        return match["bucket"], request.path.lstrip("/")
    bucket, _, key = request.path.lstrip("/").partition("/")
    return unquote(bucket), key


def read(request: HttpRequest) -> S3Call:
    """The operation a request calls; UnmappedActionError when it is none that is known."""
    bucket, raw_key = address(request)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    call = S3Call("", bucket, unquote(raw_key), query, request)
    if not bucket:
        name = "ListBuckets" if request.method == "GET" else ""
    elif not raw_key:
        name = _bucket_operation(request.method, call)
    else:
        name = _object_operation(request, query)
    if not name:
        described = f"{request.method} /{bucket}/{raw_key}?{'&'.join(query)}"
        raise UnmappedActionError(Operation("s3", described))
    return S3Call(name, bucket, unquote(raw_key), query, request)


def _bucket_operation(method: str, call: S3Call) -> str:
    for name, (get, put, delete) in _BUCKET_SUBRESOURCES.items():
        if name in call.query:
            return {"GET": get, "PUT": put, "DELETE": delete}.get(method, "")
    if method == "GET":
        if "uploads" in call.query:
            return "ListMultipartUploads"
        if "versions" in call.query:
            return "ListObjectVersions"
        return "ListObjectsV2" if call.query.get("list-type") == "2" else "ListObjects"
    if method == "POST":
        return "DeleteObjects" if "delete" in call.query else "PostObject"
    return {"HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "")


def _object_operation(request: HttpRequest, query: dict[str, str]) -> str:
    method = request.method
    for subresource, operation in (
        ("tagging", "ObjectTagging"),
        ("acl", "ObjectAcl"),
        ("retention", "ObjectRetention"),
        ("legal-hold", "ObjectLegalHold"),
    ):
        if subresource in query:
            verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method)
            return f"{verb}{operation}" if verb else ""
    if "attributes" in query and method == "GET":
        return "GetObjectAttributes"
    if "uploadId" in query:
        if method == "PUT":
            copies = request.header("x-amz-copy-source") is not None
            return "UploadPartCopy" if copies else "UploadPart"
        return {
            "GET": "ListParts",
            "POST": "CompleteMultipartUpload",
            "DELETE": "AbortMultipartUpload",
        }.get(method, "")
    if "uploads" in query:
        return "CreateMultipartUpload" if method == "POST" else ""
    if "restore" in query:
        return "RestoreObject" if method == "POST" else ""
    if method == "PUT":
        return "CopyObject" if request.header("x-amz-copy-source") is not None else "PutObject"
    return {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}.get(method, "")


_SIMPLE_OBJECT_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "GetObjectAcl": "GetObjectAcl",
    "PutObjectAcl": "PutObjectAcl",
    "GetObjectTagging": "GetObjectTagging",
    "PutObjectTagging": "PutObjectTagging",
    "DeleteObjectTagging": "DeleteObjectTagging",
    "GetObjectRetention": "GetObjectRetention",
    "PutObjectRetention": "PutObjectRetention",
    "GetObjectLegalHold": "GetObjectLegalHold",
    "PutObjectLegalHold": "PutObjectLegalHold",
    "RestoreObject": "RestoreObject",
}
_BUCKET_ACTIONS = {"CreateBucket", "DeleteBucket"}.union(*_BUCKET_SUBRESOURCES.values()) - {""}
_VERSIONED = {
    "GetObject": "GetObjectVersion",
    "HeadObject": "GetObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
}
_LISTING = {
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}


def required(call: S3Call, scope: Scope) -> list[Access]:
    """Everything the call needs of S3 and of the keys that protect its objects."""
    context = _context(call)
    accesses = [
        Access(one.action, one.resource, {**context, **one.context}, one.identity_alone)
        for one in _accesses(call, scope)
    ]
    if not accesses:
        raise UnmappedActionError(Operation("s3", call.operation))
    return accesses


def _accesses(call: S3Call, scope: Scope) -> Iterator[Access]:
    name = call.operation
    if name == "ListBuckets":
        yield Access("s3:ListAllMyBuckets", "*")
    elif name in _LISTING:
        yield Access(f"s3:{_LISTING[name]}", call.bucket_arn)
    elif name in _SIMPLE_OBJECT_ACTIONS:
        yield Access(f"s3:{_SIMPLE_OBJECT_ACTIONS[name]}", call.object_arn)
    elif name in _BUCKET_ACTIONS:
        yield Access(f"s3:{name}", call.bucket_arn)
    elif name == "DeleteObjects":
        for key, version in deleted_keys(call.request.body):
            action = "DeleteObjectVersion" if version else "DeleteObject"
            yield Access(f"s3:{action}", f"{call.bucket_arn}/{key}")
    elif name in ("PutObject", "CopyObject", "CreateMultipartUpload", "PostObject"):
        yield from _writes(call, scope)
    elif name in ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload"):
        yield from _writes_part(call, scope)
    elif name == "ListParts":
        yield Access("s3:ListMultipartUploadParts", call.object_arn)
        yield from _decrypts_upload(call, scope)
    else:
        yield from _one_object(call, scope)


def _one_object(call: S3Call, scope: Scope) -> Iterator[Access]:
    name, version = call.operation, call.query.get("versionId")
    if name in _VERSIONED:
        plain = "GetObject" if name == "HeadObject" else name
        yield Access(f"s3:{_VERSIONED[name] if version else plain}", call.object_arn)
        if name == "GetObject":
            yield from _reads(call.bucket, call.key, version, scope)
    elif name == "GetObjectAttributes":
        action = "GetObjectVersion" if version else "GetObject"
        yield Access(f"s3:{action}", call.object_arn)
        yield Access(f"s3:{action}Attributes", call.object_arn)


def _writes_part(call: S3Call, scope: Scope) -> Iterator[Access]:
    yield Access("s3:PutObject", call.object_arn)
    yield from _decrypts_upload(call, scope)
    if call.operation == "UploadPartCopy":
        yield from _copies(call, scope)


def _decrypts_upload(call: S3Call, scope: Scope) -> Iterator[Access]:
    upload = scope.account.upload_encryption(call.bucket, call.query.get("uploadId", ""))
    yield from _key(upload, "Decrypt", call, scope)


def _writes(call: S3Call, scope: Scope) -> Iterator[Access]:
    header = call.request.header
    yield Access("s3:PutObject", call.object_arn)
    if header("x-amz-acl"):
        yield Access("s3:PutObjectAcl", call.object_arn)
    if header("x-amz-tagging"):
        yield Access("s3:PutObjectTagging", call.object_arn)
    if header("x-amz-object-lock-mode"):
        yield Access("s3:PutObjectRetention", call.object_arn)
    if header("x-amz-object-lock-legal-hold"):
        yield Access("s3:PutObjectLegalHold", call.object_arn)
    encryption = scope.account.bucket_encryption(
        call.bucket,
        header("x-amz-server-side-encryption"),
        header("x-amz-server-side-encryption-aws-kms-key-id"),
    )
    yield from _key(encryption, "GenerateDataKey", call, scope)
    if call.operation == "CopyObject":
        yield from _copies(call, scope)


def _copies(call: S3Call, scope: Scope) -> Iterator[Access]:
    """What reading the source of a copy needs."""
    source, _, query = (call.request.header("x-amz-copy-source") or "").partition("?")
    bucket, _, key = unquote(source).lstrip("/").partition("/")
    version = dict(parse_qsl(query)).get("versionId")
    action = "GetObjectVersion" if version else "GetObject"
    yield Access(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}")
    yield from _reads(bucket, key, version, scope)


def _reads(bucket: str, key: str, version: str | None, scope: Scope) -> Iterator[Access]:
    encryption = scope.account.object_encryption(bucket, key, version)
    yield from _key_for(encryption, "Decrypt", bucket, key, scope)


def _key(
    encryption: Encryption | None, action: str, call: S3Call, scope: Scope
) -> Iterator[Access]:
    yield from _key_for(encryption, action, call.bucket, call.key, scope)


def _key_for(
    encryption: Encryption | None, action: str, bucket: str, key: str, scope: Scope
) -> Iterator[Access]:
    if encryption is None:
        return
    # With a bucket key the context is the bucket's ARN.
    arn = f"arn:aws:s3:::{bucket}" + ("" if encryption.bucket_key else f"/{key}")
    yield key_use(scope, action, encryption.key_arn, "s3", {"aws:s3:arn": arn})


def deleted_keys(body: bytes) -> list[tuple[str, str | None]]:
    """(key, version) of each object a DeleteObjects body names."""
    found: list[tuple[str, str | None]] = []
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the caller is this machine's own
    except ElementTree.ParseError:
        return found
    for element in root.iter():
        if element.tag.rpartition("}")[2] != "Object":
            continue
        fields = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
        found.append((fields.get("Key", ""), fields.get("VersionId")))
    return found


_HEADER_KEYS = (
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "if-match",
    "if-none-match",
)


def _context(call: S3Call) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {
        f"s3:{name}": value for name in _HEADER_KEYS if (value := call.request.header(name))
    }
    if call.operation in _LISTING:
        for name in ("prefix", "delimiter", "max-keys"):
            if name in call.query:
                context[f"s3:{name}"] = call.query[name]
    if version := call.query.get("versionId"):
        context["s3:versionid"] = version
    return context
