from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud import sigv4
from localcloud.wire import HttpRequest

SECRET = sigv4.Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
ID = "AKIDEXAMPLE"
HOST = "api1.execute-api.eu-west-1.amazonaws.com"


def secret_for(access_key_id: str) -> sigv4.Secret | None:
    return SECRET if access_key_id == ID else None


def by_botocore(
    method: str,
    path: str,
    service: str,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> HttpRequest:
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    request = AWSRequest(method, f"https://{HOST}{path}", {}, body)
    kind(Credentials(ID, SECRET.secret_access_key), service, "eu-west-1").add_auth(request)
    parts = urlsplit(str(request.url))
    received = tuple((name.lower(), value) for name, value in request.headers.items())
    return HttpRequest(
        method,
        parts.path,
        parts.query,
        headers=(("host", HOST), *received),
        body=body,
        host=HOST,
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/speke/v2.0/copyProtection",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/invocations",
        "/a/./b/../c//d/",
        "/a?b=2&a=1&a=0&empty&enc=%2F%20x",
        "/%C3%BCn%C3%AF",
    ],
)
@pytest.mark.parametrize("service", ["execute-api", "lambda", "s3"])
def test_what_botocore_signs_is_verified(path: str, service: str) -> None:
    request = by_botocore("POST", path, service, body=b"<CPIX/>")

    caller = sigv4.verify(request, secret_for=secret_for, now=datetime.now(UTC), service=service)

    assert (caller.access_key_id, caller.service, caller.body) == (ID, service, b"<CPIX/>")


@pytest.mark.parametrize("service", ["execute-api", "s3"])
def test_what_is_signed_here_is_verified(service: str) -> None:
    now = datetime.now(UTC)
    request = HttpRequest("PUT", "/a b", "y=2&x=1", body=b"body", host=HOST)

    signed = sigv4.sign(
        request, access_key_id=ID, secret=SECRET, region="eu-west-1", service=service, now=now
    )

    assert sigv4.verify(signed, secret_for=secret_for, now=now).access_key_id == ID


def test_another_service_is_the_wrong_scope() -> None:
    request = by_botocore("GET", "/", "lambda")

    with pytest.raises(sigv4.WrongScopeError):
        sigv4.verify(request, secret_for=secret_for, now=datetime.now(UTC), service="execute-api")


@pytest.mark.parametrize(
    "change",
    [
        lambda request: replace(request, method="DELETE"),
        lambda request: replace(request, path="/other"),
        lambda request: replace(request, query="admin=1"),
        lambda request: replace(request, body=b"other"),
    ],
)
def test_any_change_breaks_the_signature(change: Callable[[HttpRequest], HttpRequest]) -> None:
    request = change(by_botocore("POST", "/x", "execute-api", body=b"b"))

    with pytest.raises(sigv4.WrongSignatureError):
        sigv4.verify(request, secret_for=secret_for, now=datetime.now(UTC))


def test_host_must_be_signed() -> None:
    request = by_botocore("GET", "/", "execute-api")
    stripped = tuple(
        (name, value.replace("host;", "") if name == "authorization" else value)
        for name, value in request.headers
    )

    with pytest.raises(sigv4.UnsignedHeadersError):
        sigv4.verify(
            replace(request, headers=stripped), secret_for=secret_for, now=datetime.now(UTC)
        )


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 Credential=x",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA1 Credential=a",
        "Bearer abc",
    ],
)
def test_an_unreadable_authorization_is_malformed(authorization: str) -> None:
    request = HttpRequest("GET", "/", headers=(("authorization", authorization),), host=HOST)

    with pytest.raises(sigv4.MalformedSignatureError):
        sigv4.verify(request, secret_for=secret_for, now=datetime.now(UTC))


def signed_chunks(request: HttpRequest, chunks: list[bytes], trailer: str) -> bytes:
    """The body of an aws-chunked upload, each chunk signed after the one before it."""
    found = dict(request.headers)
    timestamp = found["x-amz-date"]
    scope = f"{timestamp[:8]}/eu-west-1/s3/aws4_request"
    key = sigv4.signing_key(SECRET.secret_access_key, timestamp[:8], "eu-west-1", "s3")
    previous = found["authorization"].rsplit("Signature=", 1)[1]
    body = b""
    for chunk in [*chunks, b""]:
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256-PAYLOAD",
                timestamp,
                scope,
                previous,
                sigv4.EMPTY_SHA256,
                hashlib.sha256(chunk).hexdigest(),
            )
        )
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode()
        body += chunk + b"\r\n" if chunk else b""
    if trailer:
        digest = hashlib.sha256(f"{trailer}\n".encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n{timestamp}\n{scope}\n{previous}\n{digest}"
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        body += f"{trailer}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
    return body + b"\r\n"


class _Streaming(botocore.auth.S3SigV4Auth):
    form = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"

    def payload(self, request: AWSRequest) -> str:
        return self.form


def streamed(form: str) -> HttpRequest:
    signer = _Streaming(Credentials(ID, SECRET.secret_access_key), "s3", "eu-west-1")
    signer.form = form
    request = AWSRequest("PUT", f"https://{HOST}/b/k", {"X-Amz-Content-SHA256": form})
    signer.add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers["x-amz-content-sha256"] = form
    return HttpRequest("PUT", "/b/k", headers=(("host", HOST), *headers.items()), host=HOST)


def verified(request: HttpRequest) -> sigv4.Caller:
    return sigv4.verify(request, secret_for=secret_for, now=datetime.now(UTC))


@pytest.mark.parametrize("trailer", ["", "x-amz-checksum-crc32:AAAAAA=="])
def test_signed_chunks_are_joined(trailer: str) -> None:
    form = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    request = streamed(form)
    request = replace(request, body=signed_chunks(request, [b"a" * 70000, b"end"], trailer))

    caller = verified(request)

    assert caller.body == b"a" * 70000 + b"end"
    assert caller.trailers == ((("x-amz-checksum-crc32", "AAAAAA=="),) if trailer else ())


@pytest.mark.parametrize(("old", "new"), [(b"end", b"END"), (b"AAAAAA==", b"BBBBBB==")])
def test_a_changed_chunk_or_trailer_is_refused(old: bytes, new: bytes) -> None:
    request = streamed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
    body = signed_chunks(request, [b"start", b"end"], "x-amz-checksum-crc32:AAAAAA==")

    with pytest.raises(sigv4.WrongSignatureError):
        verified(replace(request, body=body.replace(old, new)))


def test_an_unsigned_stream_is_joined_with_its_trailer() -> None:
    checksum = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
    body = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()

    caller = verified(replace(streamed("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), body=body))

    assert caller.body == b"hello"
    assert caller.trailers == (("x-amz-checksum-crc32", checksum),)


@pytest.mark.parametrize("body", [b"", b"5\r\nhel", b"zz\r\nhello\r\n", b"3\r\nhello\r\n0\r\n\r\n"])
def test_a_stream_cut_short_is_malformed(body: bytes) -> None:
    with pytest.raises(sigv4.MalformedSignatureError):
        verified(replace(streamed("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), body=body))
