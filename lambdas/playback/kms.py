"""Opens an asset's data key with AWS KMS; the only thing the licence function asks of the vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.envelope import encryption_context

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsDataKeys:
    """Data keys under the vault's KMS key."""

    def __init__(self, client: KMSClient, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        """The data key in the clear; KMS refuses one that was bound to another content."""
        answer = self._client.decrypt(
            KeyId=self._key_id,
            CiphertextBlob=wrapped,
            EncryptionContext=encryption_context(content_id),
        )
        return answer["Plaintext"]
