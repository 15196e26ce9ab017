"""AWS's refusals, in the form and words of each protocol.

Forms: S3 XML, the JSON protocols' `__type`, REST-JSON's `x-amzn-errortype`, query XML.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from localcloud import sigv4
from localcloud.iam import operations
from localcloud.iam.authorizer import Denial
from localcloud.wire import HttpResponse

Fields = Sequence[tuple[str, str]]

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_CORAL = "com.amazon.coral.service#"


def s3(status: int, code: str, message: str, fields: Fields = ()) -> HttpResponse:
    """An S3 error document."""
    request_id = uuid.uuid4().hex[:16].upper()
    parts = [("Code", code), ("Message", message), *fields, ("RequestId", request_id)]
    parts.append(("HostId", "local"))
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()
    headers = (("content-type", "application/xml"), ("x-amz-request-id", request_id))
    return HttpResponse(status, headers, body)


def render(protocol: str, service: str, status: int, code: str, message: str) -> HttpResponse:
    """An error in the protocol's form; `code` is the one that form uses."""
    request_id = str(uuid.uuid4())
    if service == "s3":
        return s3(status, code, message)
    if protocol == operations.JSON:
        name = "Message" if code.startswith("AccessDenied") else "message"
        prefix = "" if service == "kms" else _CORAL
        body = json.dumps({"__type": f"{prefix}{code}", name: message}).encode()
        headers: tuple[tuple[str, str], ...] = (
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amzn-requestid", request_id),
        )
        if service == "sqs":
            # SQS also says what the query protocol would have said, and SDKs read that.
            old = _QUERY_CODES.get(code, code)
            headers = (*headers, ("x-amzn-query-error", f"{old};Sender"))
        return HttpResponse(status, headers, body)
    if protocol == operations.REST_JSON:
        name = "Message" if code.startswith("AccessDenied") else "message"
        return HttpResponse(
            status,
            (
                ("content-type", "application/json"),
                ("x-amzn-requestid", request_id),
                ("x-amzn-errortype", code),
            ),
            json.dumps({name: message}).encode(),
        )
    text = (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = (("content-type", "text/xml"), ("x-amzn-requestid", request_id))
    return HttpResponse(status, headers, text.encode())


_QUERY_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
"""JSON protocols' codes as the query protocol and REST-XML name them."""


def _status(protocol: str, service: str) -> int:
    """JSON services refuse with 400, the others (and SQS) with 403."""
    return 400 if protocol == operations.JSON and service != "sqs" else 403


def _coded(protocol: str, service: str, code: str, message: str) -> HttpResponse:
    if protocol in (operations.QUERY, operations.REST_XML):
        code = _QUERY_CODES.get(code, code)
    return render(protocol, service, _status(protocol, service), code, message)


def denied(protocol: str, service: str, denial: Denial) -> HttpResponse:
    """A refusal by policies."""
    if service == "s3":
        return s3(403, "AccessDenied", denial.s3_message)
    message = denial.message
    if service == "sqs":
        # SQS writes its actions in lower case.
        message = message.replace(denial.access.action, denial.access.action.lower())
    if service == "sns":
        spoken = denial.access.action.replace("sns:", "SNS:")
        message = message.replace(denial.access.action, spoken)
        return render(protocol, service, 403, "AuthorizationError", message)
    return _coded(protocol, service, "AccessDeniedException", message)


def unmapped(protocol: str, service: str, what: str) -> HttpResponse:
    """An operation whose permissions nobody stated: never answered by allowing it."""
    message = f"The local cloud does not know which permissions {what} needs; see iam/actions."
    code = "NotImplemented" if service == "s3" else "NotImplementedException"
    return render(protocol, service, 501, code, message)


def signature(protocol: str, service: str, error: sigv4.SignatureError) -> HttpResponse:
    """A refusal because the request cannot be attributed to anybody."""
    if service == "s3":
        return _s3_signature(error)
    code, message = _code_and_message(error)
    return _coded(protocol, service, code, message)


def _code_and_message(error: sigv4.SignatureError) -> tuple[str, str]:
    describe = _CODES.get(type(error))
    return describe(error) if describe else ("InvalidSignatureException", MISMATCH)


def _scope(error: sigv4.WrongScopeError) -> tuple[str, str]:
    messages = {
        "region": "Credential should be scoped to a valid region. ",
        "service": f"Credential should be scoped to correct service: '{error.expected}'. ",
        "date": (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{error.given}' != '{error.expected}'."
        ),
    }
    return "InvalidSignatureException", messages[error.part]


def _skew(error: sigv4.ClockSkewError) -> str:
    minutes = int(sigv4.CLOCK_SKEW.total_seconds() // 60)
    if error.signed_at < error.now:
        limit = error.now - sigv4.CLOCK_SKEW
        return (
            f"Signature expired: {_basic(error.signed_at)} is now earlier than {_basic(limit)} "
            f"({_basic(error.now)} - {minutes} min.)"
        )
    limit = error.now + sigv4.CLOCK_SKEW
    return (
        f"Signature not yet current: {_basic(error.signed_at)} is still later than "
        f"{_basic(limit)} ({_basic(error.now)} + {minutes} min.)"
    )


def _basic(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_UNKNOWN_TOKEN = (
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
)

_CODES: dict[type[sigv4.SignatureError], Callable[[Any], tuple[str, str]]] = {
    sigv4.MissingSignatureError: lambda _: (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    ),
    sigv4.MalformedSignatureError: lambda e: ("IncompleteSignatureException", e.message),
    sigv4.UnknownAccessKeyError: lambda _: _UNKNOWN_TOKEN,
    sigv4.InvalidSessionTokenError: lambda _: _UNKNOWN_TOKEN,
    sigv4.ExpiredCredentialsError: lambda _: (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    sigv4.WrongScopeError: _scope,
    sigv4.ClockSkewError: lambda e: ("InvalidSignatureException", _skew(e)),
    sigv4.ExpiredPresignedUrlError: lambda e: (
        "InvalidSignatureException",
        f"Signature expired: {_basic(e.expired_at)} is now earlier than {_basic(e.now)}",
    ),
    sigv4.UnsignedHeadersError: lambda _: (
        "InvalidSignatureException",
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    ),
}


def _s3_signature(error: sigv4.SignatureError) -> HttpResponse:
    describe = _S3.get(type(error))
    return describe(error) if describe else s3(403, "AccessDenied", "Access Denied")


def _s3_malformed(error: sigv4.MalformedSignatureError) -> HttpResponse:
    in_query = error.message.startswith(("Query-string", "X-Amz-Expires"))
    code = "AuthorizationQueryParametersError" if in_query else "AuthorizationHeaderMalformed"
    return s3(400, code, error.message)


def _s3_scope(error: sigv4.WrongScopeError) -> HttpResponse:
    message = (
        f"The authorization header is malformed; the {error.part} '{error.given}' is wrong; "
        f"expecting '{error.expected}'"
    )
    fields = [("Region", error.expected)] if error.part == "region" else []
    return s3(400, "AuthorizationHeaderMalformed", message, fields)


def _s3_skew(error: sigv4.ClockSkewError) -> HttpResponse:
    milliseconds = int(sigv4.CLOCK_SKEW.total_seconds() * 1000)
    return s3(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        [
            ("RequestTime", _basic(error.signed_at)),
            ("ServerTime", _iso(error.now)),
            ("MaxAllowedSkewMilliseconds", str(milliseconds)),
        ],
    )


def _s3_mismatch(error: sigv4.WrongSignatureError) -> HttpResponse:
    return s3(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check "
        "your key and signing method.",
        [
            ("AWSAccessKeyId", error.access_key_id),
            ("StringToSign", error.string_to_sign),
            ("SignatureProvided", error.provided),
            ("StringToSignBytes", _bytes(error.string_to_sign)),
            ("CanonicalRequest", error.canonical_request),
            ("CanonicalRequestBytes", _bytes(error.canonical_request)),
        ],
    )


_S3: dict[type[sigv4.SignatureError], Callable[[Any], HttpResponse]] = {
    sigv4.MalformedSignatureError: _s3_malformed,
    sigv4.WrongScopeError: _s3_scope,
    sigv4.UnknownAccessKeyError: lambda e: s3(
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        [("AWSAccessKeyId", e.access_key_id)],
    ),
    sigv4.InvalidSessionTokenError: lambda e: s3(
        400,
        "InvalidToken",
        "The provided token is malformed or otherwise invalid.",
        [("Token-0", e.given or "")],
    ),
    sigv4.ExpiredCredentialsError: lambda _: s3(
        400, "ExpiredToken", "The provided token has expired."
    ),
    sigv4.ClockSkewError: _s3_skew,
    sigv4.ExpiredPresignedUrlError: lambda e: s3(
        403,
        "AccessDenied",
        "Request has expired",
        [
            ("X-Amz-Expires", str(e.expires)),
            ("Expires", _iso(e.expired_at)),
            ("ServerTime", _iso(e.now)),
        ],
    ),
    sigv4.UnsignedHeadersError: lambda e: s3(
        403,
        "AccessDenied",
        "There were headers present in the request which were not signed",
        [("HeadersNotSigned", ", ".join(e.names))],
    ),
    sigv4.PayloadMismatchError: lambda e: s3(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        [("ClientComputedContentSHA256", e.claimed), ("S3ComputedContentSHA256", e.computed)],
    ),
    sigv4.WrongSignatureError: _s3_mismatch,
}


def _bytes(text: str) -> str:
    return " ".join(f"{byte:02x}" for byte in text.encode())
