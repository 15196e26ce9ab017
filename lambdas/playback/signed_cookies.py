"""CloudFront's signed cookies with a custom policy, signed by a P-256 key.

CloudFront developer guide, "Set signed cookies using a custom policy". CloudFront assumes SHA-1
unless the cookie `CloudFront-Hash-Algorithm` says otherwise.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from playback.edge_access import EdgeGrant

_COOKIE_ALPHABET = bytes.maketrans(b"+=/", b"-_~")
"""CloudFront's own replacement of characters that a cookie or query cannot carry."""


def custom_policy(resource: str, expires_at: datetime) -> str:
    """The policy statement, without white space: it is signed and compared as bytes."""
    condition = {"DateLessThan": {"AWS:EpochTime": int(expires_at.timestamp())}}
    statement = {"Statement": [{"Resource": resource, "Condition": condition}]}
    return json.dumps(statement, separators=(",", ":"))


def cookie_text(data: bytes) -> str:
    """Base64 in CloudFront's alphabet."""
    return base64.b64encode(data).translate(_COOKIE_ALPHABET).decode()


@dataclass(frozen=True)
class CookieSigner:
    """Signs access to one play's folder on the edge."""

    key_pair_id: str
    private_key: ec.EllipticCurvePrivateKey
    public_origin: str
    """Scheme, host and port that viewers see: the policy names the full address."""

    @classmethod
    def from_pem(cls, key_pair_id: str, pem: bytes, public_origin: str) -> CookieSigner:
        """ValueError when the key is not one on P-256, the only curve that CloudFront takes."""
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise ValueError("CloudFront signs with RSA 2048 or P-256; this service with P-256.")
        return cls(key_pair_id, key, public_origin)

    def cookies(self, grant: EdgeGrant) -> tuple[str, ...]:
        """The values of the Set-Cookie headers that open a play's folder for its time.

        No Max-Age: a browser that closes forgets them, as CloudFront's guide recommends. Their
        path is the play's: two plays of one film in a browser do not overwrite each other's.
        """
        resource = f"{self.public_origin}/{grant.session_folder}/*"
        policy = custom_policy(resource, grant.expires_at).encode()
        signature = self.private_key.sign(policy, ec.ECDSA(SHA256()))
        cookies = {
            "CloudFront-Policy": cookie_text(policy),
            "CloudFront-Signature": cookie_text(signature),
            "CloudFront-Key-Pair-Id": self.key_pair_id,
            "CloudFront-Hash-Algorithm": "SHA256",
        }
        attributes = f"Path=/m/{grant.session_id}/; Secure; HttpOnly; SameSite=Strict"
        return tuple(f"{name}={value}; {attributes}" for name, value in cookies.items())
