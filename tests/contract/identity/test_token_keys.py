"""Keys are replaced in three steps without one token refused: published, signing, forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import boto3
import pytest

from identity.domain import Account
from identity.oauth import jwt
from identity.oauth.claims import ACCESS_TOKEN_LIFE, access_claims
from identity.oauth.kms import KmsKeySet, KmsSigner, PublishedKey
from identity.oauth.sessions import TokenReader
from kernel.aws.json_client import KMS, AwsJson
from tests.contract.conftest import JsonClient
from tests.sign_ins import a_sign_in

ISSUER = "https://auth.example"


@dataclass
class Deployment:
    """What `token_keys` makes of the functions: the first key signs, all are published."""

    now: datetime
    kms: AwsJson
    keys: list[str] = field(default_factory=list)

    def signed(self) -> str:
        account = Account("acc_1", "ada@example.com", "-", ("member",), "prf_1", self.now)
        claims = access_claims(
            issuer=ISSUER,
            account=account,
            family=a_sign_in("fam_1", self.now),
            scope="member",
            token_id="tok_1",
            now=self.now,
        )
        signer = KmsSigner(self.kms, self.keys[0])
        message = jwt.signing_input(claims, signer.key_id, jwt.ACCESS_TOKEN)
        return jwt.assembled(message, signer.sign(message))

    def published(self) -> KmsKeySet:
        return KmsKeySet(self.kms, self.keys)


@pytest.fixture
def deployment(aws_json: JsonClient, now: datetime) -> Deployment:
    return Deployment(now, aws_json(KMS))


def new_key() -> str:
    made = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    return made["KeyMetadata"]["Arn"]


def is_taken(token: str, keys: KmsKeySet, now: datetime) -> bool:
    return TokenReader(keys, ISSUER, lambda: now).access(token) is not None


def test_a_gateway_with_the_oldest_key_set_it_may_have_takes_every_token(
    deployment: Deployment,
) -> None:
    old, new = new_key(), new_key()
    deployment.keys = [old, new]
    published_before_use = deployment.published()

    deployment.keys = [new, old]
    token = deployment.signed()

    assert is_taken(token, published_before_use, deployment.now)


def test_the_last_token_of_an_old_key_is_good_to_its_end(deployment: Deployment) -> None:
    old, new = new_key(), new_key()
    deployment.keys = [old, new]
    last = deployment.signed()

    deployment.keys = [new, old]

    almost = deployment.now + ACCESS_TOKEN_LIFE - timedelta(seconds=1)
    assert is_taken(last, deployment.published(), almost)


def test_a_key_that_is_forgotten_signs_nothing_that_is_taken(deployment: Deployment) -> None:
    old, new = new_key(), new_key()
    deployment.keys = [old]
    token = deployment.signed()

    deployment.keys = [new]

    assert not is_taken(token, deployment.published(), deployment.now)
    assert is_taken(deployment.signed(), deployment.published(), deployment.now)


def test_a_key_that_signs_before_it_is_published_is_refused(deployment: Deployment) -> None:
    """Why the first step waits as long as API Gateway may remember."""
    deployment.keys = [new_key()]
    remembered = deployment.published()

    deployment.keys = [new_key()]

    assert not is_taken(deployment.signed(), remembered, deployment.now)


def test_the_key_set_has_the_key_that_signs_under_its_name(aws_json: JsonClient) -> None:
    key = new_key()

    published = PublishedKey(aws_json(KMS), key).jwk

    answer = boto3.client("kms").get_public_key(KeyId=key)
    assert published == jwt.public_jwk(answer["PublicKey"])
    assert set(published) == {"kty", "n", "e", "kid", "alg", "use"}
