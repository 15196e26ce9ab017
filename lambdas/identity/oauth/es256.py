"""ES256 (RFC 7518 section 3.4) by OpenSSL."""

from __future__ import annotations

_HALF = 32


class OpenSslSignatures:
    """`ProofSignatures` by the cryptography library, which is read when the first proof comes:
    clients that send none do not wait for it."""

    def match(self, x: bytes, y: bytes, message: bytes, signature: bytes) -> bool:
        """Whether that point on P-256 signed the message; False for what is no point."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        r, s = (int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:]))
        point = b"\x04" + x + y
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        except (ValueError, InvalidSignature):
            return False
        return True
