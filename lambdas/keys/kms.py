"""Data keys from AWS KMS, each bound to its content by the encryption context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.envelope import encryption_context
from keys.ports import DataKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsDataKeys:
    """Data keys under one KMS key."""

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def new(self, content_id: str) -> DataKey:
        """A 256-bit data key that only opens with this content's context."""
        answer = self._client.generate_data_key(
            KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=encryption_context(content_id)
        )
        return DataKey(plain=answer["Plaintext"], wrapped=answer["CiphertextBlob"])

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        """The data key in the clear; naming the key refuses ciphertexts of any other."""
        answer = self._client.decrypt(
            KeyId=self._key_id,
            CiphertextBlob=wrapped,
            EncryptionContext=encryption_context(content_id),
        )
        return answer["Plaintext"]
