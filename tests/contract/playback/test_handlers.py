"""The functions as Lambda loads them: a key's way from the encryptor to the player."""

from __future__ import annotations

import base64
import importlib
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kernel.events.catalog import TitlePublished
from tests.unit.keys.fakes import AUDIO_KID, VIDEO_KID, request
from tests.unit.playback.fakes import FAMILY

HANDLERS = (
    "keys.handlers.speke",
    "playback.handlers.project",
    "playback.handlers.sessions",
    "playback.handlers.licence",
)


def kid_text(kid: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(kid).bytes).rstrip(b"=").decode()


@pytest.fixture
def functions(
    table_of: Callable[[str], str], function_environment: pytest.MonkeyPatch
) -> Iterator[dict[str, ModuleType]]:
    secrets = boto3.client("secretsmanager")
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    pair = {"key_pair_id": "K1", "private_key": pem.decode()}
    signing = secrets.create_secret(Name="signing", SecretString=json.dumps(pair))["ARN"]
    origin = secrets.create_secret(Name="origin", SecretString="o" * 64)["ARN"]
    ticket = secrets.create_secret(Name="ticket", SecretString="t" * 64)["ARN"]
    for name, value in {
        "KEYS_TABLE": table_of("keys"),
        "PLAYBACK_TABLE": table_of("playback"),
        "VAULT_KEY_ID": boto3.client("kms").create_key()["KeyMetadata"]["Arn"],
        "PUBLIC_ORIGIN": "https://watch.example.com",
        "BEACONS_URL": "https://beacons.example.com/v1/beacons",
        "SIGNING_SECRET": signing,
        "TICKET_SECRET": ticket,
        "PIN_SECRET": "of no use without a grant",
        "ORIGIN_SECRET": origin,
        "CLEARKEY": "true",
    }.items():
        function_environment.setenv(name, value)
    yield {name: importlib.import_module(name) for name in HANDLERS}
    for name in HANDLERS:
        sys.modules.pop(name, None)


def issue_keys(functions: dict[str, ModuleType]) -> dict[str, str]:
    """Ask for keys as an encryptor does; the keys in base64 by key id."""
    answer = functions["keys.handlers.speke"].handler(
        {
            "headers": {"x-speke-version": "2.0"},
            "requestContext": {"authorizer": {"iam": {"userArn": "arn:aws:iam::1:role/r"}}},
            "body": request(root='contentId="ast_1" version="2.3"').decode(),
        },
        None,
    )
    assert answer["statusCode"] == 200, answer
    names = {"c": "urn:dashif:org:cpix", "p": "urn:ietf:params:xml:ns:keyprov:pskc"}
    keys = ET.fromstring(answer["body"]).findall(".//c:ContentKey", names)
    return {key.get("kid", ""): key.findtext(".//p:PlainValue", "", names) for key in keys}


def deliver_events(functions: dict[str, ModuleType]) -> None:
    """Carry the vault's outbox and a published title to playback."""
    items = boto3.client("dynamodb").scan(TableName="keys")["Items"]
    events = [
        {"detail-type": item["detail_type"]["S"], "detail": json.loads(item["detail"]["S"])}
        for item in items
        if "detail_type" in item
    ]
    title = TitlePublished(
        sequence=1,
        title_id="ttl_1",
        asset_id="ast_1",
        name="A Film",
        duration_seconds=20.5,
        path="m/ast_1/v1",
        manifests={"dash-clearkey": "manifest.mpd"},
        poster="art/ast_1/v1/poster.jpg",
        rights={"territories": ["*"], "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": None},
    )
    events.append({"detail-type": "TitlePublished", "detail": title.to_detail()})
    for event in events:
        functions["playback.handlers.project"].handler(event, None)


def start(functions: dict[str, ModuleType]) -> dict[str, Any]:
    claims = {
        "sub": "acc_1",
        "scope": "member",
        "profile": "prf_1",
        "device": "dev_1",
        "device_registered": "true",
        "sid": FAMILY,
        "maturity": "18",
        "kids": "false",
    }
    device = {"family": "shaka", "drm": "clearkey", "max_height": None}
    answer = functions["playback.handlers.sessions"].handler(
        {
            "routeKey": "POST /v1/playback/start",
            "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
            "body": json.dumps({"title_id": "ttl_1", "device": device}),
        },
        None,
    )
    assert answer["statusCode"] == 200, answer
    return dict(json.loads(answer["body"]))


def test_the_player_gets_the_very_keys_that_the_encryptor_got(
    functions: dict[str, ModuleType],
) -> None:
    issued = issue_keys(functions)
    deliver_events(functions)
    started = start(functions)

    answer = functions["playback.handlers.licence"].handler(
        {
            "pathParameters": {"session_id": started["session_id"]},
            "headers": {"x-marquee-licence-token": started["drm"]["licence_token"]},
            "body": json.dumps({"kids": [kid_text(VIDEO_KID), kid_text(AUDIO_KID)]}),
        },
        None,
    )

    assert answer["statusCode"] == 200
    for licence in (started["drm"]["licence"], json.loads(answer["body"])):
        assert {key["kid"]: key["k"] for key in licence["keys"]} == {
            kid_text(kid): value.replace("+", "-").replace("/", "_").rstrip("=")
            for kid, value in issued.items()
        }


def test_a_warm_start_is_one_read_then_one_write_and_one_key_opened_beside_it(
    functions: dict[str, ModuleType],
    aws_calls: list[str],
) -> None:
    issue_keys(functions)
    deliver_events(functions)
    aws_calls.clear()

    start(functions)

    read, *beside = aws_calls
    assert (read, sorted(beside)) == ("BatchGetItem", ["Decrypt", "UpdateItem"])


def test_a_start_that_takes_a_screen_from_another_is_one_write_too(
    functions: dict[str, ModuleType],
    aws_calls: list[str],
) -> None:
    issue_keys(functions)
    deliver_events(functions)
    start(functions)
    aws_calls.clear()

    start(functions)

    read, *beside = aws_calls
    assert (read, sorted(beside)) == ("BatchGetItem", ["Decrypt", "TransactWriteItems"])


def test_a_function_that_starts_plays_reads_each_of_its_secrets_once(
    functions: dict[str, ModuleType], aws_calls: list[str]
) -> None:
    aws_calls.clear()

    importlib.reload(functions["playback.handlers.sessions"])

    assert aws_calls == ["GetSecretValue"] * 3


@pytest.mark.parametrize("package", ["keys", "playback"])
def test_the_path_a_viewer_waits_for_loads_nothing_heavy(package: str) -> None:
    modules = {
        "keys": "boto3, keys.routes, keys.store, keys.kms",
        "playback": "playback.routes, playback.store, playback.secret_store, playback.kms",
    }[package]
    heavy = {"fastapi", "pydantic", "pynamodb", "mangum", "aws_lambda_powertools"}
    if package == "playback":
        heavy |= {"boto3", "botocore"}
    code = f"import sys, {modules}; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd="lambdas",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
