"""DPoP proofs (RFC 9449): which key a client holds, shown anew for every request.

A pure format with its rules; whether the signature is right and the proof was seen before are
asked of ports.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from identity.oauth.errors import InvalidProofError
from identity.oauth.jwt import base64url
from identity.oauth.ports import ProofSignatures, SeenProofs
from kernel.clock import Clock

ALGORITHMS = ("ES256",)
"""What browsers' WebCrypto and every device's key store can do; one is enough to be wrong about."""

PROOF_WINDOW = timedelta(seconds=60)
"""How far `iat` may be from our clock, either way: a device's clock and a slow network."""

MAX_PROOF_CHARACTERS = 4096
MAX_ID_CHARACTERS = 256

_PUBLIC_MEMBERS = frozenset(["kty", "crv", "x", "y", "kid", "alg", "use", "key_ops"])
"""A key with any other member may be a private one (RFC 9449 section 4.3, check 7)."""

_COORDINATE_BYTES = 32
_SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class Proof:
    """What a well-formed proof says; not yet whether it is believed."""

    x: bytes
    y: bytes
    method: str
    url: str
    proof_id: str
    issued_at: int
    signed: bytes
    signature: bytes

    @property
    def thumbprint(self) -> str:
        """The key's name (RFC 7638)."""
        members = {"crv": "P-256", "kty": "EC", "x": base64url(self.x), "y": base64url(self.y)}
        canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
        return base64url(hashlib.sha256(canonical.encode()).digest())


def read_proof(compact: str) -> Proof:
    """The proof in a DPoP header; InvalidProofError says what is wrong with its form."""
    parts = compact.split(".")
    if len(parts) != 3 or len(compact) > MAX_PROOF_CHARACTERS:
        raise InvalidProofError("The DPoP header is not one compact JWT.")
    head, claims = _object(parts[0]), _object(parts[1])
    if head.get("typ") != "dpop+jwt":
        raise InvalidProofError("The DPoP proof's typ must be dpop+jwt.")
    if head.get("alg") not in ALGORITHMS:
        raise InvalidProofError(f"The DPoP proof's alg must be {', '.join(ALGORITHMS)}.")
    x, y = _public_key(head.get("jwk"))
    issued_at = claims.get("iat")
    if not isinstance(issued_at, int | float) or isinstance(issued_at, bool):
        raise InvalidProofError("The DPoP proof's iat is not a number.")
    signature = _bytes(parts[2])
    if len(signature) != _SIGNATURE_BYTES:
        raise InvalidProofError("The DPoP proof's signature is not one of ES256.")
    return Proof(
        x=x,
        y=y,
        method=_claim(claims, "htm"),
        url=_claim(claims, "htu"),
        proof_id=_claim(claims, "jti"),
        issued_at=int(issued_at),
        signed=f"{parts[0]}.{parts[1]}".encode(),
        signature=signature,
    )


def _claim(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_CHARACTERS:
        raise InvalidProofError(f"The DPoP proof's {name} is missing or too long.")
    return value


def _public_key(jwk: object) -> tuple[bytes, bytes]:
    if not isinstance(jwk, dict) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise InvalidProofError("The DPoP proof's jwk must be a public key on P-256.")
    if not set(jwk) <= _PUBLIC_MEMBERS:
        raise InvalidProofError("The DPoP proof's jwk has members of no public key on P-256.")
    x, y = (_bytes(jwk.get(name)) for name in ("x", "y"))
    if len(x) != _COORDINATE_BYTES or len(y) != _COORDINATE_BYTES:
        raise InvalidProofError("The DPoP proof's jwk is no point on P-256.")
    return x, y


def _bytes(part: object) -> bytes:
    try:
        if not isinstance(part, str) or "=" in part:
            raise ValueError("not base64url")
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidProofError("The DPoP proof is not base64url.") from error


def _object(part: str) -> dict[str, Any]:
    try:
        parsed = json.loads(_bytes(part))
    except (ValueError, RecursionError) as error:
        raise InvalidProofError("The DPoP proof is not JSON.") from error
    if not isinstance(parsed, dict):
        raise InvalidProofError("The DPoP proof is not a JSON object.")
    return parsed


def same_address(claimed: str, ours: str) -> bool:
    """Whether two URLs are one after normalization, query and fragment aside (RFC 9449 4.3)."""

    def normal(url: str) -> tuple[str, str, int | None, str]:
        parts = urlsplit(url)
        default = {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, (parts.hostname or ""), parts.port or default, parts.path or "/"

    try:
        return normal(claimed) == normal(ours)
    except ValueError:
        return False


@dataclass(frozen=True)
class Proofs:
    """Believes a proof once."""

    signatures: ProofSignatures
    seen: SeenProofs
    clock: Clock

    def key_of(self, compact: str | None, method: str, url: str) -> str:
        """Thumbprint of the key that made the proof; empty when none was sent."""
        if compact is None:
            return ""
        proof = read_proof(compact)
        now = self.clock()
        if proof.method != method or not same_address(proof.url, url):
            raise InvalidProofError("The DPoP proof was made for another request.")
        if abs(proof.issued_at - int(now.timestamp())) > PROOF_WINDOW.total_seconds():
            raise InvalidProofError("The DPoP proof's iat is too far from now.")
        if not self.signatures.match(proof.x, proof.y, proof.signed, proof.signature):
            raise InvalidProofError("The DPoP proof's signature is wrong.")
        # Kept for longer than the proof is taken for new, whichever way the clocks differ.
        until = now + 2 * PROOF_WINDOW + timedelta(seconds=1)
        digest = hashlib.sha256(proof.proof_id.encode()).hexdigest()
        if not self.seen.is_first(f"{proof.thumbprint}#{digest}", until):
            raise InvalidProofError("The DPoP proof was used before.")
        return proof.thumbprint
