from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud import sigv4
from localcloud.front import Front
from localcloud.identities import Credentials
from localcloud.wire import HttpRequest


def refusal(call: Callable[[], Any]) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    status = error["ResponseMetadata"]["HTTPStatusCode"]
    return error["Error"]["Code"], error["Error"]["Message"], status


def fetch(url: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def stranger() -> Credentials:
    return Credentials("AKIAUNKNOWNUNKNOWN12", "wrong")


@pytest.fixture
def forged(front: Front) -> Credentials:
    return replace(front.identities.admin(), secret_access_key="not-the-secret")


SERVICES = {
    "dynamodb": lambda c: c.list_tables(),
    "kms": lambda c: c.list_keys(),
    "events": lambda c: c.list_rules(),
    "lambda": lambda c: c.list_functions(),
    "sns": lambda c: c.list_topics(),
    "s3": lambda c: c.list_buckets(),
    "iam": lambda c: c.list_roles(),
}


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("dynamodb", "UnrecognizedClientException", 400),
        ("kms", "UnrecognizedClientException", 400),
        ("events", "UnrecognizedClientException", 400),
        ("lambda", "UnrecognizedClientException", 403),
        ("sns", "InvalidClientTokenId", 403),
        ("iam", "InvalidClientTokenId", 403),
        ("s3", "InvalidAccessKeyId", 403),
    ],
)
def test_an_unknown_key_is_refused_in_each_protocols_own_form(
    front: Front, stranger: Credentials, service: str, code: str, status: int
) -> None:
    answer = refusal(lambda: SERVICES[service](front.client(service, stranger)))

    assert (answer[0], answer[2]) == (code, status)


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("dynamodb", "InvalidSignatureException", 400),
        ("lambda", "InvalidSignatureException", 403),
        ("sns", "SignatureDoesNotMatch", 403),
        ("s3", "SignatureDoesNotMatch", 403),
    ],
)
def test_a_signature_by_another_secret_is_refused(
    front: Front, forged: Credentials, service: str, code: str, status: int
) -> None:
    answer = refusal(lambda: SERVICES[service](front.client(service, forged)))

    assert (answer[0], answer[2]) == (code, status)


def test_a_session_needs_its_own_token(front: Front, roles: Any, allow: Any) -> None:
    session = roles.session(roles.create(allow("dynamodb:ListTables")))
    tokenless = replace(session, session_token=None)

    assert front.client("dynamodb", session).list_tables()["TableNames"] is not None
    code, _, _ = refusal(lambda: front.client("dynamodb", tokenless).list_tables())
    assert code == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("service", "code"),
    [("dynamodb", "ExpiredTokenException"), ("s3", "ExpiredToken"), ("sns", "ExpiredToken")],
)
def test_an_ended_session_is_refused_as_expired(
    front: Front, roles: Any, service: str, code: str
) -> None:
    ended = roles.session(roles.create(), timedelta(seconds=-1))

    assert refusal(lambda: SERVICES[service](front.client(service, ended)))[0] == code


def test_an_unsigned_call_misses_its_token(front: Front) -> None:
    request = HttpRequest(
        "POST",
        "/",
        headers=(("x-amz-target", "DynamoDB_20120810.ListTables"),),
        body=b"{}",
        host="127.0.0.1",
    )

    answer = front.handle(request)

    assert answer.status == 400
    assert b"MissingAuthenticationTokenException" in answer.body


def test_an_anonymous_read_of_a_private_bucket_is_denied(front: Front, bucket: str) -> None:
    front.client("s3").put_object(Bucket=bucket, Key="a", Body=b"x")

    status, body = fetch(f"{front.url}/{bucket}/a")

    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Access Denied</Message>" in body


def test_motos_own_control_address_is_out_of_reach(front: Front) -> None:
    request = urllib.request.Request(f"{front.url}/moto-api/reset", method="POST")

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)

    assert caught.value.code in (403, 501)


@pytest.mark.parametrize("age", [timedelta(minutes=16), timedelta(minutes=-16)])
def test_a_clock_that_is_off_by_more_than_15_minutes_is_refused(
    front: Front, age: timedelta
) -> None:
    answer = front.handle(_list_tables(front, datetime.now(UTC) - age))

    assert answer.status == 400
    assert b"InvalidSignatureException" in answer.body
    assert (b"expired" if age > timedelta() else b"not yet current") in answer.body


def _list_tables(front: Front, now: datetime, **scope: str) -> HttpRequest:
    admin = front.identities.admin()
    return sigv4.sign(
        HttpRequest(
            "POST",
            "/",
            headers=(
                ("x-amz-target", "DynamoDB_20120810.ListTables"),
                ("content-type", "application/x-amz-json-1.0"),
            ),
            body=b"{}",
            host="127.0.0.1",
        ),
        access_key_id=admin.access_key_id,
        secret=sigv4.Secret(admin.secret_access_key),
        region=scope.get("region", "eu-west-1"),
        service="dynamodb",
        now=now,
    )


def test_a_region_that_is_not_ours_is_refused(front: Front) -> None:
    answer = front.handle(_list_tables(front, datetime.now(UTC), region="ap-south-1"))

    assert b"Credential should be scoped to a valid region" in answer.body


def test_a_body_that_is_not_the_signed_one_is_refused(front: Front) -> None:
    signed = _list_tables(front, datetime.now(UTC))

    answer = front.handle(replace(signed, body=b'{"Limit": 1}'))

    assert b"InvalidSignatureException" in answer.body


def test_an_uploaded_body_that_is_not_the_signed_one_is_refused(front: Front, bucket: str) -> None:
    admin = front.identities.admin()
    signed = sigv4.sign(
        HttpRequest("PUT", f"/{bucket}/a", body=b"signed", host="127.0.0.1"),
        access_key_id=admin.access_key_id,
        secret=sigv4.Secret(admin.secret_access_key),
        region="eu-west-1",
        service="s3",
        now=datetime.now(UTC),
    )

    answer = front.handle(replace(signed, body=b"forged"))

    assert answer.status == 400
    assert b"XAmzContentSHA256Mismatch" in answer.body


@pytest.fixture
def presigned(front: Front, bucket: str) -> Callable[..., str]:
    s3 = front.client("s3")
    s3.put_object(Bucket=bucket, Key="film/a b+ü.mp4", Body=b"film")

    def make(expires: int = 60, operation: str = "get_object", **more: Any) -> str:
        parameters = {"Bucket": bucket, "Key": "film/a b+ü.mp4", **more}
        url: str = s3.generate_presigned_url(operation, Params=parameters, ExpiresIn=expires)
        return url

    return make


def test_a_presigned_url_opens_the_object(presigned: Callable[..., str]) -> None:
    assert fetch(presigned()) == (200, "film")


@pytest.fixture
def later(front: Front, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    def move(by: timedelta) -> None:
        monkeypatch.setattr(front, "_clock", lambda: datetime.now(UTC) + by)

    return move


def test_a_presigned_url_expires(
    presigned: Callable[..., str], later: Callable[[timedelta], None]
) -> None:
    url = presigned(expires=60)

    later(timedelta(seconds=61))
    status, body = fetch(url)

    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in body
    assert "<X-Amz-Expires>60</X-Amz-Expires>" in body


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        ("film/a", "film/b"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
    ],
)
def test_a_tampered_presigned_url_does_not_match(
    presigned: Callable[..., str], old: str, new: str
) -> None:
    status, body = fetch(presigned().replace(old, new))

    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in body


def test_a_presigned_url_holds_for_its_host_only(presigned: Callable[..., str]) -> None:
    status, body = fetch(presigned(), {"Host": "elsewhere.example"})

    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in body


def test_a_presigned_url_admits_no_unsigned_amz_header(presigned: Callable[..., str]) -> None:
    status, body = fetch(presigned(), {"x-amz-meta-extra": "1"})

    assert status == 403
    assert "<HeadersNotSigned>x-amz-meta-extra</HeadersNotSigned>" in body


def test_a_presigned_url_lives_a_week_at_most(presigned: Callable[..., str]) -> None:
    status, body = fetch(presigned(expires=604801))

    assert status == 400
    assert "<Code>AuthorizationQueryParametersError</Code>" in body


def test_a_presigned_url_dies_with_the_session_that_made_it(
    front: Front, roles: Any, allow: Any, bucket: str, later: Callable[[timedelta], None]
) -> None:
    front.client("s3").put_object(Bucket=bucket, Key="a", Body=b"x")
    session = roles.session(
        roles.create(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")), timedelta(minutes=15)
    )
    url = front.client("s3", session).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "a"}, ExpiresIn=3600
    )

    alive = fetch(url)
    later(timedelta(minutes=16))
    status, body = fetch(url)

    assert alive == (200, "x")
    assert (status, "<Code>ExpiredToken</Code>" in body) == (400, True)


def test_the_caller_learns_who_it_is(front: Front, roles: Any) -> None:
    role = roles.create()

    found = front.client("sts", roles.session(role)).get_caller_identity()

    assert found["Arn"] == (
        f"arn:aws:sts::123456789012:assumed-role/{role.rsplit('/', 1)[-1]}/session"
    )
    assert found["Account"] == "123456789012"
