"""Cookies as CloudFront reads them, checked with the public key."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from http.cookies import SimpleCookie

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from playback.edge_access import EdgeGrant
from playback.signed_cookies import CookieSigner, cookie_text, custom_policy

ORIGIN = "https://watch.example.com"


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def cookies(private_key: ec.EllipticCurvePrivateKey, now: datetime) -> list[str]:
    signer = CookieSigner.from_pem("K123", pem(private_key), ORIGIN)
    grant = EdgeGrant("ses_1", "m/ast_1/v1", "IE", now + timedelta(hours=4))
    return list(signer.cookies(grant))


def values(cookies: list[str]) -> dict[str, str]:
    return dict(cookie.split(";")[0].split("=", 1) for cookie in cookies)


def uncookied(text: str) -> bytes:
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)


def test_there_is_one_cookie_for_each_thing_cloudfront_asks_for(cookies: list[str]) -> None:
    assert set(values(cookies)) == {
        "CloudFront-Policy",
        "CloudFront-Signature",
        "CloudFront-Key-Pair-Id",
        "CloudFront-Hash-Algorithm",
    }
    assert values(cookies)["CloudFront-Key-Pair-Id"] == "K123"
    assert values(cookies)["CloudFront-Hash-Algorithm"] == "SHA256"


def test_the_policy_opens_one_plays_folder_in_its_country_until_it_expires(
    cookies: list[str], now: datetime
) -> None:
    policy = json.loads(uncookied(values(cookies)["CloudFront-Policy"]))

    (statement,) = policy["Statement"]
    expires = int((now + timedelta(hours=4)).timestamp())
    assert statement["Resource"] == f"{ORIGIN}/m/ses_1/IE/ast_1/v1/*"
    assert statement["Condition"] == {"DateLessThan": {"AWS:EpochTime": expires}}


def test_the_signature_is_of_the_policys_bytes(
    cookies: list[str], private_key: ec.EllipticCurvePrivateKey
) -> None:
    policy = uncookied(values(cookies)["CloudFront-Policy"])
    signature = uncookied(values(cookies)["CloudFront-Signature"])

    private_key.public_key().verify(signature, policy, ec.ECDSA(SHA256()))


def test_the_policy_holds_no_white_space(now: datetime) -> None:
    assert not any(character.isspace() for character in custom_policy("https://x/*", now))


def test_base64_is_written_in_cloudfronts_alphabet() -> None:
    assert cookie_text(b"\xfb\xff\xfe\x00") == "-~~-AA__"


def test_cookies_are_for_this_play_for_https_and_for_nobodys_script(cookies: list[str]) -> None:
    for cookie in cookies:
        (morsel,) = SimpleCookie(cookie).values()
        assert morsel["path"] == "/m/ses_1/"
        assert morsel["secure"] is True
        assert morsel["httponly"] is True
        assert morsel["samesite"] == "Strict"
        assert not morsel["max-age"]


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)]
)
def test_only_a_key_on_p256_signs(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    with pytest.raises(ValueError, match="P-256"):
        CookieSigner.from_pem("K123", pem(key), ORIGIN)
