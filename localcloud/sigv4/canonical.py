"""The canonical form of a request, what is signed of it, and the key that signs."""

from __future__ import annotations

import hashlib
import hmac
import posixpath
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from localcloud.sigv4.claim import Claim
from localcloud.sigv4.errors import MalformedSignatureError
from localcloud.wire import HttpRequest

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
_UNRESERVED = "/~"


@lru_cache(maxsize=1024)
def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """The key derived for one day, region and service."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def sign_text(key: bytes, text: str) -> str:
    """The signature of a text in hexadecimal."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def payload_hash(request: HttpRequest, claim: Claim) -> str:
    """The payload's hash as it was signed: what the request says, or what its service implies."""
    if claim.payload_hash is not None:
        return claim.payload_hash
    if claim.service == "s3":
        if claim.expires is None:
            raise MalformedSignatureError(
                "Missing required header for this request: x-amz-content-sha256",
                access_key_id=claim.access_key_id,
            )
        return UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest()


def string_to_sign(claim: Claim, canonical_request: str) -> str:
    """What the signature is made of."""
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    return f"{claim.algorithm}\n{claim.timestamp}\n{claim.scope}\n{digest}"


def canonical_request(request: HttpRequest, claim: Claim) -> str:
    """The request in the one form that signer and verifier agree on."""
    headers = "".join(f"{name}:{_header_value(request, name)}\n" for name in claim.signed_headers)
    return "\n".join(
        (
            request.method,
            canonical_path(request.path, claim.service),
            canonical_query(claim.query),
            headers,
            ";".join(claim.signed_headers),
            payload_hash(request, claim),
        )
    )


def _header_value(request: HttpRequest, name: str) -> str:
    values = [value for key, value in request.headers if key == name]
    if not values and name == "host":
        values = [request.host]
    return ",".join(" ".join(value.split()) for value in values)


def canonical_path(raw_path: str, service: str) -> str:
    """S3 encodes the path once and keeps its dots; every other service encodes it again."""
    if service == "s3":
        return quote(unquote_to_bytes(raw_path), safe=_UNRESERVED) or "/"
    if not raw_path or raw_path == "/":
        return "/"
    normalised = posixpath.normpath(raw_path)
    # POSIX keeps exactly two leading slashes; the canonical path has one.
    normalised = "/" + normalised.lstrip("/")
    if raw_path.endswith("/") and not normalised.endswith("/"):
        normalised += "/"
    return quote(normalised, safe=_UNRESERVED)


def canonical_query(raw_query: str) -> str:
    """Names and values encoded once, sorted by both."""
    pairs = []
    for part in raw_query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        pairs.append(
            (quote(unquote_to_bytes(name), safe="~"), quote(unquote_to_bytes(value), safe="~"))
        )
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
