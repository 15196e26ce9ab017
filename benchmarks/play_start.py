"""What does a play's start cost on Lambda: ours against a naive FastAPI function on one table?"""

from __future__ import annotations

import base64
import json
import os
import sys
import uuid
from typing import Any

import boto3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from parts.harness import (
    LAMBDAS,
    PEERS,
    REPEATS,
    Function,
    measure,
    moto_server,
    round_trips,
    say,
    say_conditions,
    say_ratio,
)

sys.path.insert(0, str(LAMBDAS))

FUNCTIONS = {
    "ours": Function("playback.handlers.sessions.handler", LAMBDAS, ("crypto",)),
    "naive": Function("naive_play_start.handler", PEERS, ("web", "crypto")),
}
CALLS = 100
ORIGIN_SECRET = "o" * 64
BODY = {"title_id": "ttl_1", "device": {"family": "shaka", "drm": "clearkey", "max_height": None}}
# Of an account with one screen: each start but the first ends the one before, which is the dearer
# of the two writes.
EVENT: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "POST /v1/playback/start",
    "rawPath": "/v1/playback/start",
    "rawQueryString": "",
    "headers": {
        "content-type": "application/json",
        "host": "api.marquee.example",
        "x-marquee-origin": ORIGIN_SECRET,
        "cloudfront-viewer-country": "IE",
    },
    "requestContext": {
        "authorizer": {
            "jwt": {
                "claims": {
                    "sub": "acc_1",
                    "scope": "member",
                    "profile": "prf_1",
                    "device": "dev_1",
                    "device_registered": "true",
                    "sid": "fam_01k00000000000000000000000",
                    "maturity": "18",
                    "kids": "false",
                },
                "scopes": ["member"],
            }
        },
        "http": {
            "method": "POST",
            "path": "/v1/playback/start",
            "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.7",
            "userAgent": "benchmark",
        },
        "stage": "$default",
    },
    "body": json.dumps(BODY),
    "isBase64Encoded": False,
}


def settings() -> dict[str, str]:
    """A table and secrets in moto; the functions' environment."""
    boto3.client("dynamodb").create_table(
        TableName="playback",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    secrets = {
        "SIGNING_SECRET": json.dumps({"key_pair_id": "K1", "private_key": pem.decode()}),
        "TICKET_SECRET": "t" * 64,
        "ORIGIN_SECRET": ORIGIN_SECRET,
        "PIN_SECRET": "p" * 64,
    }
    manager = boto3.client("secretsmanager")
    arns = {
        name: manager.create_secret(Name=name, SecretString=text)["ARN"]
        for name, text in secrets.items()
    }
    return {
        **arns,
        "PLAYBACK_TABLE": "playback",
        "PUBLIC_ORIGIN": "https://watch.marquee.example",
        "BEACONS_URL": "https://beacons.marquee.example/v1/beacons",
        "CLEARKEY": "true",
        "VAULT_KEY_ID": boto3.client("kms").create_key()["KeyMetadata"]["Arn"],
    }


def publish_title(vault_key_id: str, title_id: str = "ttl_1", asset_id: str = "ast_1") -> None:
    """One title with four tracks' keys, by the events that bring it on AWS."""
    from kernel import envelope
    from kernel.events.catalog import TitlePublished
    from kernel.events.keys import ContentKeysIssued, WrappedKey
    from playback.handlers.project import handler

    data_key = boto3.client("kms").generate_data_key(
        KeyId=vault_key_id,
        KeySpec="AES_256",
        EncryptionContext=envelope.encryption_context(asset_id),
    )
    wrapped_data_key = base64.b64encode(data_key["CiphertextBlob"]).decode()
    wrapped = base64.b64encode(envelope.wrap(data_key["Plaintext"], os.urandom(16))).decode()
    tracks = ("SD", "HD", "UHD1", "STEREO_AUDIO")
    keys = [
        WrappedKey(kid=str(uuid.UUID(int=number)), track_type=track, wrapped_key=wrapped)
        for number, track in enumerate(tracks)
    ]
    rights = {"territories": ["*"], "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": None}
    events = (
        TitlePublished(
            sequence=1, title_id=title_id, asset_id=asset_id, name="A Film",
            duration_seconds=5400.0, path=f"m/{asset_id}/v1",
            manifests={"dash-clearkey": "manifest.mpd"},
            poster=f"art/{asset_id}/v1/poster.jpg",
            rights=rights,
        ),
        ContentKeysIssued(
            sequence=1, content_id=asset_id, wrapped_data_key=wrapped_data_key, keys=keys
        ),
    )  # fmt: skip
    for event in events:
        handler({"detail-type": event.detail_type, "detail": event.to_detail()}, None)


def main() -> None:
    with moto_server() as endpoint:
        own = settings()
        os.environ.update(own)
        publish_title(own["VAULT_KEY_ID"])
        environment = {**endpoint, **own}
        costs = measure(FUNCTIONS, environment, EVENT, calls=CALLS)
        calls = {
            name: round_trips(function, environment, EVENT) for name, function in FUNCTIONS.items()
        }
    ours, naive = costs["ours"], costs["naive"]
    say("Starting a play (processor time against a naive FastAPI + Mangum + boto3 function)")
    say_conditions(f"median of {REPEATS}")
    say_ratio("initialization", ours.init_ms, naive.init_ms, "ms", "target ≤ 0.55")
    say_ratio("first call", ours.first_ms, naive.first_ms, "ms", "")
    say_ratio("warm call", ours.warm_ms, naive.warm_ms, "ms", "target ≤ 0.50")
    for name, each in calls.items():
        print(f"  {f'round trips, {name}':<34} {each}")


if __name__ == "__main__":
    main()
