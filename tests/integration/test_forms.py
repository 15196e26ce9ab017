"""Every form of the issuer's: nobody frames it, and no other site sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.cloud import ROOT, RunningCloud
from tests.integration.test_accounts import Somebody

FOR_CLIENTS = frozenset(
    {
        "/token",
        "/device_authorization",
        "/introspect",
        "/revoke",
        "/userinfo",
    }
)
"""Asked by programs with what they hold: a browser adds nothing of its own to their requests."""

SIGNS_OUT = "/logout"
"""OpenID Connect RP-Initiated Logout 1.0, section 2, has clients send people there from elsewhere;
it ends what the ID token that comes along names, and nothing else."""

ELSEWHERE = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)
"""Another site, a sandboxed frame, and browsers that say where a request comes from."""

OURS = f"__Host-device={'v' * 43}; __Host-known=1.{'d' * 22}.{'m' * 43}"
"""What the browser of somebody who was here would add by itself."""

CONTRACT = json.loads((ROOT / "docs" / "api" / "auth.json").read_text())


def addresses(method: str) -> Iterator[str]:
    """The paths of the contract that answer a method, without those that programs use."""
    for path, operations in CONTRACT["paths"].items():
        if method in operations and path not in FOR_CLIENTS and "{" not in path:
            yield path


FORMS = sorted(set(addresses("post")) - {SIGNS_OUT})
PAGES = sorted(
    path
    for path in addresses("get")
    if "text/html" in json.dumps(CONTRACT["paths"][path]["get"]["responses"])
)


@pytest.fixture(scope="module")
def issuer(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cloud.issuer, timeout=60) as http:
        yield http


def routes_of_the_issuer(cloud: RunningCloud) -> set[tuple[str, str]]:
    """Methods and paths of the API that the running service was made from."""
    templates = (cloud.data_dir / "cdk.out").glob("*identity.template.json")
    resources = (json.loads(path.read_text())["Resources"].values() for path in templates)
    keys = (
        resource["Properties"]["RouteKey"]
        for resource in (each for found in resources for each in found)
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
    )
    return {(method, path) for method, _, path in (key.partition(" ") for key in keys)}


def test_the_table_is_whole(cloud: RunningCloud) -> None:
    routes = routes_of_the_issuer(cloud)

    posted = {path for method, path in routes if method == "POST" and not path.startswith("/v1/")}
    assert posted == {*FORMS, *FOR_CLIENTS, SIGNS_OUT}
    assert {("GET", path) for path in PAGES} <= routes
    assert {"/authorize", "/second-step", "/passkey", "/verify", "/device/approve"} <= set(FORMS)
    assert {"/authorize", "/device", "/account", "/account/two-step", "/sign-up"} <= set(PAGES)


@pytest.mark.parametrize("path", FORMS)
def test_no_other_site_sends_our_forms(issuer: httpx.Client, path: str) -> None:
    answers = [
        issuer.post(path, data={"email": "a@b.example"}, headers={**headers, "cookie": OURS})
        for headers in ELSEWHERE
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_signing_out_from_elsewhere_ends_nothing_that_it_does_not_name(cloud: RunningCloud) -> None:
    somebody = Somebody(cloud).has_account()
    token = somebody.refresh_token()

    for headers in ELSEWHERE:
        sent = {**headers, "cookie": OURS}
        answer = somebody.http.post(SIGNS_OUT, data={"client_id": "cli"}, headers=sent)
        assert answer.status_code == 200
        assert answer.headers["x-frame-options"] == "DENY"

    assert somebody.refreshed(token) == 200


@pytest.mark.parametrize("path", PAGES)
def test_nobody_frames_a_page_of_ours(issuer: httpx.Client, path: str) -> None:
    answer = issuer.get(path)

    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", FORMS)
def test_no_answer_to_a_form_can_be_framed(issuer: httpx.Client, path: str) -> None:
    answer = issuer.post(path, data={})

    if answer.headers.get("content-type", "").startswith("text/html"):
        assert answer.headers["x-frame-options"] == "DENY"
    else:
        assert path in ("/passkey/options", "/account/confirm/options")
