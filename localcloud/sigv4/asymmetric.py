"""Signature Version 4A: whether the key pair that follows from an access key signed a text.

Source: AWS's Common Runtime, aws-c-auth, "key derivation" (counter-mode KDF of NIST SP 800-108).
"""

from __future__ import annotations

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from localcloud.sigv4.claim import ASYMMETRIC

SERVICES = frozenset({"cloudfront-keyvaluestore"})
"""Those that take no other signature (`auth` of their service models)."""

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_LAST_COUNTER = 254


@lru_cache(maxsize=1024)
def public_key(access_key_id: str, secret_access_key: str) -> ec.EllipticCurvePublicKey:
    """The public half of the pair that follows from an access key."""
    key = b"AWS4A" + secret_access_key.encode()
    fixed = b"\x00\x00\x00\x01" + ASYMMETRIC.encode() + b"\x00" + access_key_id.encode()
    for counter in range(1, _LAST_COUNTER + 1):
        derived = hmac.digest(key, fixed + bytes([counter]) + b"\x00\x00\x01\x00", "sha256")
        number = int.from_bytes(derived, "big")
        if number <= _P256_ORDER - 2:
            return ec.derive_private_key(number + 1, ec.SECP256R1()).public_key()
    raise ValueError(f"no key follows from {access_key_id}")


def is_signed(key: ec.EllipticCurvePublicKey, text: str, signature: str) -> bool:
    """Whether the signature, in hexadecimal DER, is the key's over the text."""
    try:
        key.verify(bytes.fromhex(signature), text.encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
