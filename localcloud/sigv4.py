"""Decides whether a request was signed by whoever it says, by AWS Signature Version 4.

Pure: it knows no server and no IAM. Secrets come in through `secret_for`, time through `now`.
Source: "Signature Version 4 signing process" and "Authenticating Requests (AWS Signature
Version 4)" of the Amazon S3 API reference.
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_to_bytes

from localcloud import aws_chunked
from localcloud.wire import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
CLOCK_SKEW = timedelta(minutes=15)
"""How far a signer's clock may be from ours: S3's rule, the widest of the services'."""
LONGEST_PRESIGNED = timedelta(days=7)
"""X-Amz-Expires may not exceed a week."""

_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_UNRESERVED = "/~"
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


class SignatureError(Exception):
    """The request cannot be attributed to anybody."""


class MissingSignatureError(SignatureError):
    """The request carries no signature at all."""


class MalformedSignatureError(SignatureError):
    """The signature's own fields are incomplete or cannot be read."""

    def __init__(self, message: str, *, access_key_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.access_key_id = access_key_id


class WrongScopeError(SignatureError):
    """The credential scope names another service, region or day."""

    def __init__(self, part: str, given: str, expected: str) -> None:
        super().__init__(f"the {part} '{given}' is wrong; expecting '{expected}'")
        self.part = part
        self.given = given
        self.expected = expected


class UnknownAccessKeyError(SignatureError):
    """Nobody holds this access key id."""

    def __init__(self, access_key_id: str) -> None:
        super().__init__(f"unknown access key {access_key_id}")
        self.access_key_id = access_key_id


class InvalidSessionTokenError(SignatureError):
    """The session token is missing or is not the one issued with the key."""

    def __init__(self, given: str | None) -> None:
        super().__init__("the session token does not belong to the access key")
        self.given = given


class ExpiredCredentialsError(SignatureError):
    """The session behind the key has ended."""


class ClockSkewError(SignatureError):
    """The request was signed too long ago or too far in the future."""

    def __init__(self, signed_at: datetime, now: datetime) -> None:
        super().__init__(f"signed at {signed_at.isoformat()}, now {now.isoformat()}")
        self.signed_at = signed_at
        self.now = now


class ExpiredPresignedUrlError(SignatureError):
    """The presigned URL outlived its X-Amz-Expires."""

    def __init__(self, expires: int, expired_at: datetime, now: datetime) -> None:
        super().__init__(f"expired at {expired_at.isoformat()}")
        self.expires = expires
        self.expired_at = expired_at
        self.now = now


class UnsignedHeadersError(SignatureError):
    """Headers that must be signed were not."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"not signed: {', '.join(self.names)}")


class PayloadMismatchError(SignatureError):
    """The body is not the one whose hash was signed."""

    def __init__(self, claimed: str, computed: str) -> None:
        super().__init__("the payload hash does not match the body")
        self.claimed = claimed
        self.computed = computed


class WrongSignatureError(SignatureError):
    """The signature is not what the secret makes of this request."""

    def __init__(
        self, access_key_id: str, provided: str, string_to_sign: str, canonical_request: str
    ) -> None:
        super().__init__("the signature does not match")
        self.access_key_id = access_key_id
        self.provided = provided
        self.string_to_sign = string_to_sign
        self.canonical_request = canonical_request


@dataclass(frozen=True)
class _Claim:
    """What a request says of its own signature, wherever it said it."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    session_token: str | None
    payload_hash: str | None
    expires: int | None
    query: str
    """The query to canonicalise: without the signature when that was presigned."""


def is_presigned(request: HttpRequest) -> bool:
    """Whether the query carries a Signature Version 4."""
    return "X-Amz-Algorithm=" in request.query


def claimed_service(request: HttpRequest) -> str | None:
    """The signing name of the service the request says it is for, unverified."""
    scope = _claimed_scope(request)
    return scope[2] if scope else None


def _claimed_scope(request: HttpRequest) -> tuple[str, str, str] | None:
    """(date, region, service) as claimed, when the credential can be read."""
    try:
        claim = _read_claim(request)
    except SignatureError:
        return None
    return claim.date, claim.region, claim.service


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
    claim = _read_claim(request)
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
    _check_signature(request, claim, key)
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
    claim = _Claim(
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
    signature = _sign_text(key, _string_to_sign(claim, _canonical_request(prepared, claim)))
    scope = f"{claim.date}/{region}/{service}/aws4_request"
    authorization = (
        f"{ALGORITHM} Credential={access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return replace(prepared, headers=(*prepared.headers, ("authorization", authorization)))


@lru_cache(maxsize=1024)
def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """The key derived for one day, region and service."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _sign_text(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _read_claim(request: HttpRequest) -> _Claim:
    authorization = request.header("authorization")
    if authorization is not None and authorization.startswith("AWS4-"):
        return _claim_of_header(request, authorization)
    if is_presigned(request):
        return _claim_of_query(request)
    if authorization is not None:
        raise MalformedSignatureError("Unsupported Authorization Type")
    raise MissingSignatureError("no signature")


def _claim_of_header(request: HttpRequest, authorization: str) -> _Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise MalformedSignatureError(f"Unsupported algorithm {algorithm}")
    fields = {
        name.strip(): value.strip()
        for name, equals, value in (part.partition("=") for part in rest.split(","))
        if equals
    }
    missing = [n for n in ("Credential", "SignedHeaders", "Signature") if not fields.get(n)]
    if missing:
        words = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        raise MalformedSignatureError(f"{words} Authorization={algorithm}")
    access_key_id, date, region, service = _credential(fields["Credential"])
    timestamp = request.header("x-amz-date")
    if timestamp is None:
        raise MalformedSignatureError(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
            access_key_id=access_key_id,
        )
    return _Claim(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(fields["SignedHeaders"].lower().split(";")),
        signature=fields["Signature"],
        timestamp=timestamp,
        session_token=request.header("x-amz-security-token"),
        payload_hash=request.header("x-amz-content-sha256"),
        expires=None,
        query=request.query,
    )


def _claim_of_query(request: HttpRequest) -> _Claim:
    pairs = [part.partition("=") for part in request.query.split("&") if part]
    fields = {unquote(name): unquote(value) for name, _, value in pairs}
    needed = (
        "X-Amz-Credential",
        "X-Amz-Signature",
        "X-Amz-Date",
        "X-Amz-SignedHeaders",
        "X-Amz-Expires",
    )
    if fields.get("X-Amz-Algorithm") != ALGORITHM or any(not fields.get(n) for n in needed):
        raise MalformedSignatureError(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters."
        )
    access_key_id, date, region, service = _credential(fields["X-Amz-Credential"])
    expires = fields["X-Amz-Expires"]
    if not expires.isdigit():
        raise MalformedSignatureError(
            "X-Amz-Expires should be a number", access_key_id=access_key_id
        )
    if int(expires) > LONGEST_PRESIGNED.total_seconds():
        raise MalformedSignatureError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            "X-Amz-Expires must be less than 604800 seconds",
            access_key_id=access_key_id,
        )
    kept = [f"{n}{e}{v}" for n, e, v in pairs if unquote(n) != "X-Amz-Signature"]
    return _Claim(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(fields["X-Amz-SignedHeaders"].lower().split(";")),
        signature=fields["X-Amz-Signature"],
        timestamp=fields["X-Amz-Date"],
        session_token=fields.get("X-Amz-Security-Token"),
        payload_hash=fields.get("X-Amz-Content-Sha256") or request.header("x-amz-content-sha256"),
        expires=int(expires),
        query="&".join(kept),
    )


def _credential(text: str) -> tuple[str, str, str, str]:
    parts = text.split("/")
    if len(parts) < 5 or parts[-1] != "aws4_request":
        raise MalformedSignatureError(
            "Credential must have at least 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{text}'"
        )
    date, region, service = parts[-4:-1]
    return "/".join(parts[:-4]), date, region, service


def _check_scope(claim: _Claim, service: str | None, regions: frozenset[str] | None) -> None:
    if claim.timestamp[:8] != claim.date:
        raise WrongScopeError("date", claim.date, claim.timestamp[:8])
    if service is not None and claim.service != service:
        raise WrongScopeError("service", claim.service, service)
    if regions is not None and claim.region not in regions:
        raise WrongScopeError("region", claim.region, sorted(regions)[0])


def _check_time(claim: _Claim, now: datetime) -> datetime:
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


def _check_signed_headers(request: HttpRequest, claim: _Claim) -> None:
    signed = set(claim.signed_headers)
    if "host" not in signed:
        raise UnsignedHeadersError(["host"])
    if claim.service == "s3":
        # A presigned URL states its payload hash in the query or leaves it unsigned.
        free = {"x-amz-content-sha256"} if claim.expires is not None else set()
        present = {name for name, _ in request.headers if name.startswith("x-amz-")}
        if unsigned := sorted(present - signed - free):
            raise UnsignedHeadersError(unsigned)


def _check_signature(request: HttpRequest, claim: _Claim, key: bytes) -> None:
    canonical = _canonical_request(request, claim)
    text = _string_to_sign(claim, canonical)
    if not hmac.compare_digest(_sign_text(key, text), claim.signature):
        raise WrongSignatureError(claim.access_key_id, claim.signature, text, canonical)


def _payload_hash(request: HttpRequest, claim: _Claim) -> str:
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


def _check_payload(
    request: HttpRequest, claim: _Claim, key: bytes
) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The body freed of its framing, and its trailers, once its hash was seen to match."""
    claimed = _payload_hash(request, claim)
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


def _string_to_sign(claim: _Claim, canonical_request: str) -> str:
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    return f"{ALGORITHM}\n{claim.timestamp}\n{scope}\n{digest}"


def _canonical_request(request: HttpRequest, claim: _Claim) -> str:
    headers = "".join(f"{name}:{_header_value(request, name)}\n" for name in claim.signed_headers)
    return "\n".join(
        (
            request.method,
            canonical_path(request.path, claim.service),
            canonical_query(claim.query),
            headers,
            ";".join(claim.signed_headers),
            _payload_hash(request, claim),
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
