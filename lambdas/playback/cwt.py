"""Common Access Tokens: CBOR Web Tokens (RFC 8392) that open one play's folder on any CDN.

CTA-5007-B's claims under COSE_Mac0 with HMAC 256/256 (RFC 9052, section 6.2; RFC 9053, section
3.1), which is all that CloudFront Functions verify. Made here, read by `edge/token.js`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from kernel.tokens import MacKey
from playback.edge_access import EdgeGrant

LONGEST_TOKEN = 1024
"""Bytes that CloudFront's module takes; ours have about 200."""

CborValue = int | str | bytes | Sequence["CborValue"] | Mapping[int, "CborValue"]

_SUBJECT = 2
_EXPIRES = 4
_VERSION = 310
_URI = 312
_COUNTRIES = 316
"""IANA's registry of CWT claims: sub, exp, catv, catu, catgeoiso3166."""

_PATH = 3
_PREFIX = 1
"""CTA-5007-B, section 4.6.1: the part of the URI that is matched, and how."""

_ALGORITHM = 1
_KEY_ID = 4
_HMAC_256_256 = 5
"""RFC 9052, section 3.1; RFC 9053, table 3."""

_TAG_CWT = 61
_TAG_COSE_MAC0 = 17

_EDGE_PURPOSE = "common access token"


def edge_key(secret: MacKey) -> MacKey:
    """The key that edges hold: from the token secret, which cannot be computed back from it.

    In hexadecimal, because a KeyValueStore keeps text.
    """
    return MacKey(secret.mac(_EDGE_PURPOSE, "").hex().encode())


def common_access_token(grant: EdgeGrant, key: MacKey) -> str:
    """The token in base64url without padding, as it stands in a path.

    The key's id is outside what the MAC covers: it only chooses the key, and another key's MAC
    is wrong.
    """
    claims: dict[int, CborValue] = {
        _SUBJECT: grant.session_id,
        _EXPIRES: int(grant.expires_at.timestamp()),
        _VERSION: 1,
        _URI: {_PATH: {_PREFIX: f"/{grant.folder}/"}},
    }
    if grant.country is not None:
        claims[_COUNTRIES] = [grant.country]
    return base64.urlsafe_b64encode(mac0(cbor(claims), key)).rstrip(b"=").decode()


def mac0(payload: bytes, key: MacKey) -> bytes:
    """A tagged COSE_Mac0 of a payload, marked as a CWT."""
    protected = cbor({_ALGORITHM: _HMAC_256_256})
    authenticated = cbor(["MAC0", protected, b"", payload])
    parts: list[CborValue] = [
        protected,
        {_KEY_ID: key.key_id.encode()},
        payload,
        key.digest(authenticated),
    ]
    return _head(6, _TAG_CWT) + _head(6, _TAG_COSE_MAC0) + cbor(parts)


def cbor(value: CborValue) -> bytes:
    """Deterministically encoded CBOR (RFC 8949, section 4.2.1) of the kinds that tokens hold."""
    match value:
        case bool():
            raise TypeError("A token holds no truth values.")
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case Mapping():
            pairs = sorted((cbor(name), cbor(content)) for name, content in value.items())
            return _head(5, len(pairs)) + b"".join(name + content for name, content in pairs)
    return _head(4, len(value)) + b"".join(cbor(each) for each in value)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in enumerate((1, 2, 4, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | 24 + extra]) + number.to_bytes(size, "big")
    raise OverflowError("CBOR's integers have 64 bits at most.")
