"""Decides whether a request was signed by whoever it says, by AWS Signature Version 4.

Pure: it knows no server and no IAM. Secrets come in through `secret_for`, time through `now`.
Source: "Signature Version 4 signing process" and "Authenticating Requests (AWS Signature
Version 4)" of the Amazon S3 API reference.
"""

from __future__ import annotations

from localcloud.sigv4.canonical import (
    UNSIGNED_PAYLOAD,
    canonical_path,
    canonical_query,
    signing_key,
)
from localcloud.sigv4.claim import (
    ALGORITHM,
    LONGEST_PRESIGNED,
    claimed_service,
    is_presigned,
)
from localcloud.sigv4.errors import (
    ClockSkewError,
    ExpiredCredentialsError,
    ExpiredPresignedUrlError,
    InvalidSessionTokenError,
    MalformedSignatureError,
    MissingSignatureError,
    PayloadMismatchError,
    SignatureError,
    UnknownAccessKeyError,
    UnsignedHeadersError,
    WrongScopeError,
    WrongSignatureError,
)
from localcloud.sigv4.signature import (
    CLOCK_SKEW,
    EMPTY_SHA256,
    Caller,
    Secret,
    sign,
    verify,
)

__all__ = [
    "ALGORITHM",
    "CLOCK_SKEW",
    "EMPTY_SHA256",
    "LONGEST_PRESIGNED",
    "UNSIGNED_PAYLOAD",
    "Caller",
    "ClockSkewError",
    "ExpiredCredentialsError",
    "ExpiredPresignedUrlError",
    "InvalidSessionTokenError",
    "MalformedSignatureError",
    "MissingSignatureError",
    "PayloadMismatchError",
    "Secret",
    "SignatureError",
    "UnknownAccessKeyError",
    "UnsignedHeadersError",
    "WrongScopeError",
    "WrongSignatureError",
    "canonical_path",
    "canonical_query",
    "claimed_service",
    "is_presigned",
    "sign",
    "signing_key",
    "verify",
]
