"""What does a play's start cost on Lambda: ours against a naive FastAPI function on one table?"""

from __future__ import annotations

import base64
import json
import os
import sys
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from moto.dynamodb.models import dynamodb_backends
from parts.harness import (
    ACCOUNT,
    LAMBDAS,
    PEERS,
    REGION,
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
LEFT_BEHIND = ("EVENT#", "SESSION#")
"""Of our starts, and of the peer's."""
ORIGIN_SECRET = "o" * 64
BODY = {"title_id": "ttl_1", "device": {"family": "shaka", "drm": "clearkey", "max_height": None}}
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


Item = dict[str, Any]


def account(plays: int) -> Item:
    """An account of one screen that has watched before, as its item is between two starts.

    `plays` of its one device are under way.
    """
    from playback.domain import Session, Viewer
    from playback.leases import LEASE, MOST_ENDS, End
    from playback.play_items import end_value, number, play_value

    now = datetime.now(UTC)
    viewer = Viewer("acc_1", "prf_1", "dev_1", family_id="fam_01k00000000000000000000000")
    under_way = {
        f"ses_{place:026}": Session(
            session_id=f"ses_{place:026}",
            viewer=viewer,
            title_id="ttl_1",
            asset_id="ast_1",
            kids=tuple(str(uuid.UUID(int=kid)) for kid in range(3)),
            started_at=now,
            expires_at=now + timedelta(hours=4),
            held_until=now + LEASE,
            licences=1,
        )
        for place in range(plays)
    }
    ended = {f"ses_{9 - place:026}": end_value(End(now, "left")) for place in range(MOST_ENDS)}
    return {
        "pk": {"S": "ACCOUNT#acc_1"},
        "sk": {"S": "ACCOUNT"},
        "event_sequence": number(1),
        "streams": number(1),
        "max_height": number(1080),
        "downloads": number(0),
        "plays": {"M": {key: play_value(play) for key, play in under_way.items()}},
        "ended": {"M": ended},
    }


@dataclass
class Between:
    """Sets the table right before each start, so that all of them begin alike."""

    item: Item = field(default_factory=dict)

    def __call__(self, operation: str) -> None:
        """Before our start reads, and before the peer, which leaves the account's item as it is,
        writes: moto copies its tables for a transaction, so what starts leave behind would make
        later ones wait."""
        if not self.item or operation not in ("BatchGetItem", "PutItem"):
            return
        backend = dynamodb_backends[ACCOUNT][REGION]
        backend.put_item("playback", self.item)
        rows = backend.get_table("playback").items
        for left in [pk for pk in rows if pk.value.startswith(LEFT_BEHIND)]:
            del rows[left]


def main() -> None:
    between = Between()
    with moto_server(between) as endpoint:
        own = settings()
        os.environ.update(own)
        publish_title(own["VAULT_KEY_ID"])
        environment = {**endpoint, **own}
        say("Starting a play (processor time against a naive FastAPI + Mangum + boto3 function)")
        for path, plays in (("after one that ended", 0), ("in place of the device's last", 1)):
            between.item = account(plays)
            say_path(path, environment)


def say_path(path: str, environment: dict[str, str]) -> None:
    """What a start costs where the account's item is as it was set."""
    costs = measure(FUNCTIONS, environment, EVENT, calls=CALLS)
    calls = {
        name: round_trips(function, environment, EVENT) for name, function in FUNCTIONS.items()
    }
    ours, naive = costs["ours"], costs["naive"]
    print(f"  A play {path}")
    say_conditions(f"median of {REPEATS}")
    say_ratio("initialization", ours.init_ms, naive.init_ms, "ms", "target ≤ 0.40")
    say_ratio("first call", ours.first_ms, naive.first_ms, "ms", "")
    say_ratio("warm call", ours.warm_ms, naive.warm_ms, "ms", "target ≤ 0.35")
    for name, each in calls.items():
        print(f"  {f'round trips, {name}':<34} {each}")


if __name__ == "__main__":
    main()
