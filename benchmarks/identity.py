"""What do discovery and tokens cost on Lambda: ours against one naive FastAPI function?"""

from __future__ import annotations

from typing import Any

import boto3
from harness import LAMBDAS, PEERS, Function, measure, moto_server, say, say_ratio

NAIVE = Function("naive_identity.handler", PEERS, ("web", "crypto"))
FUNCTIONS = {
    "discovery": Function("identity.handlers.discovery.handler", LAMBDAS, ("lean",)),
    "naive": NAIVE,
}
CALLS = 200


def event(method: str, path: str, body: str = "") -> dict[str, Any]:
    """A request as the HTTP API hands it over."""
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
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
    """A signing key in moto; the functions' environment."""
    key = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    arn = key["KeyMetadata"]["Arn"]
    return {
        "TABLE_NAME": "identity",
        "ISSUER": "https://auth.marquee.example",
        "SIGNING_KEY": arn,
        "PUBLISHED_KEYS": arn,
    }


def main() -> None:
    keys = event("GET", "/.well-known/jwks.json")
    with moto_server() as endpoint:
        environment = {**endpoint, **settings()}
        costs = measure(FUNCTIONS, environment, keys, calls=CALLS)
        token = {"token": Function("identity.handlers.token.handler", LAMBDAS, ("lean",))}
        # A code that nobody issued: only the initialization is looked at.
        refused = event("POST", "/token", "grant_type=none")
        tokens = measure(token, environment, refused, calls=1, accept=(400,))
    ours, naive = costs["discovery"], costs["naive"]
    say("Identity (processor time against a naive FastAPI + Mangum + boto3 function)")
    say_ratio("initialization: key set", ours.init_ms, naive.init_ms, "ms", "target ≤ 0.55")
    say_ratio(
        "initialization: tokens", tokens["token"].init_ms, naive.init_ms, "ms", "target ≤ 0.55"
    )
    say_ratio("warm call: key set", ours.warm_ms, naive.warm_ms, "ms", "target ≤ 0.50")


if __name__ == "__main__":
    main()
