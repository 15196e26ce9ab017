"""What a request says of its own signature, in its header or in its query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

from localcloud.sigv4.errors import MalformedSignatureError, MissingSignatureError, SignatureError
from localcloud.wire import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
"""Signature Version 4A: the scope names no region, a header names several."""

REGION_SET = "x-amz-region-set"
LONGEST_PRESIGNED = timedelta(days=7)
"""X-Amz-Expires may not exceed a week."""


@dataclass(frozen=True)
class Claim:
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
    algorithm: str = ALGORITHM

    @property
    def scope(self) -> str:
        """What the signature is good for."""
        region = "" if self.algorithm == ASYMMETRIC else f"{self.region}/"
        return f"{self.date}/{region}{self.service}/aws4_request"


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
        claim = read_claim(request)
    except SignatureError:
        return None
    return claim.date, claim.region, claim.service


def read_claim(request: HttpRequest) -> Claim:
    """The claim; MissingSignatureError or MalformedSignatureError."""
    authorization = request.header("authorization")
    if authorization is not None and authorization.startswith("AWS4-"):
        return _claim_of_header(request, authorization)
    if is_presigned(request):
        return _claim_of_query(request)
    if authorization is not None:
        raise MalformedSignatureError("Unsupported Authorization Type")
    raise MissingSignatureError("no signature")


def _claim_of_header(request: HttpRequest, authorization: str) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm not in (ALGORITHM, ASYMMETRIC):
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
    if algorithm == ASYMMETRIC:
        access_key_id, date, service = _regionless(fields["Credential"])
        region = request.header(REGION_SET) or ""
    else:
        access_key_id, date, region, service = _credential(fields["Credential"])
    timestamp = request.header("x-amz-date")
    if timestamp is None:
        raise MalformedSignatureError(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
            access_key_id=access_key_id,
        )
    return Claim(
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
        algorithm=algorithm,
    )


def _claim_of_query(request: HttpRequest) -> Claim:
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
    return Claim(
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


def _regionless(text: str) -> tuple[str, str, str]:
    parts = text.split("/")
    if len(parts) < 4 or parts[-1] != "aws4_request":
        raise MalformedSignatureError(
            "Credential must have at least 4 slash-delimited elements, "
            f"e.g. keyid/date/service/term, got '{text}'"
        )
    date, service = parts[-3:-1]
    return "/".join(parts[:-3]), date, service


def _credential(text: str) -> tuple[str, str, str, str]:
    parts = text.split("/")
    if len(parts) < 5 or parts[-1] != "aws4_request":
        raise MalformedSignatureError(
            "Credential must have at least 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{text}'"
        )
    date, region, service = parts[-4:-1]
    return "/".join(parts[:-4]), date, region, service
