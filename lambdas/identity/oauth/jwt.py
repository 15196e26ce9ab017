"""JSON Web Tokens and key sets as pure formats (RFC 7515, 7517, 7518): no private key here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.oauth.der import rsa_public_numbers

ACCESS_TOKEN = "at+jwt"  # noqa: S105 - RFC 9068 section 2.1
ID_TOKEN = "JWT"  # noqa: S105 - RFC 7519 section 5.1

_SHA256_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""RFC 8017 section 9.2, note 1."""


def base64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signing_input(claims: Mapping[str, Any], key_id: str, token_type: str) -> bytes:
    """What gets signed: header and claims, RS256."""
    header = {"alg": "RS256", "kid": key_id, "typ": token_type}
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, claims))
    return ".".join(base64url(part) for part in parts).encode()


def assembled(signed: bytes, signature: bytes) -> str:
    """The compact token."""
    return f"{signed.decode()}.{base64url(signature)}"


def public_jwk(subject_public_key_info: bytes) -> dict[str, str]:
    """The public JWK of an RSA key in DER, with its RFC 7638 thumbprint as key id."""
    modulus, exponent = rsa_public_numbers(subject_public_key_info)
    required = {"e": _number(exponent), "kty": "RSA", "n": _number(modulus)}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True).encode()
    thumbprint = base64url(hashlib.sha256(canonical).digest())
    return {**required, "kid": thumbprint, "alg": "RS256", "use": "sig"}


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class UnverifiedToken:
    """A compact token taken apart; nothing it says is believed yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def taken_apart(compact: str) -> UnverifiedToken | None:
    """The parts of a compact token; None for anything else."""
    try:
        head, payload, signature = compact.split(".")
        header, claims = json.loads(_decoded(head)), json.loads(_decoded(payload))
        token = UnverifiedToken(header, claims, f"{head}.{payload}".encode(), _decoded(signature))
    except (ValueError, RecursionError):
        return None
    return token if isinstance(header, dict) and isinstance(claims, dict) else None


def is_signed_by(token: UnverifiedToken, jwk: Mapping[str, str]) -> bool:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2), compared whole.

    All of it is public, so that no time it takes tells anything; one exponentiation by 65537 is
    cheaper than reading a library.
    """
    modulus, exponent = (int.from_bytes(_decoded(jwk[name]), "big") for name in ("n", "e"))
    size = (modulus.bit_length() + 7) // 8
    signature = int.from_bytes(token.signature, "big")
    if len(token.signature) != size or signature >= modulus:
        return False
    info = _SHA256_DIGEST_INFO + hashlib.sha256(token.signed).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    return hmac.compare_digest(pow(signature, exponent, modulus).to_bytes(size, "big"), expected)


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
