"""`cf.cwt.validateToken`: tokens of the RFC's own encoding, made here by hand."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from .conftest import World

KEY = b"a shared secret of the edge....."

VALIDATOR = """import cf from 'cloudfront';
function handler(event) {
    var token = Buffer.from(event.request.uri.substring(1), 'base64url');
    try {
        var found = cf.cwt.validateToken(token, { key: Buffer.from('KEY') });
        return { statusCode: 200, body: JSON.stringify(found.payload) };
    } catch (error) {
        return { statusCode: 403, body: error.message };
    }
}
""".replace("KEY", KEY.decode())


def item(value: Any) -> bytes:
    """CBOR (RFC 8949) of what tokens hold."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(item, value))
    pairs = b"".join(item(key) + item(each) for key, each in value.items())
    return head(5, len(value)) + pairs


def head(major: int, number: int) -> bytes:
    for short, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * size:
            return bytes([major << 5 | short]) + number.to_bytes(size, "big")
    raise ValueError(number)


def token(
    claims: dict[int, Any], key: bytes = KEY, algorithm: int = 5, *, tagged: bool = True
) -> bytes:
    protected, payload = item({1: algorithm}), item(claims)
    mac = hmac.new(key, item(["MAC0", protected, b"", payload]), hashlib.sha256).digest()
    message = head(6, 17) + item([protected, {}, payload, mac])
    return head(6, 61) + message if tagged else message


def answer(world: World, given: bytes) -> tuple[int, str]:
    world.function("validator", VALIDATOR)
    world.config["DefaultCacheBehavior"]["FunctionAssociations"] = [
        {"EventType": "viewer-request", "FunctionARN": "arn:validator"}
    ]
    path = urlsafe_b64encode(given).decode().rstrip("=")
    response = world.ask(f"GET /{path}")
    return response.status, response.body.decode()


@pytest.mark.parametrize("tagged", [True, False])
def test_a_right_mac_gives_the_claims_by_label(world: World, tagged: bool) -> None:
    claims = {1: "marquee", 4: 1_700_000_000, 312: {3: {1: "/t/"}}, 316: ["ie", "de"]}

    status, body = answer(world, token(claims, tagged=tagged))

    assert status == 200
    assert body == ('{"1":"marquee","4":1700000000,"312":{"3":{"1":"/t/"}},"316":["ie","de"]}')


def test_an_expired_token_is_for_the_function_to_refuse(world: World) -> None:
    assert answer(world, token({4: 1}))[0] == 200


def test_another_key_is_refused(world: World) -> None:
    assert answer(world, token({4: 1}, key=b"other")) == (403, "the token has a wrong MAC")


def test_a_changed_claim_is_refused(world: World) -> None:
    changed = token({1: "marquee"}).replace(b"marquee", b"marquis")

    assert answer(world, changed) == (403, "the token has a wrong MAC")


def test_another_algorithm_is_refused(world: World) -> None:
    assert answer(world, token({4: 1}, algorithm=4))[1] == "the token has an unsupported algorithm"


def test_a_large_token_is_refused(world: World) -> None:
    assert answer(world, token({1: "x" * 1024}))[1] == "the token is larger than 1 KB"


@pytest.mark.parametrize("given", [b"\x80", b"\xff", b"\x9b" + b"\xff" * 8, b"\x81" * 100])
def test_garbage_is_refused(world: World, given: bytes) -> None:
    assert answer(world, given)[0] == 403
