"""Opens an asset's data key with AWS KMS; the only thing that playing asks of the vault."""

from __future__ import annotations

import base64

from kernel.aws.json_client import AwsJson
from kernel.envelope import encryption_context


class KmsDataKeys:
    """Data keys under the vault's KMS key."""

    def __init__(self, kms: AwsJson, key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id

    def open(self, content_id: str, wrapped: bytes) -> bytes:
        """The data key in the clear; KMS refuses one that was bound to another content."""
        answer = self._kms.call(
            "Decrypt",
            KeyId=self._key_id,
            CiphertextBlob=base64.b64encode(wrapped).decode(),
            EncryptionContext=encryption_context(content_id),
        )
        return base64.b64decode(answer["Plaintext"])
