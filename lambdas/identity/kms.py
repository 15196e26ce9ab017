"""RS256 by AWS KMS: the private key never leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from identity.jwt import public_jwk

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


@dataclass(frozen=True)
class KmsSigner:
    """`Signer` by an RSA-2048 signing key."""

    client: KMSClient
    kms_key_id: str

    @cached_property
    def jwk(self) -> dict[str, str]:
        """The public half as a JWK; read once."""
        answer = self.client.get_public_key(KeyId=self.kms_key_id)
        return public_jwk(answer["PublicKey"])

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key."""
        return self.jwk["kid"]

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over the message, which KMS hashes."""
        answer = self.client.sign(
            KeyId=self.kms_key_id,
            Message=message,
            MessageType="RAW",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
        )
        return answer["Signature"]
