"""One viewed hour, played by the real handlers against moto: what each step of it uses of AWS."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import boto3
import play_start
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from parts.harness import LAMBDAS, LAYERS, PEERS, Exchange, Function, base_python, exchanges
from parts.request_units import KILOBYTE, Use, item_bytes, kept_item, median_of, used_by

RENEWED_BEFORE = timedelta(seconds=30)
"""A request of the web app that finds less left of its access token renews it first
(web/src/auth/session.ts)."""

ISSUER = "https://auth.marquee.example"

MEMORY_MB = 512
"""Of every function on this path: what stacks/components/function.py gives by itself."""

MB_OF_A_CORE = 1769
"""A function has one virtual processor at so much memory and a share of it below (Lambda developer
guide, "Configure Lambda function memory"). Assumed: a core of arm64 is as fast as one here."""

WAIT_MS = 5.0
"""Assumed for each call to AWS: a function is billed while it waits. Single-digit milliseconds is
what DynamoDB promises."""

PLATFORM_LOG_BYTES = 300
"""Lambda's own START, END and REPORT of an invocation, about."""

ACCESS_LOG_BYTES = 260
"""A line of stacks/components/api_stage.py, about; the API of beacons writes none."""

HEADER_BYTES = 500
"""Of an answer, about."""

PUT_RECORD_BYTES = 120
"""What Kinesis answers a record with, about."""

VIEWERS_AT_ONCE = 1000
"""Assumed: so many fill the readers' batches. With fewer, each beacon is a batch of its own."""

SHARDS = 4
"""An on-demand stream begins with so many."""

WINDOW_SECONDS, MOST_RECORDS = 3.0, 100
"""How long and how far a reader's batch fills (stacks/components/beacon_reader.py)."""

BEATS_MEASURED = 4
"""Of each play; all are alike."""


@dataclass(frozen=True)
class Called:
    """One call of a function."""

    answer: Any
    cpu_ms: float
    logged: str
    """Its own lines."""
    made: tuple[Exchange, ...]
    """Calls to AWS."""

    @property
    def body(self) -> str:
        """Of an answer to HTTP."""
        if self.answer["statusCode"] >= 400:
            raise SystemExit(str(self.answer))
        return str(self.answer.get("body") or "")


class Process:
    """A function in a process of its own, with its layers and nothing else, called many times."""

    def __init__(self, function: Function, environment: Mapping[str, str]) -> None:
        self._handler = function.handler
        paths = [str(function.code), *(str(LAYERS / each / "python") for each in function.layers)]
        self._process = subprocess.Popen(
            [base_python(), "-P", "-S", "-s", str(PEERS / "called.py")],
            env={
                **environment,
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(paths),
                "TZ": ":UTC",
                "AWS_LAMBDA_FUNCTION_NAME": "marquee-prod-playback-SessionsFunction0123456789AB",
            },
            cwd=tempfile.gettempdir(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, event: Mapping[str, Any]) -> Called:
        """What one call costs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        exchanges.clear()
        print(json.dumps({"handler": self._handler, "event": event}), file=self._process.stdin)
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._handler} failed.")
        told = json.loads(line)
        return Called(told["answer"], told["cpu_ms"], told["logged"], tuple(exchanges))

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


def invoked(called: Called, *, per_invocation: float = 1) -> Use:
    """One record's or request's share of an invocation that takes `per_invocation` of them."""
    waits = sum(made.operation not in ("GetSecretValue", "GetPublicKey") for made in called.made)
    billed_ms = called.cpu_ms * MB_OF_A_CORE / MEMORY_MB + waits * WAIT_MS
    # Billed by the millisecond, begun ones in full.
    gb_seconds = math.ceil(billed_ms * per_invocation) / per_invocation / 1000 * MEMORY_MB / 1024
    log_bytes = (len(called.logged.encode()) + PLATFORM_LOG_BYTES) / per_invocation
    whole = Use.of(
        function_request=1 / per_invocation,
        function_gb_second=gb_seconds,
        log_gb=log_bytes / 1e9,
    )
    return whole + used_by(called.made)


def requested(answer_bytes: int) -> Use:
    """A request to an HTTP API, small enough to be metered once."""
    out_gb = (answer_bytes + HEADER_BYTES) / 1e9
    return Use.of(gateway_request=1, out_gb=out_gb, log_gb=ACCESS_LOG_BYTES / 1e9)


def requested_at_the_edge(answer_bytes: int) -> Use:
    """The same behind CloudFront, which takes the answer out."""
    out_gb = (answer_bytes + HEADER_BYTES) / 1e9
    access_log = Use.of(log_gb=ACCESS_LOG_BYTES / 1e9)
    return Use.of(edge_request=1, edge_out_gb=out_gb, gateway_request=1) + access_log


def told(answer_bytes: int) -> Use:
    """A request to the API of beacons."""
    return Use.of(gateway_request=1, out_gb=(answer_bytes + HEADER_BYTES) / 1e9)


@dataclass(frozen=True)
class Processes:
    """The functions on the path."""

    sessions: Process
    progress: Process
    heartbeats: Process
    places: Process
    token: Process


@contextlib.contextmanager
def processes(endpoint: Mapping[str, str], playback: Mapping[str, str], identity: Mapping[str, str]
) -> Iterator[Processes]:  # fmt: skip
    """All of them, as their stacks have them."""
    progress = {**endpoint, "TABLE_NAME": "progress", "TICKET_SECRET": playback["TICKET_SECRET"]}
    players = {**endpoint, **playback}
    made = Processes(
        Process(Function("playback.handlers.sessions.handler", LAMBDAS, ("crypto",)), players),
        Process(Function("progress.handlers.progress.handler", LAMBDAS, ("lean",)), progress),
        Process(Function("playback.handlers.beacons.handler", LAMBDAS, ("crypto",)), players),
        Process(Function("progress.handlers.beacons.handler", LAMBDAS, ("lean",)), progress),
        Process(
            Function("identity.handlers.token.handler", LAMBDAS, ("crypto",)),
            {**endpoint, **identity},
        ),
    )
    try:
        yield made
    finally:
        for process in vars(made).values():
            process.stop()


@dataclass
class Household:
    """An account with a plan and a sign-in; ids are as long as real ones are."""

    account_id: str
    profile_id: str
    device_id: str
    family_id: str
    title_id: str
    refresh: str

    def event(self, route: str, body: object = None, **parameters: str) -> dict[str, Any]:
        """A request as the HTTP API hands it over."""
        method, _, path = route.partition(" ")
        event: dict[str, Any] = json.loads(json.dumps(play_start.EVENT))
        context = event["requestContext"]
        context["authorizer"]["jwt"]["claims"] |= {
            "sub": self.account_id,
            "profile": self.profile_id,
            "device": self.device_id,
            "sid": self.family_id,
        }
        context["http"] |= {"method": method, "path": path.format(**parameters)}
        return event | {
            "routeKey": route,
            "rawPath": path.format(**parameters),
            "pathParameters": parameters,
            "body": None if body is None else json.dumps(body),
        }


def household() -> Household:
    """Somebody who has the middle plan, a registered device and a title to watch."""
    from identity.domain import Account
    from identity.oauth.grants import Family, RefreshToken, digest
    from identity.oauth.store import DynamoGrants
    from identity.store import DynamoAccounts
    from kernel.aws.json_client import DYNAMODB, AwsJson
    from kernel.clock import epoch_milliseconds
    from kernel.ids import new_id
    from playback.domain import Allowance
    from playback.store import DynamoPlayback

    now = datetime.now(UTC)
    refresh = RefreshToken(
        account_id=new_id("acc", now),
        family_id=new_id("fam", now),
        family_secret=secrets.token_urlsafe(32),
        secret=secrets.token_urlsafe(32),
    )
    made = Household(
        account_id=refresh.account_id,
        profile_id=new_id("prf", now),
        device_id=new_id("dev", now),
        family_id=refresh.family_id,
        title_id=new_id("ttl", now),
        refresh=str(refresh),
    )
    play_start.publish_title(os.environ["VAULT_KEY_ID"], made.title_id, new_id("ast", now))
    plan = Allowance(streams=2, max_height=1080, downloads=10)
    kept = DynamoPlayback(AwsJson(DYNAMODB, os.environ), "playback")
    kept.save_allowance(made.account_id, plan, epoch_milliseconds(now))
    client = boto3.client("dynamodb")
    DynamoAccounts(client, "identity").add(
        Account(
            account_id=made.account_id,
            email="ada.lovelace@example.com",
            password_hash="$argon2id$" + "h" * 87,
            scopes=("member",),
            profile_id=made.profile_id,
            created_at=now - timedelta(days=30),
        )
    )
    family = Family(
        family_id=made.family_id,
        account_id=made.account_id,
        client_id="web",
        device_id=made.device_id,
        scope="openid member",
        started_at=now,
        expires_at=now + timedelta(days=30),
        family_digest=digest(refresh.family_secret),
        token_digest=digest(refresh.secret),
        profile_id=made.profile_id,
        device_registered=True,
        signed_in_at=now,
    )
    DynamoGrants(client, "identity").start(family)
    return made


class ProofKey:
    """The key of a browser, to which its refresh tokens are bound (RFC 9449)."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def proof(self) -> str:
        """That it is held, for one renewal."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        now = int(datetime.now(UTC).timestamp())
        said = (
            {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk},
            {"htm": "POST", "htu": f"{ISSUER}/token", "iat": now, "jti": secrets.token_urlsafe(16)},
        )
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in said)
        signature = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        raw = b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(signature))
        return f"{signed}.{_base64url(raw)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Hour:
    """One play after another; each is over in a moment, and its beacons say it was an hour."""

    def __init__(self, who: Household, functions: Processes) -> None:
        self._who = who
        self._functions = functions
        self._key = ProofKey()
        self._beaten = 0
        self.account_bytes = 0
        """Of the account's item while somebody plays: what every beacon writes."""

    def play(self) -> dict[str, Use]:
        """What each step of one play uses, once."""
        who, functions = self._who, self._functions
        route = "POST /v1/playback/start"
        start = functions.sessions.call(
            who.event(route, {**play_start.BODY, "title_id": who.title_id})
        )
        began = json.loads(start.body)
        steps = {
            "start": requested_at_the_edge(len(start.body)) + invoked(start),
            "preflight": told(0),
            "first beacon": self._beat(began["ticket"], "start"),
            "beacon": median_of(
                [self._beat(began["ticket"], "position") for _ in range(BEATS_MEASURED)]
            ),
        }
        read = functions.progress.call(
            who.event("GET /v1/progress/{title_id}", title_id=who.title_id)
        )
        steps["place read"] = requested_at_the_edge(len(read.body)) + invoked(read)
        key = {"pk": {"S": f"ACCOUNT#{who.account_id}"}, "sk": {"S": "ACCOUNT"}}
        self.account_bytes = item_bytes(kept_item("playback", key))
        session = "DELETE /v1/playback/sessions/{session_id}"
        end = functions.sessions.call(who.event(session, session_id=began["session_id"]))
        steps["end"] = requested_at_the_edge(len(end.body)) + invoked(end)
        steps["last beacon"] = self._beat(began["ticket"], "leave")
        steps["renewal"] = self._renewal()
        return steps

    def _beat(self, ticket: str, kind: str) -> Use:
        """A batch of one beacon, which both readers take."""
        self._beaten += 1
        at = datetime.now(UTC) + timedelta(seconds=self._beaten)
        beacon = {
            "kind": kind,
            "at": at.isoformat(timespec="milliseconds"),
            "position_seconds": 10.1 * self._beaten,
            "duration_seconds": 5400.0,
        }
        batch = {"ticket": ticket, "sent_at": beacon["at"], "beacons": [beacon]}
        data = json.dumps(batch, separators=(",", ":")).encode()
        kinesis = {
            "data": base64.b64encode(data).decode(),
            "partitionKey": self._who.account_id,
            "sequenceNumber": str(self._beaten),
            "approximateArrivalTimestamp": at.timestamp(),
        }
        event = {"Records": [{"kinesis": kinesis}]}
        per_invocation = records_of_a_batch()
        read = Use.of()
        for reader in (self._functions.heartbeats, self._functions.places):
            called = reader.call(event)
            if called.answer["batchItemFailures"] or '"dropped"' in called.logged:
                raise SystemExit(f"A reader did not take its beacon: {called.logged}")
            read += invoked(called, per_invocation=per_invocation)
            read += Use.of(stream_out_gb=len(data) / 1e9)
        billed = math.ceil(len(data) / KILOBYTE) * KILOBYTE
        return told(PUT_RECORD_BYTES) + Use.of(stream_in_gb=billed / 1e9) + read

    def _renewal(self) -> Use:
        form = {
            "grant_type": "refresh_token",
            "client_id": "web",
            "refresh_token": self._who.refresh,
        }
        event = self._who.event("POST /token") | {"body": urlencode(form)}
        event["headers"]["content-type"] = "application/x-www-form-urlencoded"
        event["headers"]["dpop"] = self._key.proof()
        called = self._functions.token.call(event)
        self._who.refresh = json.loads(called.body)["refresh_token"]
        return requested(len(called.body)) + invoked(called)


def beat() -> timedelta:
    """Between beacons of a play."""
    from playback.leases import BEAT

    return BEAT


def between_renewals() -> timedelta:
    """A token is renewed when a request needs it: with a beacon, once it is nearly over."""
    from identity.oauth.claims import ACCESS_TOKEN_LIFE

    return math.ceil((ACCESS_TOKEN_LIFE - RENEWED_BEFORE) / beat()) * beat()


def records_of_a_batch() -> float:
    """How many beacons a reader takes at once: the first, and what comes while it waits."""
    a_second = VIEWERS_AT_ONCE / beat().total_seconds() / SHARDS
    return min(MOST_RECORDS, 1 + a_second * WINDOW_SECONDS)
