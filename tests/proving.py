"""Makes DPoP proofs as a client does, and wrong ones."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from identity.oauth.jwt import base64url


class DeviceKey:
    """A key that stays on the device."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self._made = 0

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def proof(
        self,
        url: str,
        now: datetime,
        head: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A proof for `POST url`; None takes a claim or header away."""
        self._made += 1
        claims = {"htm": "POST", "htu": url, "iat": int(now.timestamp()), "jti": str(self._made)}
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk, **(head or {})}
        parts = [
            base64url(json.dumps({k: v for k, v in part.items() if v is not None}).encode())
            for part in (header, {**claims, **changes})
        ]
        signed = ".".join(parts)
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
