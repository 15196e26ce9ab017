"""Token keys in AWS KMS, which the private halves never leave; asked without an SDK."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from identity.oauth.jwt import public_jwk
from kernel.aws.json_client import AwsJson


@dataclass(frozen=True)
class PublishedKey:
    """A key as the key set shows it."""

    kms: AwsJson
    kms_key_id: str

    @cached_property
    def jwk(self) -> dict[str, str]:
        """The public half as a JWK; read once. Without it the request fails: a key set that
        lacks a key would be believed for hours."""
        answer = self.kms.call("GetPublicKey", KeyId=self.kms_key_id)
        return public_jwk(base64.b64decode(answer["PublicKey"]))


@dataclass(frozen=True)
class KmsSigner(PublishedKey):
    """`Signer` by an RSA-2048 signing key."""

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key."""
        return self.jwk["kid"]

    def current(self) -> KmsSigner:
        """`AccessSigners` by KMS alone."""
        return self

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over the message, which KMS hashes."""
        answer = self.kms.call(
            "Sign",
            KeyId=self.kms_key_id,
            Message=base64.b64encode(message).decode(),
            MessageType="RAW",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
        )
        return base64.b64decode(answer["Signature"])


@dataclass(frozen=True)
class KmsKeySet:
    """`KeySet` of the keys whose tokens are good; read once, when the first token comes."""

    kms: AwsJson
    kms_key_ids: Sequence[str]

    @cached_property
    def _by_id(self) -> Mapping[str, Mapping[str, str]]:
        jwks = (PublishedKey(self.kms, name).jwk for name in self.kms_key_ids)
        return {jwk["kid"]: jwk for jwk in jwks}

    def jwk(self, key_id: str) -> Mapping[str, str] | None:
        """The RSA key of that name."""
        return self._by_id.get(key_id)
