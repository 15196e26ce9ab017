"""Which tokens a JWT authorizer takes, and how it refuses the others."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from localcloud.gateway import IssuerUnreachableError

from .conftest import ISSUER, NOW, World, unpadded


def ask(world: World, token: str) -> Any:
    return world.ask("GET /v1/titles", authorization=token)


def refusal(response: Any) -> str:
    assert (response.status, response.body) == (401, b'{"message":"Unauthorized"}')
    return str(response.header("www-authenticate"))


@pytest.fixture
def api(world: World) -> World:
    world.protected("GET /v1/titles")
    return world


def invalid(description: str) -> str:
    return f'Bearer scope="" error="invalid_token" error_description="{description}"'


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", ""])
def test_a_good_token_passes_with_or_without_its_scheme(api: World, prefix: str) -> None:
    assert ask(api, prefix + api.issuer.token()).status == 200


def test_claims_reach_the_function_as_strings(api: World) -> None:
    token = api.issuer.token(amr=["pwd", "otp"], verified=True, level=2, address={"b": 1, "a": "x"})

    ask(api, token)

    assert api.functions.events[0]["requestContext"]["authorizer"] == {
        "jwt": {
            "claims": {
                "iss": ISSUER,
                "sub": "acc_1",
                "aud": "marquee",
                "client_id": "web",
                "scope": "member staff",
                "iat": "1699999990",
                "exp": "1700000600",
                "amr": "[pwd otp]",
                "verified": "true",
                "level": "2",
                "address": "map[a:x b:1]",
            },
            "scopes": None,
        }
    }


def test_no_token_is_unauthorized_with_the_bare_challenge(api: World) -> None:
    assert refusal(api.ask("GET /v1/titles")) == "Bearer"
    assert api.functions.events == []


def test_garbage_is_no_token(api: World) -> None:
    assert refusal(ask(api, "Bearer nonsense")) == invalid(
        "token contains an invalid number of segments"
    )
    assert refusal(ask(api, "Basic dXNlcjpwYXNz")) == invalid(
        "token contains an invalid number of segments"
    )
    assert refusal(ask(api, "a.b.c")) == invalid("token is malformed")


def test_an_expired_token_is_refused(api: World) -> None:
    assert refusal(ask(api, api.issuer.token(exp=int(NOW) - 1))) == invalid("the token has expired")


def test_a_token_without_expiry_is_refused(api: World) -> None:
    assert refusal(ask(api, api.issuer.token(exp=None))) == invalid("the token has expired")


def test_a_token_of_the_future_is_refused(api: World) -> None:
    refusal(ask(api, api.issuer.token(nbf=int(NOW) + 60)))
    refusal(ask(api, api.issuer.token(iat=int(NOW) + 60)))


def test_a_token_for_another_audience_is_refused(api: World) -> None:
    assert refusal(ask(api, api.issuer.token(aud="other"))) == invalid(
        "the token does not have a valid audience"
    )


def test_client_id_counts_only_without_an_audience(api: World) -> None:
    assert ask(api, api.issuer.token(aud=None, client_id="marquee")).status == 200
    refusal(ask(api, api.issuer.token(aud="other", client_id="marquee")))
    assert ask(api, api.issuer.token(aud=["other", "marquee"])).status == 200


def test_a_token_of_another_issuer_is_refused(api: World) -> None:
    refusal(ask(api, api.issuer.token(iss=f"{ISSUER}/")))


def test_a_token_without_key_id_is_refused(api: World) -> None:
    refusal(ask(api, api.issuer.token({"kid": None})))


def test_a_token_signed_by_another_key_is_refused(api: World) -> None:
    genuine = api.issuer.key
    api.issuer.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = api.issuer.token()
    api.issuer.key = genuine

    assert refusal(ask(api, forged)) == invalid("signature is invalid")


def test_a_changed_claim_is_refused(api: World) -> None:
    header, _, signature = api.issuer.token().split(".")
    claims = unpadded(json.dumps(api.issuer.claims(scope="member staff admin")).encode())

    refusal(ask(api, f"{header}.{claims}.{signature}"))


def test_an_unsigned_token_is_refused(api: World) -> None:
    for algorithm in ("none", "None", "NONE"):
        token = api.issuer.token({"alg": algorithm})
        unsigned = f"{token.rpartition('.')[0]}."
        assert refusal(ask(api, unsigned)) == invalid(f"signing method {algorithm} is invalid")


def test_the_public_key_is_no_shared_secret(api: World) -> None:
    pem = api.issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = api.issuer.token({"alg": "HS256"}).rpartition(".")[0]
    signature = hmac.new(pem, signed.encode(), hashlib.sha256).digest()

    refusal(ask(api, f"{signed}.{unpadded(signature)}"))


def test_a_scope_that_is_missing_is_forbidden(world: World) -> None:
    world.protected("GET /v1/titles", "admin", "owner")

    response = ask(world, world.issuer.token())

    assert (response.status, response.body) == (403, b'{"message":"Forbidden"}')
    challenge = response.header("www-authenticate")
    assert challenge is not None
    assert challenge.startswith('Bearer scope="admin owner" error="insufficient_scope" ')


def test_any_one_of_the_routes_scopes_is_enough(world: World) -> None:
    world.protected("GET /v1/titles", "staff", "admin")

    assert ask(world, world.issuer.token()).status == 200
    assert world.functions.events[0]["requestContext"]["authorizer"]["jwt"]["scopes"] == ["staff"]


def test_the_issuers_keys_are_fetched_once(api: World) -> None:
    for _ in range(3):
        ask(api, api.issuer.token())

    assert len(api.issuer.fetched) == 2


def test_a_new_key_of_the_issuer_is_found_soon(api: World) -> None:
    ask(api, api.issuer.token())
    api.issuer.kid, old = "key-2", api.issuer.kid
    try:
        api.issuer.keys.append(api.issuer.jwk())
        assert ask(api, api.issuer.token()).status == 401

        api.now[0] += 6
        assert ask(api, api.issuer.token()).status == 200
    finally:
        api.issuer.kid = old


def test_a_flood_of_unknown_key_ids_does_not_reach_the_issuer(api: World) -> None:
    for number in range(5):
        refusal(ask(api, api.issuer.token({"kid": f"other-{number}"})))

    assert len(api.issuer.fetched) == 2


def test_an_issuer_that_does_not_answer_fails_closed(api: World) -> None:
    api.issuer.reachable = False

    assert refusal(ask(api, api.issuer.token())) == invalid(
        "OIDC discovery endpoint communication error"
    )


def test_an_authorizer_cannot_be_made_for_an_issuer_without_discovery(api: World) -> None:
    api.gateway.check_issuer(ISSUER)
    api.issuer.reachable = False

    with pytest.raises(IssuerUnreachableError, match="Issuer must have a valid discovery endpoint"):
        api.gateway.check_issuer(ISSUER)
