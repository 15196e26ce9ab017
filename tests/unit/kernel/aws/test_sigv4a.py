"""Signature Version 4A, held against AWS's own Common Runtime."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from awscrt.auth import (
    AwsCredentialsProvider,
    AwsSignatureType,
    AwsSignedBodyHeaderType,
    AwsSigningAlgorithm,
    AwsSigningConfig,
    aws_sign_request,
)
from awscrt.http import HttpHeaders, HttpRequest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from kernel.aws.sigv4 import Credentials
from kernel.aws.sigv4a import RegionlessSigner, signing_key

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
SERVICE = "cloudfront-keyvaluestore"
HOST = "123456789012.cloudfront-kvs.global.api.aws"
ARN = "arn%3Aaws%3Acloudfront%3A%3A123456789012%3Akey-value-store%2F0a1b"


def test_the_key_is_that_of_the_published_example() -> None:
    """aws-c-auth, tests/key_derivation_tests.c: the key pair of its test credentials."""
    example = Credentials("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")

    numbers = signing_key(example).private_numbers()

    assert f"{numbers.private_value:064x}" == (
        "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd"
    )


@pytest.mark.parametrize("token", [None, "a-session-token"])
@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", f"/key-value-stores/{ARN}", b""),
        ("GET", f"/key-value-stores/{ARN}/keys?MaxResults=50&NextToken=a%3D%3D", b""),
        ("POST", f"/key-value-stores/{ARN}/keys", b'{"Puts":[{"Key":"a","Value":"b"}]}'),
    ],
)
def test_what_aws_signs_is_what_we_sign(
    method: str, target: str, body: bytes, token: str | None
) -> None:
    credentials = Credentials("AKIAEXAMPLE", "a secret/access+key", token)
    headers = {"host": HOST, "if-match": "KV1"}

    ours = RegionlessSigner(credentials, SERVICE).signed(method, target, headers, body, NOW)
    theirs = signed_by_aws(credentials, method, target, headers, body)

    # ECDSA never makes the same signature twice: theirs is checked over what ours was made of.
    mine, other = parts(ours["authorization"]), parts(theirs["authorization"])
    assert mine[:2] == other[:2]
    public = signing_key(credentials).public_key()
    text = string_to_sign(method, target, ours, body)
    for signature in (mine[2], other[2]):
        public.verify(bytes.fromhex(signature), text, ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(bytes.fromhex(mine[2]), text + b"!", ec.ECDSA(SHA256()))


def parts(authorization: str) -> tuple[str, str, str]:
    credential, names, signature = authorization.split(", ")
    return credential, names, signature.partition("=")[2]


def string_to_sign(method: str, target: str, sent: dict[str, str], body: bytes) -> bytes:
    path, _, query = target.partition("?")
    names = sorted(set(sent) - {"authorization"})
    lines = "".join(f"{name}:{sent[name]}\n" for name in names)
    canonical = (
        f"{method}\n{path.replace('%', '%25')}\n{query}\n{lines}\n{';'.join(names)}\n"
        f"{hashlib.sha256(body).hexdigest()}"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    date = sent["x-amz-date"]
    scope = f"{date[:8]}/{SERVICE}/aws4_request"
    return f"AWS4-ECDSA-P256-SHA256\n{date}\n{scope}\n{digest}".encode()


def signed_by_aws(
    credentials: Credentials, method: str, target: str, headers: dict[str, str], body: bytes
) -> dict[str, str]:
    request = HttpRequest(method, target, HttpHeaders(list(headers.items())))
    config = AwsSigningConfig(
        algorithm=AwsSigningAlgorithm.V4_ASYMMETRIC,
        signature_type=AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=AwsCredentialsProvider.new_static(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        ),
        region="*",
        service=SERVICE,
        date=NOW,
        use_double_uri_encode=True,
        signed_body_value=hashlib.sha256(body).hexdigest(),
        signed_body_header_type=AwsSignedBodyHeaderType.NONE,
    )
    signed = aws_sign_request(request, config).result(10)
    return {name.lower(): value for name, value in signed.headers}
