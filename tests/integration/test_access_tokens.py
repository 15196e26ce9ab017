"""Whom the API answers: what API Gateway refuses before any function runs, in its own words."""

from __future__ import annotations

import hmac
import time

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cloud import Person, RunningCloud
from tests.custody import signed_again, token_key, with_header

ROUTES = [
    ("GET", "/v1/titles"),
    ("GET", "/v1/titles/ttl_00000000000000000000000000"),
    ("POST", "/v1/playback/start"),
    ("GET", "/v1/progress"),
    ("DELETE", "/v1/history/ttl_00000000000000000000000000"),
    ("POST", "/v1/uploads"),
    ("GET", "/v1/assets"),
]


def ask(cloud: RunningCloud, token: str | None, method: str = "GET", path: str = "/v1/titles"):
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return httpx.request(method, f"{cloud.web}{path}", headers=headers, timeout=30)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


UNAUTHORIZED = (401, '{"message":"Unauthorized"}')


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_token_nothing_is_answered(cloud: RunningCloud, method: str, path: str) -> None:
    answer = ask(cloud, None, method, path)

    assert refusal(answer) == UNAUTHORIZED
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_expired_token_of_the_issuer_is_refused(cloud: RunningCloud, member: Person) -> None:
    now = int(time.time())
    token = signed_again(
        member.tokens.access_token(), token_key(cloud.data_dir), iat=now - 700, exp=now - 100
    )

    answer = ask(cloud, token)

    assert refusal(answer) == UNAUTHORIZED
    assert "the token has expired" in answer.headers["www-authenticate"]


def test_a_token_for_another_audience_is_refused(cloud: RunningCloud, member: Person) -> None:
    token = signed_again(
        member.tokens.access_token(), token_key(cloud.data_dir), aud="somebody-else"
    )

    answer = ask(cloud, token)

    assert refusal(answer) == UNAUTHORIZED
    assert "audience" in answer.headers["www-authenticate"]


def test_a_token_of_another_issuer_is_refused(cloud: RunningCloud, member: Person) -> None:
    token = signed_again(
        member.tokens.access_token(), token_key(cloud.data_dir), iss="https://evil.example"
    )

    assert refusal(ask(cloud, token)) == UNAUTHORIZED


def test_a_token_without_an_end_is_refused(cloud: RunningCloud, member: Person) -> None:
    token = signed_again(member.tokens.access_token(), token_key(cloud.data_dir), exp=None)

    assert refusal(ask(cloud, token)) == UNAUTHORIZED


def test_a_token_signed_by_nobody_we_know_is_refused(cloud: RunningCloud, member: Person) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    answer = ask(cloud, signed_again(member.tokens.access_token(), stranger))

    assert refusal(answer) == UNAUTHORIZED
    assert "signature is invalid" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256"])
def test_a_token_of_another_algorithm_is_refused(
    cloud: RunningCloud, member: Person, algorithm: str
) -> None:
    """`none`, and the oldest trick: our public key taken for a shared secret."""
    public = (
        token_key(cloud.data_dir)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    def sign(message: bytes) -> bytes:
        return hmac.digest(public, message, "sha256") if algorithm == "HS256" else b""

    token = with_header(member.tokens.access_token(), sign, alg=algorithm)

    assert refusal(ask(cloud, token)) == UNAUTHORIZED


@pytest.mark.parametrize("key_id", ["another", "", None])
def test_a_token_that_names_no_key_of_ours_is_refused(
    cloud: RunningCloud, member: Person, key_id: str | None
) -> None:
    key = token_key(cloud.data_dir)

    def sign(message: bytes) -> bytes:
        return key.sign(message, PKCS1v15(), SHA256())

    token = member.tokens.access_token()

    assert refusal(ask(cloud, with_header(token, sign, kid=key_id))) == UNAUTHORIZED
    assert ask(cloud, with_header(token, sign)).status_code == 200


def test_the_same_token_signed_anew_is_taken(cloud: RunningCloud, member: Person) -> None:
    """The forgeries above fail for what they changed, and for nothing else."""
    token = signed_again(member.tokens.access_token(), token_key(cloud.data_dir))

    assert ask(cloud, token).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/assets"), ("POST", "/v1/uploads"), ("GET", "/v1/assets/x")]
)
def test_a_member_may_not_do_what_staff_do(member: Person, method: str, path: str) -> None:
    answer = member.ask(method, path)

    assert refusal(answer) == (403, '{"message":"Forbidden"}')
    assert 'scope="staff"' in answer.headers["www-authenticate"]


def test_the_api_without_the_edge_takes_the_same_tokens_only(
    cloud: RunningCloud, member: Person
) -> None:
    """An address that is not an API of ours is nobody's."""
    answer = httpx.get(
        f"{cloud.issuer}/v1/titles",
        headers={"authorization": f"Bearer {member.tokens.access_token()}"},
        timeout=30,
    )

    assert refusal(answer) == (404, '{"message":"Not Found"}')
