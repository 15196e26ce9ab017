"""AWS Signature Version 4A: for services without a region, which check it by a public key.

The key pair of P-256 follows from the secret access key, so nothing has to be exchanged. The
algorithm is AWS's own, as its Common Runtime publishes it (aws-c-auth, "key derivation"), a
counter-mode KDF of NIST SP 800-108; the canonical request is Signature Version 4's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from kernel.aws.sigv4 import Credentials

ALGORITHM = "AWS4-ECDSA-P256-SHA256"

EVERY_REGION = "*"

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (FIPS 186-4, D.1.2.3)."""

_KEY_BITS = 256


def signing_key(credentials: Credentials) -> ec.EllipticCurvePrivateKey:
    """The private key that follows from an access key."""
    secret = f"AWS4A{credentials.secret_access_key}".encode()
    # A candidate is beyond the curve's order once in 2^32.
    for counter in range(1, 255):
        context = credentials.access_key_id.encode() + bytes([counter])
        label = (1).to_bytes(4, "big") + ALGORITHM.encode() + b"\0"
        message = label + context + _KEY_BITS.to_bytes(4, "big")
        candidate = int.from_bytes(hmac.digest(secret, message, "sha256"), "big")
        if candidate <= _ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1())
    raise ValueError("No key follows from this access key.")


class RegionlessSigner:
    """Signs requests to one service, for every region."""

    def __init__(self, credentials: Credentials, service: str) -> None:
        self._credentials = credentials
        self._service = service
        self._key = signing_key(credentials)

    def signed(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> dict[str, str]:
        """The headers with those that prove who sends them.

        `target` is path and query as they are sent, the query's names in order; `headers` have
        lower-case names, `host` among them, and values without spare spaces. All are signed.
        """
        path, _, query = target.partition("?")
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        sent = {**headers, "x-amz-date": moment, "x-amz-region-set": EVERY_REGION}
        if self._credentials.session_token is not None:
            sent["x-amz-security-token"] = self._credentials.session_token
        names = sorted(sent)
        signed_names = ";".join(names)
        request = "\n".join(
            (
                method,
                quote(path, safe="/~"),
                query,
                *(f"{name}:{sent[name]}" for name in names),
                "",
                signed_names,
                hashlib.sha256(body).hexdigest(),
            )
        )
        scope = f"{moment[:8]}/{self._service}/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{ALGORITHM}\n{moment}\n{scope}\n{digest}"
        signature = self._key.sign(text.encode(), ec.ECDSA(SHA256())).hex()
        sent["authorization"] = (
            f"{ALGORITHM} Credential={self._credentials.access_key_id}/{scope}, "
            f"SignedHeaders={signed_names}, Signature={signature}"
        )
        return sent
