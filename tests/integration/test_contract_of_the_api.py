"""Whatever is sent to the APIs that devices meet, they answer as their contracts in docs/api say.

Schemathesis derives requests from the contracts, right and wrong ones, always the same; what it
checks of each answer is named in its documentation (schemathesis.readthedocs.io, "Checks").
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from commands.sign_in import SignIn, SignInError
from tests.beacons import watch
from tests.cloud import Person, RunningCloud, eventually
from tests.contract_documents import contract, hold, holding, loaded
from tests.custody import claims_of
from tests.integration.test_account_devices import SignedIn
from tests.integration.test_accounts import Somebody

DISCOVERY = "/.well-known/openid-configuration"
PROBED_SECONDS = 60
"""Functions start cold on a busy machine."""

EXAMPLES = 20
"""Of chance, for each operation, beside those that cover each bound of its parameters."""

ACCEPTED = ("2xx", "3xx", "401", "403", "404", "409", "429")
REJECTED = ("400", "401", "403", "404", "409", "422", "429")
"""What Schemathesis takes for an acceptance or a rejection by itself, but for answers of 5xx."""

NOT_THERE = {"403", "404", "405"}

CONFIG: dict[str, Any] = {
    "seed": 4,
    "checks": {
        # API Gateway answers 404 to a method without a route, never 405: see our own check below.
        "unsupported_method": {"enabled": False},
    },
    "operations": [
        {
            # API Gateway takes what it finds for a text: of a number, its digits.
            "include-operation-id": "put_beacons",
            "checks": {"negative_data_rejection": {"expected-statuses": ["200", "400", "401"]}},
        },
        {
            # RFC 6749 section 5.2: a code, token or client that is none is 400, as is a bad form,
            # or one that says a thing twice (section 3.2).
            "include-path-regex": (
                "^/(consent|token|second-step|device(/approve|_authorization)?|revoke|logout)$"
            ),
            "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400"]}},
        },
        {
            # The same; and section 4.1.2.1 sends what is wrong with a request back by redirect.
            "include-path-regex": "^/(authorize|passkey)$",
            "checks": {
                "positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400"]},
                "negative_data_rejection": {"expected-statuses": [*REJECTED, "303"]},
            },
        },
    ],
}

some = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


APP, AUTH = loaded("app", CONFIG), loaded("auth", CONFIG)


@schemathesis.check
def a_method_without_a_route_reaches_no_function(
    _context: Any, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    asked = str(response.request.method).lower()
    paths = case.operation.schema.raw_schema["paths"]
    # `/…/find` is an `/…/{account_id}` as well, where that method has no path of its own.
    routed = any(
        asked in methods and re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), case.path)
        for path, methods in paths.items()
    )
    if asked == "options" or routed:
        return
    assert str(response.status_code) in NOT_THERE, response.status_code
    assert "x-correlation-id" not in response.headers


@pytest.fixture(scope="module")
def begun(staff: Person) -> Iterator[Callable[[Any], None]]:
    """Told of every answer; the uploads that were begun are gone afterwards, and nobody else's."""
    uploads: list[str] = []

    def heard(answer: Any) -> None:
        path = urlsplit(str(answer.request.url)).path
        if (answer.request.method, path, answer.status_code) == ("POST", "/v1/uploads", 201):
            uploads.append(answer.json()["asset_id"])

    yield heard
    for asset_id in uploads:
        staff.ask("POST", f"/v1/assets/{asset_id}/cancel")
        answer = staff.ask("DELETE", f"/v1/assets/{asset_id}")
        assert answer.status_code == 204, answer.text


@pytest.fixture(scope="module")
def leaver(cloud: RunningCloud) -> str:
    """The token of somebody who may be signed out everywhere: nobody else is then."""
    return str(SignedIn(Somebody(cloud).has_account()).tokens["access_token"])


def credentials(case: schemathesis.Case, staff: Person, leaver: str) -> dict[str, str]:
    """Staff are members, too: their token serves every scope, where one is asked for."""
    if not any("access_token" in one for one in case.operation.definition.raw["security"]):
        return {}
    if case.path.startswith(("/v1/devices", "/v1/sign-out")):
        return {"Authorization": f"Bearer {leaver}"}
    return {"Authorization": f"Bearer {staff.tokens.access_token()}"}


@APP.parametrize()
@some
def test_devices_and_staff_are_answered_as_the_contract_says(
    case: schemathesis.Case,
    cloud: RunningCloud,
    staff: Person,
    leaver: str,
    begun: Callable[[Any], None],
) -> None:
    begun(case.call_and_validate(base_url=cloud.web, headers=credentials(case, staff, leaver)))


@AUTH.parametrize()
@some
def test_whoever_signs_in_is_answered_as_the_contract_says(
    case: schemathesis.Case, cloud: RunningCloud
) -> None:
    case.call_and_validate(base_url=cloud.issuer)


DEEP = 100_000
HOSTILE_BODIES = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "half a character": b'{"name": "\\ud800", "title_id": "\\ud800", "\\ud800": 1}',
    "a null byte": b'{"name": "a\\u0000b", "title_id": "ttl_\\u0000", "kids": ["\\u0000"]}',
    "deeper than a stack": b"[" * DEEP + b"]" * DEEP,
    "deep inside an object": b'{"device":' * DEEP + b"1" + b"}" * DEEP,
    "not a number": b'{"size_bytes": NaN, "position_seconds": NaN, "duration_seconds": Infinity}',
    "a huge number": b'{"position_seconds": 1' + b"0" * 400 + b', "size_bytes": 1e999}',
    "a number of more digits than Python reads": b'{"size_bytes": ' + b"9" * 5000 + b"}",
    "a tiny number": b'{"position_seconds": 1e-300, "duration_seconds": 1e-300}',
    "a key twice": b'{"name": "a", "name": 1, "title_id": "ttl_1", "title_id": 2}',
    "a name of a megabyte": b'{"' + b"n" * 1_000_000 + b'": 1, "title_id": "ttl_1"}',
    "a value of a megabyte": b'{"title_id": "' + b"t" * 1_000_000 + b'", "kids": ["a"]}',
    "an array": b"[]",
    "a form": b"grant_type=authorization_code&code=a&client_id=web",
    "a form that is badly encoded": b"grant_type=%zz&code=%ff%fe&client_id=%00&%=&==&&",
    "a form with an address that is none": b"email=" + b"a" * 5_000 + b"&password=%ff%00&code=a",
    "a form with every field twice": b"grant_type=a&grant_type=refresh_token&code=a&code=b",
}
WELL_FORMED = {
    "{asset_id}": f"ast_{'0' * 26}",
    "{title_id}": "ttl_1",
    "{session_id}": "ses_1",
    "{language}": "en",
}
CONTENT_TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=",
    "application/json; charset=utf-7",
)
HOSTILE_NAMES = (
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    "%2e%2e%2fadmin",
    "a%2Fb",
    "%252e",
    "%F0%9F%98%80",
    "ttl_" + "1" * 1_100,
    "ses_" + "1" * 3_000,
    "%3Cscript%3E",
)


def with_bodies() -> list[tuple[str, str]]:
    return [
        (path, method.upper())
        for name in ("app", "auth")
        for path, operations in contract(name)["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]


def with_names() -> list[tuple[str, str]]:
    found = contract("app")["paths"].items()
    return [(path, method.upper()) for path, ways in found if "{" in path for method in ways]


class Stranger:
    """Somebody who sends what no client would, with a token that is good."""

    def __init__(self, cloud: RunningCloud, staff: Person, begun: Callable[[Any], None]) -> None:
        self._begun = begun
        self._bearer = {"authorization": f"Bearer {staff.tokens.access_token()}"}
        self._app = httpx.Client(base_url=cloud.web, timeout=30)
        self._auth = httpx.Client(base_url=cloud.issuer, timeout=30)

    def send(
        self, method: str, path: str, content: bytes, content_type: str, address: str = ""
    ) -> httpx.Response:
        """The answer, which was held against the contract of that path."""
        of_app = path.startswith("/v1/")
        answer = (self._app if of_app else self._auth).request(
            method,
            address or path,
            content=content,
            headers={**(self._bearer if of_app else {}), "content-type": content_type},
        )
        self._begun(answer)
        assert answer.status_code < 500, answer.text
        hold(APP if of_app else AUTH, method, path, answer)
        return answer


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, staff: Person, begun: Callable[[Any], None]) -> Stranger:
    return Stranger(cloud, staff, begun)


@pytest.mark.parametrize(("path", "method"), with_bodies())
def test_no_body_is_answered_otherwise_than_the_contract_says(
    path: str, method: str, stranger: Stranger
) -> None:
    address = path
    for name, value in WELL_FORMED.items():
        address = address.replace(name, value)

    for body in HOSTILE_BODIES.values():
        answer = stranger.send(method, path, body, "application/json", address)
        assert 300 <= answer.status_code < 500
    for content_type in CONTENT_TYPES:
        stranger.send(method, path, b'{"name": "a"}', content_type, address)


@pytest.mark.parametrize(("path", "method"), with_names())
def test_no_name_in_a_path_is_answered_otherwise_than_the_contract_says(
    path: str, method: str, stranger: Stranger
) -> None:
    for name in HOSTILE_NAMES:
        address = re.sub(r"{\w+}", name, path)
        answer = stranger.send(method, path, b"{}", "application/json", address)
        assert 400 <= answer.status_code < 500


def test_a_play_is_answered_as_the_contract_says(
    cloud: RunningCloud, titles: dict[str, str]
) -> None:
    member = Person(cloud, "member", heard=holding(APP))
    title, progress = (f"/v1/{kind}/{titles['Big']}" for kind in ("titles", "progress"))

    tag = {"if-none-match": member.ask("GET", "/v1/titles").headers["etag"]}
    assert member.ask("GET", "/v1/titles", **tag).status_code == 304
    assert member.ask("GET", title).status_code == 200
    watch(member, titles["Big"], 1.0)
    assert member.get("/v1/progress")["progress"]
    assert member.get(progress)["title_id"] == titles["Big"]
    play = member.play(titles["Big"])
    kids = claims_of(play.answer["drm"]["licence_token"].partition(".")[2])["kids"]
    asked = [base64.urlsafe_b64encode(UUID(kid).bytes).rstrip(b"=").decode() for kid in kids]
    assert play.licence(asked).status_code == 200
    session = f"/v1/playback/sessions/{play.answer['session_id']}"
    assert member.ask("POST", f"{session}/licence-token").status_code == 200
    assert member.get(session)["state"] == "playing"
    assert member.ask("DELETE", session).status_code == 204
    assert member.get(session)["reason"] == "left"


def test_a_film_is_answered_as_the_contract_says(cloud: RunningCloud) -> None:
    staff = Person(cloud, "staff", heard=holding(APP))
    noise = os.urandom(2_000)
    new = {"name": "Not a film", "file_name": "noise.mp4", "size_bytes": len(noise)}
    track = {"label": "English", "text": "WEBVTT\n\n00:00.000 --> 00:01.000\nGood evening.\n"}
    part = {"part_number": 1, "sha256": base64.b64encode(hashlib.sha256(noise).digest()).decode()}

    asset_id = staff.ask("POST", "/v1/uploads", new).json()["asset_id"]
    upload, asset = f"/v1/uploads/{asset_id}", f"/v1/assets/{asset_id}"
    assert staff.ask("PUT", f"{upload}/captions/en", track).status_code == 200
    (where,) = staff.ask("POST", f"{upload}/parts", {"parts": [part]}).json()["parts"]
    sent = httpx.put(where["url"], headers=where["headers"], content=noise, timeout=30)
    complete = {"parts": [{**part, "etag": sent.headers["etag"]}]}
    assert staff.ask("POST", f"{upload}/complete", complete).status_code == 200

    def refused() -> bool:
        return bool(staff.get(asset)["status"] == "refused")

    eventually(refused, PROBED_SECONDS, "a refusal")
    assert staff.ask("POST", f"{asset}/retry").status_code == 202
    eventually(refused, PROBED_SECONDS, "another refusal")
    assert asset_id in {one["asset_id"] for one in staff.get("/v1/assets")["assets"]}
    assert staff.ask("DELETE", asset).status_code == 204


def test_signing_in_is_answered_as_the_contract_says(cloud: RunningCloud) -> None:
    account = cloud.ready["accounts"]["member"]
    http = httpx.Client(timeout=30, event_hooks={"response": [holding(AUTH)]})

    SignIn(cloud.issuer, http).with_password(account["email"], account["password"], "openid member")
    key_set = http.get(http.get(f"{cloud.issuer}{DISCOVERY}").json()["jwks_uri"])

    assert key_set.json()["keys"]
    with pytest.raises(SignInError):
        SignIn(cloud.issuer, http).with_password("nobody@marquee.example", "not the password")
