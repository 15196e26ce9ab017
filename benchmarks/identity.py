"""What do discovery and tokens cost on Lambda: ours against one naive FastAPI function?"""

from __future__ import annotations

import hashlib
import time
from typing import Any
from urllib.parse import urlencode

import boto3
from parts.harness import LAMBDAS, PEERS, Function, measure, moto_server, say, say_ratio

NAIVE = Function("naive_identity.handler", PEERS, ("web", "crypto"))
KEY_SET = Function("identity.handlers.discovery.handler", LAMBDAS, ())
TOKEN = Function("identity.handlers.token.handler", LAMBDAS, ("crypto",))
AUTHORIZE = Function("identity.handlers.authorize.handler", LAMBDAS, ("argon2",))
CALLS = 200
ORIGIN = "https://watch.marquee.example"
REFRESH = "r" * 43
"""A token that was spent a moment ago: every call answers its successor again, which is as much
work for the processor as the first answer was."""


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


def seeded() -> None:
    """One account whose refresh token was just spent."""
    client = boto3.client("dynamodb")
    keys = ("pk", "sk")
    client.create_table(
        TableName="identity",
        KeySchema=[
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(keys, ("HASH", "RANGE"), strict=True)
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    digest = hashlib.sha256(REFRESH.encode()).hexdigest()
    far = str(int(time.time()) + 86_400)
    shared = {
        "family_id": "fam_1",
        "account_id": "acc_1",
        "client_id": "web",
        "device_id": "dev_1",
        "scope": "member",
        "key_thumbprint": "",
    }
    account = {
        "account_id": "acc_1",
        "email": "ada@example.com",
        "password_hash": "-",
        "scopes": "member",
        "profile_id": "prf_1",
    }
    for texts, numbers in (
        ({"pk": "ACCOUNT#acc_1", "sk": "ACCOUNT", **account}, {"created_at": "0"}),
        (
            {"pk": f"REFRESH#{digest}", "sk": "REFRESH", **shared},
            {"expires_at": far, "spent_at": far},
        ),
        (
            {
                "pk": "ACCOUNT#acc_1",
                "sk": "FAMILY#fam_1",
                **shared,
                "last_spent": digest,
                "last_sealed": "s" * 43,
                "last_key": "",
            },
            {"started_at": "0", "expires_at": far, "rotated_at": f"{far}000"},
        ),
    ):
        item = {name: {"S": value} for name, value in texts.items()}
        item |= {name: {"N": value} for name, value in numbers.items()}
        client.put_item(TableName="identity", Item=item)


def main() -> None:
    form = urlencode({"grant_type": "refresh_token", "client_id": "web", "refresh_token": REFRESH})
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
        "tokens": (TOKEN, event("POST", "/token", form), 0.60, 0.60),
        "sign-in page": (AUTHORIZE, event("GET", "/authorize", query=asked), 0.60, 0.60),
    }
    say("Identity (processor time against a naive FastAPI + Mangum + boto3 function)")
    with moto_server() as endpoint:
        environment = {**endpoint, **settings()}
        for name, (function, request, init, warm) in paths.items():
            costs = measure({"ours": function, "naive": NAIVE}, environment, request, calls=CALLS)
            ours, naive = costs["ours"], costs["naive"]
            say_ratio(
                f"initialization: {name}", ours.init_ms, naive.init_ms, "ms", f"target ≤ {init:.2f}"
            )
            say_ratio(
                f"warm call: {name}", ours.warm_ms, naive.warm_ms, "ms", f"target ≤ {warm:.2f}"
            )


if __name__ == "__main__":
    main()
