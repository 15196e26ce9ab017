"""`AccessSigners` and `KeySet` over the ring of wrapped keys: KMS opens a key once, and not for
each token. While no key of the ring may sign, KMS's own key does."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from identity.oauth.key_ring import RING_MEMORY, KeyRing, WrappedKey
from identity.oauth.ports import KeyRings, KeySet, Signer
from kernel.aws.json_client import AwsJson
from kernel.clock import Clock

KEPT_OPEN = 2
"""Keys that a function has in the clear at most: the one that signs, and the one before."""


class RsaKey:
    """`Signer` with a private key in this function's memory; the library is read with the first."""

    def __init__(self, key_id: str, private_key: bytes) -> None:
        """The key is PKCS #8 in DER."""
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        self._key_id = key_id
        # KMS authenticated it, and proving its primes once more takes longer than signing.
        self._private = load_der_private_key(private_key, None, unsafe_skip_rsa_key_validation=True)

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key."""
        return self._key_id

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        assert isinstance(self._private, RSAPrivateKey)
        return self._private.sign(message, PKCS1v15(), SHA256())


def new_rsa_key() -> tuple[bytes, bytes]:
    """A private key as PKCS #8 and its public half as SubjectPublicKeyInfo, both in DER."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    private = generate_private_key(public_exponent=65537, key_size=2048)
    return (
        private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )


@dataclass
class RememberedRing:
    """The ring as a warm function knows it."""

    rings: KeyRings
    clock: Clock
    _ring: KeyRing = field(default_factory=KeyRing)
    _read_at: datetime | None = None

    def current(self) -> KeyRing:
        """At most as old as `RING_MEMORY`; what cannot be read is an error, not an old ring."""
        now = self.clock()
        if self._read_at is None or now - self._read_at >= RING_MEMORY:
            self._ring = self.rings.read()
            self._read_at = now
        return self._ring


@dataclass
class WrappedSigners:
    """`AccessSigners` by the ring."""

    ring: RememberedRing
    opener: Callable[[WrappedKey], bytes]
    """The private half in the clear, from KMS."""
    otherwise: Signer
    clock: Clock
    _open: dict[str, Signer] = field(default_factory=dict)

    def current(self) -> Signer:
        """Whoever signs access tokens now."""
        key = self.ring.current().signing(self.clock())
        if key is None:
            return self.otherwise
        signer = self._open.get(key.key_id)
        if signer is None:
            if len(self._open) >= KEPT_OPEN:
                self._open.clear()
            signer = self._open[key.key_id] = RsaKey(key.key_id, self.opener(key))
        return signer


@dataclass(frozen=True)
class RingKeySet:
    """`KeySet` of KMS's own keys and the ring's."""

    own: KeySet
    ring: RememberedRing
    clock: Clock

    def jwk(self, key_id: str) -> Mapping[str, str] | None:
        """The RSA key of that name."""
        for key in self.ring.current().published(self.clock()):
            if key.key_id == key_id:
                return key.jwk
        return self.own.jwk(key_id)


@dataclass(frozen=True)
class KmsWrapping:
    """Private halves under a symmetric KMS key, each bound to its own name."""

    kms: AwsJson
    kms_key_id: str

    def close(self, key_id: str, private_key: bytes) -> str:
        """KMS's ciphertext: 1.2 KB of the 4 that Encrypt takes."""
        answer = self.kms.call(
            "Encrypt",
            KeyId=self.kms_key_id,
            Plaintext=base64.b64encode(private_key).decode(),
            EncryptionContext=_context(key_id),
        )
        return str(answer["CiphertextBlob"])

    def open(self, key: WrappedKey) -> bytes:
        """The private half."""
        answer = self.kms.call(
            "Decrypt",
            KeyId=self.kms_key_id,
            CiphertextBlob=key.sealed,
            EncryptionContext=_context(key.key_id),
        )
        return base64.b64decode(answer["Plaintext"])


def _context(key_id: str) -> dict[str, str]:
    return {"purpose": "access tokens", "kid": key_id}
