"""The functions as Lambda loads them: a key of a day is made, published, signs and is believed."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from identity.domain import Account
from identity.oauth import jwt
from identity.oauth.key_ring import PUBLISHED_BEFORE
from identity.oauth.ring_store import DynamoKeyRings
from identity.oauth.store import DynamoGrants
from identity.store import DynamoAccounts
from kernel.ids import new_id
from tests.sign_ins import a_sign_in, token_of

HANDLERS = tuple(
    f"identity.handlers.{name}"
    for name in ("turn_token_keys", "discovery", "token", "introspection")
)
Functions = dict[str, ModuleType]


@pytest.fixture(params=["none", "published", "signing"])
def functions(
    request: pytest.FixtureRequest,
    table_of: Callable[[str], str],
    function_environment: pytest.MonkeyPatch,
) -> Iterator[Functions]:
    kms = boto3.client("kms")
    own = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    symmetric = kms.create_key()["KeyMetadata"]["Arn"]
    environment = {
        "TABLE_NAME": table_of("identity"),
        "ISSUER": "https://auth.example",
        "PUBLIC_ORIGIN": "https://watch.example",
        "PARTNERS": "[]",
        "SIGNING_KEY": own,
        "PUBLISHED_KEYS": own,
        "MAIL_KEY": symmetric,
        "RESOURCE_SERVER_SECRET": "unread",
    }
    if request.param != "none":
        environment |= {"WRAPPING_KEY": symmetric, "WRAPPED_KEYS": request.param}
    for name, value in environment.items():
        function_environment.setenv(name, value)
    names = HANDLERS if request.param != "none" else HANDLERS[1:]
    yield {name.rpartition(".")[2]: importlib.import_module(name) for name in names}
    for name in HANDLERS:
        sys.modules.pop(name, None)


def event(method: str, path: str, **fields: str) -> dict[str, Any]:
    return {
        "rawPath": path,
        "rawQueryString": "",
        "body": urlencode(fields),
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}},
    }


def key_ids(functions: Functions) -> list[str]:
    answer = functions["discovery"].handler(event("GET", "/.well-known/jwks.json"), None)
    return [key["kid"] for key in json.loads(answer["body"])["keys"]]


def turned(functions: Functions) -> str:
    """The ring's first key, as if it had been published for long enough."""
    assert functions["turn_token_keys"].handler({}, None) == {"published": 1}
    rings = DynamoKeyRings(boto3.client("dynamodb"), "identity")
    ring = rings.read()
    (key,) = ring.keys
    aged = dataclasses.replace(key, published_at=key.published_at - PUBLISHED_BEFORE)
    assert rings.replace(dataclasses.replace(ring, keys=(aged,), version=ring.version + 1))
    return key.key_id


def signed_in() -> str:
    """A refresh token."""
    client, now = boto3.client("dynamodb"), datetime.now(UTC)
    account = Account("acc_1", "ada@example.com", "-", ("member",), "prf_1", now)
    DynamoAccounts(client, "identity").add(account)
    family = a_sign_in(new_id("fam", now), now, scope="openid member", device_registered=True)
    DynamoGrants(client, "identity").start(family)
    return str(token_of(family))


def test_what_signs_is_what_the_setting_says_and_is_published_and_believed(
    functions: Functions,
) -> None:
    of_a_day = turned(functions) if "turn_token_keys" in functions else None
    is_signing = of_a_day is not None and functions["token"].settings.wrapped_keys_sign()
    own, *others = key_ids(functions)

    form = {"grant_type": "refresh_token", "client_id": "web", "refresh_token": signed_in()}
    answer = functions["token"].handler(event("POST", "/token", **form), None)

    assert answer["statusCode"] == 200, answer
    access = json.loads(answer["body"])["access_token"]
    token = jwt.taken_apart(access)
    assert token is not None
    assert others == ([] if of_a_day is None else [of_a_day])
    assert token.header["kid"] == (of_a_day if is_signing else own)
    asked = event("GET", "/userinfo")
    asked["headers"]["authorization"] = f"Bearer {access}"
    told = functions["introspection"].handler(asked, None)
    assert json.loads(told["body"]) == {"sub": "acc_1"}
