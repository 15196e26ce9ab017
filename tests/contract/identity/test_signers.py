"""Whoever signs access tokens, KMS or a key that it wraps, keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from identity.domain import Account
from identity.oauth import jwt
from identity.oauth.claims import ACCESS_TOKEN_LIFE, access_claims
from identity.oauth.key_ring import PUBLISHED_BEFORE, KeyRing
from identity.oauth.kms import KmsKeySet, KmsSigner
from identity.oauth.ports import AccessSigners, KeyRings, KeySet
from identity.oauth.ring_store import DynamoKeyRings
from identity.oauth.sessions import TokenReader
from identity.oauth.turning import Turning
from identity.oauth.wrapped import (
    KmsWrapping,
    RememberedRing,
    RingKeySet,
    WrappedSigners,
    new_rsa_key,
)
from kernel.aws.json_client import KMS, AwsError
from tests.contract.conftest import JsonClient
from tests.fakes.identity import FakeKeyRings
from tests.sign_ins import a_sign_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ISSUER = "https://auth.example"


@dataclass
class Signing:
    """The functions that sign and verify, and their clock."""

    now: datetime
    signers: AccessSigners
    keys: KeySet
    is_wrapped: bool

    def token(self) -> str:
        account = Account("acc_1", "ada@example.com", "-", ("member",), "prf_1", self.now)
        claims = access_claims(
            issuer=ISSUER,
            account=account,
            family=a_sign_in("fam_1", self.now),
            scope="member",
            token_id="tok_1",
            now=self.now,
        )
        signer = self.signers.current()
        message = jwt.signing_input(claims, signer.key_id, jwt.ACCESS_TOKEN)
        return jwt.assembled(message, signer.sign(message))

    def is_taken(self, token: str) -> bool:
        return TokenReader(self.keys, ISSUER, lambda: self.now).access(token) is not None


def new_key(**choices: str) -> str:
    made = boto3.client("kms").create_key(**choices)  # type: ignore[arg-type]
    return str(made["KeyMetadata"]["Arn"])


@pytest.fixture(params=["kms", "wrapped"])
def signing(
    request: pytest.FixtureRequest,
    aws_json: JsonClient,
    table_of: Callable[[str], str],
    lean_dynamodb: DynamoDBClient,
    now: datetime,
) -> Signing:
    kms = aws_json(KMS)
    own = new_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    keys = KmsKeySet(kms, [own])
    if request.param == "kms":
        return Signing(now, KmsSigner(kms, own), keys, is_wrapped=False)
    rings = DynamoKeyRings(lean_dynamodb, table_of("identity"))
    wrapping = KmsWrapping(kms, new_key())
    ready = Signing(now + PUBLISHED_BEFORE, KmsSigner(kms, own), keys, is_wrapped=True)
    Turning(rings, new_rsa_key, wrapping.close, lambda: now).turn()

    def clock() -> datetime:
        return ready.now

    remembered = RememberedRing(rings, clock)
    ready.signers = WrappedSigners(remembered, wrapping.open, KmsSigner(kms, own), clock)
    ready.keys = RingKeySet(keys, remembered, clock)
    return ready


def test_a_token_is_believed_by_the_key_that_it_names(signing: Signing) -> None:
    token = signing.token()

    parts = jwt.taken_apart(token)
    assert parts is not None
    jwk = signing.keys.jwk(str(parts.header["kid"]))
    assert jwk is not None
    assert set(jwk) == {"kty", "n", "e", "kid", "alg", "use"}
    assert (parts.header["alg"], jwk["alg"], len(parts.signature)) == ("RS256", "RS256", 256)
    assert signing.is_taken(token)


def test_a_token_that_was_changed_is_not(signing: Signing) -> None:
    head, claims, signature = signing.token().split(".")
    other = "A" if signature[10] != "A" else "B"

    assert not signing.is_taken(f"{head}.{claims}.{signature[:10]}{other}{signature[11:]}")
    assert not signing.is_taken(f"{head}.{claims[:-4]}AAAA.{signature}")


def test_the_same_key_signs_for_the_whole_life_of_a_token(signing: Signing) -> None:
    token = signing.token()

    signing.now += ACCESS_TOKEN_LIFE - timedelta(seconds=1)

    assert signing.is_taken(token)


def test_a_wrapped_key_opens_only_under_its_own_name(
    aws_json: JsonClient, table_of: Callable[[str], str], now: datetime
) -> None:
    rings = FakeKeyRings()
    wrapping = KmsWrapping(aws_json(KMS), new_key())
    for day in range(2):
        Turning(rings, new_rsa_key, wrapping.close, lambda at=day: now + timedelta(days=at)).turn()  # type: ignore[misc]
    one, two = rings.ring.keys

    assert wrapping.open(one) != wrapping.open(two)
    with pytest.raises(AwsError):
        wrapping.open(type(one)(one.jwk, two.sealed, one.published_at))


@pytest.fixture(params=["memory", "dynamodb"])
def rings(
    request: pytest.FixtureRequest, table_of: Callable[[str], str], lean_dynamodb: DynamoDBClient
) -> KeyRings:
    if request.param == "memory":
        return FakeKeyRings()
    return DynamoKeyRings(lean_dynamodb, table_of("identity"))


def test_a_ring_is_replaced_by_the_next_one_only(rings: KeyRings) -> None:
    assert rings.read() == KeyRing()

    assert rings.replace(KeyRing((), 1))
    assert not rings.replace(KeyRing((), 1))
    assert rings.replace(KeyRing((), 2))
    assert rings.read() == KeyRing((), 2)


@pytest.mark.race
def test_of_many_turns_at_once_one_is_made(table_of: Callable[[str], str], now: datetime) -> None:
    rings = DynamoKeyRings(boto3.client("dynamodb"), table_of("identity"))

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: rings.replace(KeyRing((), 1)), range(6)))

    assert made.count(True) == 1
