"""Every form of the issuer's: nobody frames it, and no other site sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.cloud import ROOT, RunningCloud

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


def test_the_table_is_whole() -> None:
    assert {"/authorize", "/second-step", "/passkey", "/verify", "/device/approve"} <= set(FORMS)
    assert {"/authorize", "/device", "/account", "/account/two-step", "/sign-up"} <= set(PAGES)


@pytest.mark.parametrize("path", FORMS)
def test_no_other_site_sends_our_forms(issuer: httpx.Client, path: str) -> None:
    statuses = {
        issuer.post(path, data={"email": "a@b.example"}, headers=headers).status_code
        for headers in ELSEWHERE
    }

    assert statuses == {403}


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
        assert path == "/passkey/options"
