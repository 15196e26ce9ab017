"""Refresh tokens bound to a device's key: believed proofs, and every way one is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.oauth.dpop import read_proof, same_address
from identity.oauth.errors import InvalidGrantError, InvalidProofError
from identity.oauth.jwt import base64url
from kernel.events.identity import ProofRefused
from tests.proving import DeviceKey
from tests.unit.identity.test_sign_in import ISSUER, REQUEST, VERIFIER, Server

TOKEN = f"{ISSUER}/token"


@pytest.fixture
def server(now: datetime) -> Server:
    server = Server(now)
    server.registration.create_account("ada@example.com", "correct horse", ("member",))
    return server


@pytest.fixture
def key() -> DeviceKey:
    return DeviceKey()


def exchange(server: Server, proof: str | None, **request: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": server.code(**request),
        "client_id": "web",
        "redirect_uri": REQUEST["redirect_uri"],
        "code_verifier": VERIFIER,
    }
    return server.tokens.exchange(form, proof)


def test_a_proof_binds_the_refresh_token_and_the_access_token_stays_a_bearers(
    server: Server, key: DeviceKey
) -> None:
    answer = exchange(server, key.proof(TOKEN, server.now))

    (family,) = server.grants.families.values()
    assert family.key_thumbprint == read_proof(key.proof(TOKEN, server.now)).thumbprint
    assert answer["token_type"] == "Bearer"


def test_a_bound_token_is_renewed_for_its_key_as_often_as_it_likes(
    server: Server, key: DeviceKey
) -> None:
    token = exchange(server, key.proof(TOKEN, server.now))["refresh_token"]

    for _ in range(3):
        token = server.refresh(token, proof=key.proof(TOKEN, server.now))["refresh_token"]


def test_a_stolen_token_is_worth_nothing_without_its_key(server: Server, key: DeviceKey) -> None:
    token = exchange(server, key.proof(TOKEN, server.now))["refresh_token"]
    thief = DeviceKey()

    with pytest.raises(InvalidProofError, match="bound to a key"):
        server.refresh(token)
    with pytest.raises(InvalidGrantError, match="another key"):
        server.refresh(token, proof=thief.proof(TOKEN, server.now))
    assert server.refresh(token, proof=key.proof(TOKEN, server.now)), "its owner goes on"
    (account,) = server.accounts.accounts
    told = [event for event in server.announcements.told if isinstance(event, ProofRefused)]
    assert [(event.account_id, event.grant_type) for event in told] == [
        (account, "refresh_token")
    ] * 2


def test_within_the_grace_only_the_key_is_answered_again(server: Server, key: DeviceKey) -> None:
    token = exchange(server, key.proof(TOKEN, server.now))["refresh_token"]
    heard = server.refresh(token, proof=key.proof(TOKEN, server.now))["refresh_token"]

    again = server.refresh(token, proof=key.proof(TOKEN, server.now))["refresh_token"]

    assert again == heard
    with pytest.raises(InvalidGrantError):
        server.refresh(token, proof=DeviceKey().proof(TOKEN, server.now))


def test_a_token_that_was_not_bound_is_from_its_first_proof_on(
    server: Server, key: DeviceKey
) -> None:
    token = exchange(server, None)["refresh_token"]

    bound = server.refresh(token, proof=key.proof(TOKEN, server.now))["refresh_token"]

    with pytest.raises(InvalidProofError):
        server.refresh(bound)


def test_a_code_asked_for_with_a_key_is_exchanged_with_it(server: Server, key: DeviceKey) -> None:
    named = read_proof(key.proof(TOKEN, server.now)).thumbprint

    with pytest.raises(InvalidGrantError):
        exchange(server, DeviceKey().proof(TOKEN, server.now), dpop_jkt=named)
    with pytest.raises(InvalidGrantError):
        exchange(server, None, dpop_jkt=named)
    assert exchange(server, key.proof(TOKEN, server.now), dpop_jkt=named)
    told = [event for event in server.announcements.told if isinstance(event, ProofRefused)]
    assert [event.grant_type for event in told] == ["authorization_code"] * 2


def test_a_proof_serves_once(server: Server, key: DeviceKey) -> None:
    proof = key.proof(TOKEN, server.now)
    token = exchange(server, proof)["refresh_token"]

    with pytest.raises(InvalidProofError, match="used before"):
        server.refresh(token, proof=proof)


@pytest.mark.parametrize(
    "wrong",
    [
        {"head": {"typ": "JWT"}},
        {"head": {"alg": "none"}},
        {"head": {"alg": "HS256"}},
        {"head": {"alg": "RS256"}},
        {"head": {"jwk": None}},
        {"head": {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}},
        {"head": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}},
        {"head": {"jwk": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}}},
        {"head": {"jwk": {**DeviceKey().jwk, "d": "A" * 43}}},
        {"head": {"jwk": DeviceKey().jwk}},
        {"htm": "GET"},
        {"htm": None},
        {"htu": f"{ISSUER}/authorize"},
        {"htu": "https://evil.example/token"},
        {"htu": f"http://{ISSUER.removeprefix('https://')}/token"},
        {"htu": "https://[::1/token"},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"jti": ""},
        {"jti": None},
        {"jti": "x" * 257},
    ],
)
def test_a_proof_that_is_wrong_in_one_thing_is_refused(
    server: Server, key: DeviceKey, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidProofError):
        exchange(server, key.proof(TOKEN, server.now, **wrong))


@pytest.mark.parametrize(
    ("seconds", "is_taken"), [(-61, False), (-60, True), (60, True), (61, False)]
)
def test_a_proof_is_of_now(server: Server, key: DeviceKey, seconds: int, is_taken: bool) -> None:
    proof = key.proof(TOKEN, server.now + timedelta(seconds=seconds))

    if is_taken:
        assert exchange(server, proof)
    else:
        with pytest.raises(InvalidProofError, match="too far from now"):
            exchange(server, proof)


def test_a_proof_that_was_altered_is_refused(server: Server, key: DeviceKey) -> None:
    head, _, signature = key.proof(TOKEN, server.now).split(".")
    claims = key.proof(TOKEN, server.now + timedelta(seconds=1)).split(".")[1]

    with pytest.raises(InvalidProofError, match="signature is wrong"):
        exchange(server, f"{head}.{claims}.{signature}")


@pytest.mark.parametrize("proof", ["", "a.b", "a.b.c", "..", "é.é.é", "x" * 5000, "W10.W10.AA"])
def test_what_is_no_proof_at_all_is_refused_in_words(server: Server, proof: str) -> None:
    with pytest.raises(InvalidProofError):
        exchange(server, proof)


def test_a_deeply_nested_proof_is_refused() -> None:
    nested = base64url(b"[" * 2000)

    with pytest.raises(InvalidProofError):
        read_proof(f"{nested}.e30.AA")


@given(st.text(max_size=200))
def test_any_text_is_a_proof_or_refused(text: str) -> None:
    with pytest.raises(InvalidProofError):
        read_proof(text)


@pytest.mark.parametrize(
    ("claimed", "is_same"),
    [
        ("https://auth.example/token", True),
        ("HTTPS://AUTH.example:443/token", True),
        ("https://auth.example/token?a=b#c", True),
        ("https://auth.example/token/", False),
        ("https://auth.example:8443/token", False),
        ("https://auth.example@evil.example/token", False),
    ],
)
def test_addresses_are_compared_after_normalization(claimed: str, is_same: bool) -> None:
    assert same_address(claimed, "https://auth.example/token") is is_same
