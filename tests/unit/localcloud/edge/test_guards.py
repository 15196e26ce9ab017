"""The edge's guards where they stand: after the signature, before the cache and the bucket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from localcloud.wire import HttpRequest, HttpResponse
from playback.edge_access import EdgeGrant
from playback.signed_cookies import CookieSigner

from .conftest import NOW, ORIGIN, REPOSITORY, Signer, World

GRANT = EdgeGrant("ses_1", "m/ast_1/v1", "IE", datetime.fromtimestamp(NOW + 3600, UTC))
SEGMENT = "seg_1.cmfv"


@pytest.fixture
def old() -> Signer:
    return Signer("KOLD", ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def new() -> Signer:
    return Signer("KNEW", ec.generate_private_key(ec.SECP256R1()))


def guarded(world: World, *signers: Signer) -> World:
    """`/m/*` as the template declares it, with a store that is in order."""
    world.trust(*signers)
    store = world.store("plays")
    world.function("session", (REPOSITORY / "edge" / "session.js").read_text(), store)
    world.add(
        "AWS::CloudFront::OriginRequestPolicy",
        "with-country",
        OriginRequestPolicyConfig={
            "HeadersConfig": {
                "HeaderBehavior": "whitelist",
                "Headers": ["CloudFront-Viewer-Country"],
            },
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    )
    world.behaviour(
        "/m/*",
        TrustedKeyGroups=["group"],
        OriginRequestPolicyId="with-country",
        FunctionAssociations=[{"EventType": "viewer-request", "FunctionARN": "arn:session"}],
    )
    world.bucket.put("packaged", f"m/ast_1/v1/{SEGMENT}", b"0123456789")
    world.country = "IE"
    put(world, store, ready="1")
    return world


def put(world: World, store: str, **entries: str) -> None:
    path = f"/key-value-stores/{quote(store, safe='')}"
    etag = world.stores.handle(HttpRequest("GET", path)).header("etag") or ""
    puts = [{"Key": name, "Value": value} for name, value in entries.items()]
    headers, body = (("if-match", etag),), json.dumps({"Puts": puts}).encode()
    answer = world.stores.handle(HttpRequest("POST", f"{path}/keys", headers=headers, body=body))
    assert answer.status == 200


def ask(world: World, signer: Signer, grant: EdgeGrant = GRANT) -> HttpResponse:
    """One segment, with the cookies that a start would have set."""
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    made = CookieSigner(signer.key_id, signer.key, ORIGIN).cookies(grant)
    cookie = "; ".join(each.split(";", 1)[0] for each in made)
    return world.ask(f"GET /{grant.session_folder}/{SEGMENT}", cookie=cookie)


def test_a_play_goes_on_while_the_key_of_cookies_is_replaced(
    world: World, old: Signer, new: Signer
) -> None:
    both = guarded(world, old, new)

    assert (ask(both, old).status, ask(both, new).status) == (200, 200)


def test_a_key_that_is_forgotten_opens_nothing(world: World, old: Signer, new: Signer) -> None:
    assert ask(guarded(world, new), old).status == 403


def test_two_plays_share_what_the_edge_keeps(world: World, new: Signer) -> None:
    films = guarded(world, new)
    other = EdgeGrant("ses_2", GRANT.folder, None, GRANT.expires_at)

    answers = [ask(films, new), ask(films, new, other)]

    assert [answer.header("x-cache") for answer in answers] == [
        "Miss from cloudfront",
        "Hit from cloudfront",
    ]
    assert len(films.bucket.asked) == 1


def test_what_the_edge_keeps_is_refused_to_a_play_that_was_revoked_since(
    world: World, new: Signer
) -> None:
    films = guarded(world, new)
    before = ask(films, new).status
    put(films, "arn:aws:cloudfront::123456789012:key-value-store/plays", ses_1="1900000000")

    assert (before, ask(films, new).status) == (200, 403)


def test_from_another_country_the_same_cookies_open_nothing(world: World, new: Signer) -> None:
    films = guarded(world, new)
    films.country = "FR"

    assert ask(films, new).status == 403


def test_cookies_of_one_play_do_not_open_the_path_of_another(world: World, new: Signer) -> None:
    films = guarded(world, new)
    assert isinstance(new.key, ec.EllipticCurvePrivateKey)
    made = CookieSigner(new.key_id, new.key, ORIGIN).cookies(GRANT)
    cookie = "; ".join(each.split(";", 1)[0] for each in made)

    for path in (f"m/ses_2/IE/ast_1/v1/{SEGMENT}", f"m/ses_1/world/ast_1/v1/{SEGMENT}"):
        answer = films.ask(f"GET /{path}", cookie=cookie)
        assert answer.status == 403
        assert b"AccessDenied" in answer.body
