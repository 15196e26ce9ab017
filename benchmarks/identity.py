"""What do discovery and tokens cost on Lambda: ours against one naive FastAPI function?"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import boto3
from parts.harness import (
    LAMBDAS,
    PEERS,
    REPEATS,
    Cost,
    Function,
    measure,
    measure_chain,
    moto_server,
    say,
    say_conditions,
    say_ratio,
)

NAIVE = Function("naive_identity.handler", PEERS, ("web", "crypto"))
KEY_SET = Function("identity.handlers.discovery.handler", LAMBDAS, ())
TOKEN = Function("identity.handlers.token.handler", LAMBDAS, ("crypto",))
AUTHORIZE = Function("identity.handlers.authorize.handler", LAMBDAS, ("argon2",))
CALLS = 200
ORIGIN = "https://watch.marquee.example"
ROTATIONS = 90
"""Of one sign-in, and 21 before them: `RENEWALS_BY_SIGN_IN` lets it renew 120 times at once."""

FAMILY_SECRET, SPENT = "f" * 42 + "A", "r" * 42 + "A"
ANSWERED_AGAIN = f"acc_1.fam_1.{FAMILY_SECRET}.{SPENT}"
"""A refresh token that was spent a moment ago: every call answers its successor again."""


def event(method: str, path: str, body: str = "", query: str = "") -> dict[str, Any]:
    """A request as the HTTP API hands it over."""
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "host": "auth.marquee.example",
            "content-type": "application/x-www-form-urlencoded",
        },
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "benchmark",
            },
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def settings() -> dict[str, str]:
    """A signing key and a table in moto; the functions' environment."""
    key = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    arn = key["KeyMetadata"]["Arn"]
    seeded()
    return {
        "TABLE_NAME": "identity",
        "ISSUER": "https://auth.marquee.example",
        "PUBLIC_ORIGIN": ORIGIN,
        "SIGNING_KEY": arn,
        "PUBLISHED_KEYS": arn,
        "MAIL_KEY": arn,
        "PARTNERS": "[]",
    }


def digest(text: str) -> str:
    """How both sides keep secrets."""
    return hashlib.sha256(text.encode()).hexdigest()


def seeded() -> None:
    """One account, and its sign-in whose refresh token was just spent."""
    keys = ("pk", "sk")
    boto3.client("dynamodb").create_table(
        TableName="identity",
        KeySchema=[
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    account = {
        "account_id": "acc_1",
        "email": "ada@example.com",
        "password_hash": "-",
        "scopes": "member",
        "profile_id": "prf_1",
    }
    put({"pk": "ACCOUNT#acc_1", "sk": "ACCOUNT", **account}, created_at=0)
    far = int(time.time()) + 86_400
    rotation = {
        "token_digest": digest("its successor"),
        "last_spent": digest(SPENT),
        "last_sealed": "s" * 42 + "A",
        "last_key": "",
    }
    sign_in("fam_1", ANSWERED_AGAIN, rotated_at=far * 1000, **rotation)


def sign_in(family_id: str, token: str, *, rotated_at: int, **texts: str) -> None:
    """A sign-in as either side keeps it: ours by its name, the naive one by its token."""
    shared = {
        "family_id": family_id,
        "account_id": "acc_1",
        "client_id": "web",
        "device_id": "dev_1",
        "scope": "member",
        "family_digest": digest(FAMILY_SECRET),
        "key_thumbprint": "",
        "profile_id": "prf_1",
        "methods": "pwd",
        **texts,
    }
    times = {"started_at": 0, "expires_at": int(time.time()) + 86_400, "rotated_at": rotated_at}
    for key in (("ACCOUNT#acc_1", f"FAMILY#{family_id}"), (f"REFRESH#{digest(token)}", "REFRESH")):
        put({"pk": key[0], "sk": key[1], **shared}, is_registered=True, **times)


def put(texts: Mapping[str, str], *, is_registered: bool = False, **numbers: int) -> None:
    """An item; of a sign-in, whether its device has a place."""
    item: dict[str, Any] = {name: {"S": value} for name, value in texts.items()}
    item |= {name: {"N": str(value)} for name, value in numbers.items()}
    item |= {"device_registered": {"BOOL": True}} if is_registered else {}
    boto3.client("dynamodb").put_item(TableName="identity", Item=item)


def renewal(token: str) -> dict[str, Any]:
    """A request for the next tokens."""
    form = {"grant_type": "refresh_token", "client_id": "web", "refresh_token": token}
    return event("POST", "/token", urlencode(form))


def first_renewal() -> dict[str, Any]:
    """Of a sign-in that has just begun."""
    family_id, secret = f"fam_0{secrets.token_hex(12)}", secrets.token_urlsafe(32)
    token = f"acc_1.{family_id}.{FAMILY_SECRET}.{secret}"
    sign_in(family_id, token, token_digest=digest(secret), rotated_at=0)
    return renewal(token)


def say_costs(name: str, costs: Mapping[str, Cost], init: float, warm: float) -> None:
    """Two lines: loading, and a call when loaded."""
    ours, naive = costs["ours"], costs["naive"]
    say_ratio(f"initialization: {name}", ours.init_ms, naive.init_ms, "ms", f"target ≤ {init:.2f}")
    say_ratio(f"warm call: {name}", ours.warm_ms, naive.warm_ms, "ms", f"target ≤ {warm:.2f}")


def main() -> None:
    asked = urlencode(
        {
            "response_type": "code",
            "client_id": "web",
            "redirect_uri": f"{ORIGIN}/callback",
            "state": "s",
            "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
        }
    )
    paths = {
        "key set": (KEY_SET, event("GET", "/.well-known/jwks.json"), 0.20, 0.20),
        "tokens again": (TOKEN, renewal(ANSWERED_AGAIN), 0.60, 0.60),
        "sign-in page": (AUTHORIZE, event("GET", "/authorize", query=asked), 0.60, 0.60),
    }
    say("Identity (processor time against a naive FastAPI + Mangum + boto3 function)")
    say_conditions(f"median of {REPEATS}")
    with moto_server() as endpoint:
        environment = {**endpoint, **settings()}
        for name, (function, request, init, warm) in paths.items():
            functions = {"ours": function, "naive": NAIVE}
            costs = measure(functions, environment, request, calls=CALLS)
            say_costs(name, costs, init, warm)
        rotated = measure_chain(
            {"ours": TOKEN, "naive": NAIVE},
            environment,
            first_renewal,
            calls=ROTATIONS,
            follows="refresh_token",
        )
        say_costs("tokens anew", rotated, 0.60, 0.60)


if __name__ == "__main__":
    main()
