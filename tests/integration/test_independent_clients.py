"""Clients that others wrote, unmodified, take the authorization server for one.

| | code, PKCE | refresh | device | revocation | introspection | DPoP |
|---|---|---|---|---|---|---|
| openid-client | yes | yes | yes | yes | yes | yes |
| oauth4webapi | yes | yes | yes | yes | yes | yes |
| Authlib 1.9 | yes | yes | the poll; it has no request for codes | yes | yes | has none |
| requests-oauthlib 2.0 | yes | yes | the poll | the request; httpx sends it | has none | has none |

DPoP is done in both flows by oauth4webapi, in the code flow by openid-client.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from oauthlib.oauth2 import DeviceClient, InvalidGrantError, WebApplicationClient
from requests_oauthlib import OAuth2Session

from tests.cloud import RunningCloud
from tests.custody import claims_of, resource_server_secret
from tests.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
REDIRECT = "http://127.0.0.1:43212/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def visitor(cloud: RunningCloud) -> Visitor:
    return Visitor(cloud)


def found_by(script: str, cloud: RunningCloud, visitor: Visitor) -> dict[str, Any]:
    """What a client in Node found, while a person answers what it asks."""
    answers: dict[str, Callable[[str], object]] = {
        "visit": visitor.sign_in,
        "letIn": lambda address: visitor.decide(address).status_code,
        "refuse": lambda address: visitor.decide(address, "deny").status_code,
    }
    node = subprocess.Popen(
        [
            str(ROOT / ".venv" / "bin" / "node"),
            str(ROOT / "tests" / "clients" / script),
            cloud.issuer,
            resource_server_secret(cloud.data_dir),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert node.stdin is not None
    assert node.stdout is not None
    assert node.stderr is not None
    try:
        for line in node.stdout:
            question = json.loads(line)
            if "found" in question:
                return dict(question["found"])
            ((kind, about),) = question.items()
            node.stdin.write(f"{answers[kind](about)}\n")
            node.stdin.flush()
        raise AssertionError(node.stderr.read())
    finally:
        node.kill()
        node.wait()


def test_openid_client_does_all_it_knows(cloud: RunningCloud, visitor: Visitor) -> None:
    found = found_by("openid_client.mjs", cloud, visitor)

    assert found["code"] == {"type": "bearer", "scope": "openid email member", "rotated": True}
    assert found["userinfo"]["email"] == visitor.account["email"]
    assert found["userinfo"]["email_verified"] is True
    assert found["introspection"] == {"active": True, "subject": True, "client": "cli"}
    assert found["revoked"] == {"refresh": "invalid_grant", "access": False, "userinfo": True}
    assert found["dpop"] == {
        "type": "bearer",
        "withoutKey": "invalid_dpop_proof",
        "withAnotherKey": "invalid_grant",
        "bound": True,
    }
    assert found["device"] == {"scope": "openid member", "subject": True}
    assert found["refusedDevice"] == "access_denied"
    assert found["logout"] == f"{cloud.issuer}/logout"


def test_oauth4webapi_checks_every_answer(cloud: RunningCloud, visitor: Visitor) -> None:
    found = found_by("oauth4webapi.mjs", cloud, visitor)

    assert found == {
        "type": "bearer",
        "scope": "openid member",
        "subject": True,
        "active": [True, False],
        "bound": True,
        "waiting": "authorization_pending",
        "tv": True,
        "tvBound": {"withoutKey": "invalid_dpop_proof", "renewed": True},
    }


def test_authlib_signs_in_renews_asks_and_gives_back(cloud: RunningCloud, visitor: Visitor) -> None:
    server = httpx.get(f"{cloud.issuer}/.well-known/openid-configuration", timeout=30).json()
    client = AuthlibSession(
        client_id="cli",
        token_endpoint_auth_method="none",
        scope="openid member",
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        default_timeout=30,
    )
    verifier = "v" * 48
    address, state = client.create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier
    )
    assert create_s256_code_challenge(verifier) in address

    first = client.fetch_token(
        server["token_endpoint"],
        authorization_response=visitor.sign_in(address),
        state=state,
        code_verifier=verifier,
    )
    second = client.refresh_token(server["token_endpoint"])

    told = AuthlibSession("resource-server", resource_server_secret(cloud.data_dir))

    def is_active() -> bool:
        answer = told.introspect_token(server["introspection_endpoint"], second["refresh_token"])
        return bool(answer.json()["active"])

    assert first["refresh_token"] != second["refresh_token"]
    assert claims_of(second["access_token"])["client_id"] == "cli"
    assert is_active()
    assert client.revoke_token(server["revocation_endpoint"], second["refresh_token"]).ok
    assert not is_active()


def test_authlib_lets_a_tv_in(cloud: RunningCloud, visitor: Visitor) -> None:
    client = AuthlibSession(client_id="tv", token_endpoint_auth_method="none")
    asked = httpx.post(
        f"{cloud.issuer}/device_authorization", data={"client_id": "tv"}, timeout=30
    ).json()
    visitor.decide(asked["verification_uri_complete"])

    token = client.fetch_token(
        f"{cloud.issuer}/token", grant_type=DEVICE_GRANT, device_code=asked["device_code"]
    )

    assert client.refresh_token(f"{cloud.issuer}/token")["scope"] == token["scope"] == "member"


def test_requests_oauthlib_signs_in_and_renews(
    cloud: RunningCloud, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The issuer of this machine has no certificate.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    session = OAuth2Session("cli", redirect_uri=REDIRECT, scope=["member"], pkce="S256")
    address, _ = session.authorization_url(f"{cloud.issuer}/authorize")

    first = session.fetch_token(
        f"{cloud.issuer}/token",
        authorization_response=visitor.sign_in(address),
        include_client_id=True,
    )
    second = session.refresh_token(f"{cloud.issuer}/token", client_id="cli")

    assert first["scope"] == second["scope"] == ["member"]
    assert first["refresh_token"] != second["refresh_token"]

    # The session has no word for giving a token back: the client beneath it makes the request, and
    # another library sends it. What is shown is that the server takes the request as it is made.
    url, headers, body = WebApplicationClient("cli").prepare_token_revocation_request(
        f"{cloud.issuer}/revoke", second["refresh_token"], "refresh_token", client_id="cli"
    )
    assert httpx.post(url, headers=headers, content=body, timeout=30).status_code == 200
    with pytest.raises(InvalidGrantError):
        session.refresh_token(f"{cloud.issuer}/token", client_id="cli")


def test_requests_oauthlib_sends_its_name_in_a_header_when_left_alone(
    cloud: RunningCloud, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    session = OAuth2Session("cli", redirect_uri=REDIRECT, scope=["member"], pkce="S256")
    address, _ = session.authorization_url(f"{cloud.issuer}/authorize")
    response = visitor.sign_in(address)

    token = session.fetch_token(f"{cloud.issuer}/token", authorization_response=response)

    assert token["token_type"] == "Bearer"
    with pytest.raises(InvalidGrantError):
        session.fetch_token(f"{cloud.issuer}/token", authorization_response=response)


def test_requests_oauthlib_lets_a_tv_in(
    cloud: RunningCloud, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    asked = httpx.post(
        f"{cloud.issuer}/device_authorization", data={"client_id": "tv"}, timeout=30
    ).json()
    visitor.decide(asked["verification_uri_complete"])
    session = OAuth2Session(client=DeviceClient("tv"))

    token = session.fetch_token(
        f"{cloud.issuer}/token", device_code=asked["device_code"], include_client_id=True
    )

    first = token["refresh_token"]
    renewed = session.refresh_token(f"{cloud.issuer}/token", client_id="tv")

    assert token["scope"] == renewed["scope"] == ["member"]
    assert renewed["refresh_token"] != first
