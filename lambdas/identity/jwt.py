"""JSON Web Tokens and key sets as pure formats (RFC 7515, 7517, 7518): no signing here."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from identity.der import rsa_public_numbers


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
