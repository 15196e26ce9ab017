"""Signatures that AWS's own SDK would make of the same requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from unittest.mock import patch
from urllib.parse import quote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from kernel.aws.sigv4 import Credentials, Signer

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
CREDENTIALS = Credentials("AKIAEXAMPLE", "a secret/of+theirs", "a session's token")
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "host": "dynamodb.eu-west-1.amazonaws.com",
    "x-amz-target": "DynamoDB_20120810.GetItem",
}


def sdks_headers(
    credentials: Credentials, body: bytes, moment: datetime, region: str, service: str
) -> dict[str, str]:
    url = f"https://{HEADERS['host']}/"
    request = AWSRequest("POST", url, headers=dict(HEADERS), data=body)
    theirs = SdkCredentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    with patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        SigV4Auth(theirs, service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    body=st.binary(max_size=200),
    moment=MOMENTS,
    token=st.none() | st.text("abc/+=", min_size=1),
    region=st.sampled_from(["eu-west-1", "us-east-1"]),
    service=st.sampled_from(["dynamodb", "kms", "secretsmanager"]),
)
def test_the_sdk_signs_the_same(
    body: bytes, moment: datetime, token: str | None, region: str, service: str
) -> None:
    credentials = Credentials("AKIAEXAMPLE", "a secret/of+theirs", token)

    signed = Signer(credentials, region, service).signed(HEADERS, body, moment)

    assert signed == sdks_headers(credentials, body, moment, region, service)


@given(path=st.text("/abz09-_.~+ é", max_size=20).map(lambda text: quote(f"/{text}")))
def test_the_sdk_signs_what_is_fetched_from_s3_the_same(path: str) -> None:
    moment = datetime(2026, 11, 1, 12, tzinfo=UTC)
    host = "films.s3.eu-west-1.amazonaws.com"
    url = f"https://{host}{path}"
    request = AWSRequest("GET", url, headers={"host": host})
    theirs = SdkCredentials(
        CREDENTIALS.access_key_id, CREDENTIALS.secret_access_key, CREDENTIALS.session_token
    )
    with patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        S3SigV4Auth(theirs, "s3", "eu-west-1").add_auth(request)
    sent = {name.lower(): value for name, value in request.headers.items()}
    headers = {name: sent[name] for name in ("host", "x-amz-content-sha256")}

    signer = Signer(CREDENTIALS, "eu-west-1", "s3")
    signed = signer.signed(headers, b"", moment, method="GET", path=path)

    assert signed["authorization"] == sent["authorization"]


def test_one_signer_goes_on_past_midnight() -> None:
    signer = Signer(CREDENTIALS, "eu-west-1", "dynamodb")
    evening = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)

    for moment in (evening, evening + timedelta(seconds=1), evening):
        signed = signer.signed(HEADERS, b"{}", moment)

        assert signed == sdks_headers(CREDENTIALS, b"{}", moment, "eu-west-1", "dynamodb")


def test_a_clock_in_another_zone_means_the_same_moment() -> None:
    signer = Signer(CREDENTIALS, "eu-west-1", "dynamodb")
    moment = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)

    elsewhere = signer.signed(HEADERS, b"{}", moment.astimezone(timezone(timedelta(hours=2))))

    assert elsewhere == signer.signed(HEADERS, b"{}", moment)


def test_secrets_do_not_show_in_logs() -> None:
    assert repr(CREDENTIALS) == "Credentials(access_key_id='AKIAEXAMPLE')"
