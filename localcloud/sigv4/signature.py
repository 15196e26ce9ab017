"""Verifies signatures, and makes them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from localcloud import aws_chunked
from localcloud.sigv4 import asymmetric
from localcloud.sigv4.canonical import (
    UNSIGNED_PAYLOAD,
    canonical_request,
    payload_hash,
    sign_text,
    signing_key,
    string_to_sign,
)
from localcloud.sigv4.claim import ALGORITHM, ASYMMETRIC, Claim, read_claim
from localcloud.sigv4.errors import (
    ClockSkewError,
    ExpiredCredentialsError,
    ExpiredPresignedUrlError,
    InvalidSessionTokenError,
    MalformedSignatureError,
    PayloadMismatchError,
    UnknownAccessKeyError,
    UnsignedHeadersError,
    WrongScopeError,
    WrongSignatureError,
)
from localcloud.wire import HttpRequest

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
CLOCK_SKEW = timedelta(minutes=15)
"""How far a signer's clock may be from ours: S3's rule, the widest of the services'."""

_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Secret:
    """What is known of an access key id."""

    secret_access_key: str
    session_token: str | None = None
    """Must accompany every request when set."""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Caller:
    """A verified signature: who signed, for which service, and the body they signed for."""

    access_key_id: str
    service: str
    region: str
    presigned: bool
    signed_at: datetime
    body: bytes
    """The body after `aws-chunked` framing was taken off."""
    trailers: tuple[tuple[str, str], ...] = ()
    """Trailing headers of an `aws-chunked` body, such as its checksum."""


def verify(
    request: HttpRequest,
    *,
    secret_for: Callable[[str], Secret | None],
    now: datetime,
    service: str | None = None,
    regions: frozenset[str] | None = None,
) -> Caller:
    """Check the signature in the header or the query and answer who made it.

    `service` and `regions`, when given, are the only ones the scope may name. Raises a
    SignatureError whose class says what is wrong.
    """
    claim = read_claim(request)
    _check_scope(claim, service, regions)
    secret = secret_for(claim.access_key_id)
    if secret is None:
        raise UnknownAccessKeyError(claim.access_key_id)
    signed_at = _check_time(claim, now)
    if claim.session_token != secret.session_token:
        raise InvalidSessionTokenError(claim.session_token)
    if secret.expires_at is not None and now >= secret.expires_at:
        raise ExpiredCredentialsError("the session has ended")
    _check_signed_headers(request, claim)
    key = signing_key(secret.secret_access_key, claim.date, claim.region, claim.service)
    _check_signature(request, claim, secret, key)
    body, trailers = _check_payload(request, claim, key)
    return Caller(
        access_key_id=claim.access_key_id,
        service=claim.service,
        region=claim.region,
        presigned=claim.expires is not None,
        signed_at=signed_at,
        body=body,
        trailers=trailers,
    )


def sign(
    request: HttpRequest,
    *,
    access_key_id: str,
    secret: Secret,
    region: str,
    service: str,
    now: datetime,
) -> HttpRequest:
    """The request with date, payload hash, token and Authorization headers added."""
    timestamp = now.astimezone(UTC).strftime(_TIMESTAMP)
    digest = hashlib.sha256(request.body).hexdigest()
    replaced = {"authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
    headers = [pair for pair in request.headers if pair[0] not in replaced]
    if not any(name == "host" for name, _ in headers):
        headers.append(("host", request.host))
    headers += [("x-amz-date", timestamp), ("x-amz-content-sha256", digest)]
    if secret.session_token:
        headers.append(("x-amz-security-token", secret.session_token))
    prepared = replace(request, headers=tuple(headers))
    names = tuple(
        sorted(
            {name for name, _ in headers if name in ("host", "content-type")}
            | {name for name, _ in headers if name.startswith("x-amz-")}
        )
    )
    claim = Claim(
        access_key_id=access_key_id,
        date=timestamp[:8],
        region=region,
        service=service,
        signed_headers=names,
        signature="",
        timestamp=timestamp,
        session_token=secret.session_token,
        payload_hash=digest,
        expires=None,
        query=request.query,
    )
    key = signing_key(secret.secret_access_key, claim.date, region, service)
    signature = sign_text(key, string_to_sign(claim, canonical_request(prepared, claim)))
    scope = f"{claim.date}/{region}/{service}/aws4_request"
    authorization = (
        f"{ALGORITHM} Credential={access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return replace(prepared, headers=(*prepared.headers, ("authorization", authorization)))


def _check_scope(claim: Claim, service: str | None, regions: frozenset[str] | None) -> None:
    if claim.timestamp[:8] != claim.date:
        raise WrongScopeError("date", claim.date, claim.timestamp[:8])
    if service is not None and claim.service != service:
        raise WrongScopeError("service", claim.service, service)
    if claim.service in asymmetric.SERVICES and claim.algorithm != ASYMMETRIC:
        raise MalformedSignatureError(
            f"Unsupported algorithm {claim.algorithm}", access_key_id=claim.access_key_id
        )
    if regions is not None and not _covers(claim, regions):
        raise WrongScopeError("region", claim.region, sorted(regions)[0])


def _covers(claim: Claim, regions: frozenset[str]) -> bool:
    if claim.algorithm != ASYMMETRIC:
        return claim.region in regions
    return any(each.strip() in {"*", *regions} for each in claim.region.split(","))


def _check_time(claim: Claim, now: datetime) -> datetime:
    try:
        signed_at = datetime.strptime(claim.timestamp, _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise MalformedSignatureError(
            "Date must be in ISO-8601 'basic format'. Got "
            f"'{claim.timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ) from error
    if claim.expires is None:
        if abs(now - signed_at) > CLOCK_SKEW:
            raise ClockSkewError(signed_at, now)
        return signed_at
    if signed_at - now > CLOCK_SKEW:
        raise ClockSkewError(signed_at, now)
    expired_at = signed_at + timedelta(seconds=claim.expires)
    if now > expired_at:
        raise ExpiredPresignedUrlError(claim.expires, expired_at, now)
    return signed_at


def _check_signed_headers(request: HttpRequest, claim: Claim) -> None:
    signed = set(claim.signed_headers)
    if "host" not in signed:
        raise UnsignedHeadersError(["host"])
    if claim.service == "s3":
        # A presigned URL states its payload hash in the query or leaves it unsigned.
        free = {"x-amz-content-sha256"} if claim.expires is not None else set()
        present = {name for name, _ in request.headers if name.startswith("x-amz-")}
        if unsigned := sorted(present - signed - free):
            raise UnsignedHeadersError(unsigned)


def _check_signature(request: HttpRequest, claim: Claim, secret: Secret, key: bytes) -> None:
    canonical = canonical_request(request, claim)
    text = string_to_sign(claim, canonical)
    if claim.algorithm == ASYMMETRIC:
        public = asymmetric.public_key(claim.access_key_id, secret.secret_access_key)
        is_right = asymmetric.is_signed(public, text, claim.signature)
    else:
        is_right = hmac.compare_digest(sign_text(key, text), claim.signature)
    if not is_right:
        raise WrongSignatureError(claim.access_key_id, claim.signature, text, canonical)


def _check_payload(
    request: HttpRequest, claim: Claim, key: bytes
) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The body freed of its framing, and its trailers, once its hash was seen to match."""
    claimed = payload_hash(request, claim)
    if claimed.startswith("STREAMING-"):
        signer = aws_chunked.ChunkSigner(
            key=key,
            timestamp=claim.timestamp,
            scope=f"{claim.date}/{claim.region}/{claim.service}/aws4_request",
            seed=claim.signature,
        )
        try:
            return aws_chunked.decode(request.body, claimed, signer)
        except aws_chunked.ChunkSignatureError as error:
            raise WrongSignatureError(
                claim.access_key_id, error.provided, error.string_to_sign, ""
            ) from error
        except aws_chunked.MalformedChunksError as error:
            raise MalformedSignatureError(str(error)) from error
    if claimed != UNSIGNED_PAYLOAD:
        computed = hashlib.sha256(request.body).hexdigest()
        if not _HEX_DIGEST.fullmatch(claimed) or claimed != computed:
            raise PayloadMismatchError(claimed, computed)
    return request.body, ()
