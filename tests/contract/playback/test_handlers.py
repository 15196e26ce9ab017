"""The functions as Lambda loads them: a key's way from the encryptor to the player."""

from __future__ import annotations

import base64
import importlib
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kernel.errors import UnavailableError
from kernel.events.catalog import TitlePublished
from playback.leases import LEASE
from tests.unit.keys.fakes import AUDIO_KID, VIDEO_KID, request
from tests.unit.playback.fakes import FAMILY

HANDLERS = (
    "keys.handlers.speke",
    "playback.handlers.project",
    "playback.handlers.sessions",
    "playback.handlers.licence",
    "playback.handlers.beacons",
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
    for event in (*events, published(1)):
        functions["playback.handlers.project"].handler(event, None)


def published(sequence: int) -> dict[str, Any]:
    """A title as the bus tells of it."""
    title = TitlePublished(
        sequence=sequence,
        title_id="ttl_1",
        asset_id="ast_1",
        name="A Film",
        duration_seconds=20.5,
        path="m/ast_1/v1",
        manifests={"dash-clearkey": "manifest.mpd"},
        poster="art/ast_1/v1/poster.jpg",
        rights={"territories": ["*"], "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": None},
    )
    return {"detail-type": "TitlePublished", "detail": title.to_detail()}


def asks_to_start(functions: dict[str, ModuleType]) -> dict[str, Any]:
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
    answer: dict[str, Any] = functions["playback.handlers.sessions"].handler(
        {
            "routeKey": "POST /v1/playback/start",
            "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
            "body": json.dumps({"title_id": "ttl_1", "device": device}),
        },
        None,
    )
    return answer


def start(functions: dict[str, ModuleType]) -> dict[str, Any]:
    answer = asks_to_start(functions)
    assert answer["statusCode"] == 200, answer
    return dict(json.loads(answer["body"]))


def asks_for_licence(functions: dict[str, ModuleType], started: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = functions["playback.handlers.licence"].handler(
        {
            "pathParameters": {"session_id": started["session_id"]},
            "headers": {"x-marquee-licence-token": started["drm"]["licence_token"]},
            "body": json.dumps({"kids": [kid_text(VIDEO_KID), kid_text(AUDIO_KID)]}),
        },
        None,
    )
    return answer


def plays() -> dict[str, Any]:
    """The plays that the table holds of the account, as DynamoDB has them."""
    key = {"pk": {"S": "ACCOUNT#acc_1"}, "sk": {"S": "ACCOUNT"}}
    item = boto3.client("dynamodb").get_item(TableName="playback", Key=key).get("Item", {})
    return dict(item.get("plays", {"M": {}})["M"])


def test_the_player_gets_the_very_keys_that_the_encryptor_got(
    functions: dict[str, ModuleType],
) -> None:
    issued = issue_keys(functions)
    deliver_events(functions)
    started = start(functions)

    answer = asks_for_licence(functions, started)

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


def is_told_to_come_back(answer: dict[str, Any]) -> bool:
    """A problem of our own that says when to ask again."""
    problem = json.loads(answer["body"])
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    return (answer["statusCode"], problem["code"], answer["headers"]["retry-after"]) == (
        503,
        "unavailable",
        "1",
    )


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem"])
def test_a_start_that_is_throttled_admits_nobody_and_says_when_to_come_back(
    functions: dict[str, ModuleType], throttled: set[str], operation: str
) -> None:
    issue_keys(functions)
    deliver_events(functions)

    throttled.add(operation)
    answer = asks_to_start(functions)

    assert is_told_to_come_back(answer)
    assert plays() == {}
    throttled.clear()
    assert set(plays()) | {start(functions)["session_id"]} == set(plays())


def test_a_take_over_that_is_throttled_takes_nothing(
    functions: dict[str, ModuleType], throttled: set[str]
) -> None:
    issue_keys(functions)
    deliver_events(functions)
    first = start(functions)["session_id"]

    throttled.add("TransactWriteItems")

    assert is_told_to_come_back(asks_to_start(functions))
    assert set(plays()) == {first}


@pytest.mark.parametrize("operation", ["UpdateItem", "GetItem", "Decrypt"])
def test_a_licence_that_is_throttled_holds_no_key(
    functions: dict[str, ModuleType], throttled: set[str], operation: str
) -> None:
    issue_keys(functions)
    deliver_events(functions)
    started = start(functions)

    throttled.add(operation)
    answer = asks_for_licence(functions, started)

    assert is_told_to_come_back(answer)
    throttled.clear()
    assert asks_for_licence(functions, started)["statusCode"] == 200


def told(started: dict[str, Any], sequence: int, arrived: float) -> dict[str, Any]:
    """A record of the stream of beacons: somebody watches."""
    said = datetime.fromtimestamp(arrived, UTC).isoformat()
    beacon = {"kind": "position", "at": said, "position_seconds": 1, "duration_seconds": 20}
    body = {"ticket": started["ticket"], "sent_at": said, "beacons": [beacon]}
    return {
        "kinesis": {
            "data": base64.b64encode(json.dumps(body).encode()).decode(),
            "approximateArrivalTimestamp": arrived,
            "sequenceNumber": str(sequence),
            "partitionKey": "acc_1",
        }
    }


def test_beacons_that_are_throttled_come_again_from_the_first_and_none_is_lost(
    functions: dict[str, ModuleType], throttled: set[str]
) -> None:
    issue_keys(functions)
    deliver_events(functions)
    started = start(functions)
    reader = functions["playback.handlers.beacons"].handler
    now = time.time()
    records = [told(started, number, now + 10 * number) for number in (1, 2)]
    before = plays()

    throttled.add("UpdateItem")
    answer = reader({"Records": records}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert plays() == before
    throttled.clear()
    assert reader({"Records": records}, None) == {"batchItemFailures": []}
    held_until = int(plays()[started["session_id"]]["M"]["held_until"]["N"])
    assert held_until == int(now + 20 + LEASE.total_seconds())


def test_an_event_that_is_throttled_fails_so_that_the_bus_tells_it_again(
    functions: dict[str, ModuleType], throttled: set[str]
) -> None:
    throttled.add("UpdateItem")
    with pytest.raises(UnavailableError):
        deliver_events(functions)
    throttled.clear()

    issue_keys(functions)
    deliver_events(functions)

    assert start(functions)["session_id"]


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
