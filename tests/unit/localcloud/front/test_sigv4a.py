"""Signature Version 4A, which KeyValueStores take and nothing else of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from awscrt.http import HttpHeaders
from awscrt.http import HttpRequest as CrtRequest

from localcloud import sigv4
from localcloud.wire import HttpRequest

SERVICE = "cloudfront-keyvaluestore"
SECRET = sigv4.Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
ID = "AKIDEXAMPLE"
HOST = "127.0.0.1:10080"
PATH = "/key-value-stores/arn%3Aaws%3Acloudfront%3A%3A1%3Akey-value-store%2Fa/keys"


def by_aws(regions: str = "*", method: str = "GET", query: str = "MaxResults=2") -> HttpRequest:
    """A request as AWS's Common Runtime signs it for every SDK."""
    sent = CrtRequest(method, f"{PATH}?{query}", HttpHeaders([("host", HOST)]))
    config = AwsSigningConfig(
        algorithm=AwsSigningAlgorithm.V4_ASYMMETRIC,
        signature_type=AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=AwsCredentialsProvider.new_static(ID, SECRET.secret_access_key),
        region=regions,
        service=SERVICE,
        date=datetime.now(UTC),
        use_double_uri_encode=True,
        signed_body_header_type=AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
    )
    signed = aws_sign_request(sent, config).result(10)
    headers = tuple((name.lower(), value) for name, value in signed.headers)
    return HttpRequest(method, PATH, query, headers=headers, host=HOST)


def verified(request: HttpRequest, regions: frozenset[str] | None = None) -> sigv4.Caller:
    return sigv4.verify(
        request,
        secret_for=lambda key: SECRET if key == ID else None,
        now=datetime.now(UTC),
        regions=regions,
    )


@pytest.mark.parametrize("regions", ["*", "eu-west-1", "us-east-1,eu-west-1"])
def test_what_aws_signs_is_verified_for_the_regions_it_names(regions: str) -> None:
    caller = verified(by_aws(regions), frozenset({"eu-west-1"}))

    assert (caller.access_key_id, caller.service) == (ID, SERVICE)
    assert sigv4.claimed_service(by_aws(regions)) == SERVICE


def test_another_region_is_the_wrong_scope() -> None:
    with pytest.raises(sigv4.WrongScopeError):
        verified(by_aws("us-east-1"), frozenset({"eu-west-1"}))


@pytest.mark.parametrize(
    "change",
    [
        lambda request: replace(request, method="DELETE"),
        lambda request: replace(request, path=PATH + "/a"),
        lambda request: replace(request, query="MaxResults=3"),
        lambda request: replace(
            request,
            headers=tuple(
                (name, "eu-west-1" if name == "x-amz-region-set" else value)
                for name, value in request.headers
            ),
        ),
        lambda request: replace(
            request,
            headers=tuple(
                (name, value[:-4] + "0000" if name == "authorization" else value)
                for name, value in request.headers
            ),
        ),
    ],
)
def test_any_change_breaks_the_signature(change: Callable[[HttpRequest], HttpRequest]) -> None:
    with pytest.raises(sigv4.WrongSignatureError):
        verified(change(by_aws()))


def test_somebody_elses_key_does_not_verify() -> None:
    with pytest.raises(sigv4.WrongSignatureError):
        sigv4.verify(by_aws(), secret_for=lambda _: sigv4.Secret("another"), now=datetime.now(UTC))


def test_a_key_value_store_takes_no_signature_of_one_region() -> None:
    request = HttpRequest("GET", PATH, host=HOST)
    signed = sigv4.sign(
        request,
        access_key_id=ID,
        secret=SECRET,
        region="eu-west-1",
        service=SERVICE,
        now=datetime.now(UTC),
    )

    with pytest.raises(sigv4.MalformedSignatureError):
        verified(signed)
