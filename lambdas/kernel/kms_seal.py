"""`Seal` and `SealOpener` by a symmetric KMS key."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.aws.json_client import AwsJson

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


@dataclass(frozen=True)
class KmsSeal:
    """Facts of at most 4 KB, KMS's limit: they are encrypted directly, without a data key."""

    client: KMSClient
    key_id: str

    def close(self, facts: Mapping[str, str], context: Mapping[str, str]) -> str:
        """The facts as base64 of KMS's ciphertext."""
        answer = self.client.encrypt(
            KeyId=self.key_id,
            Plaintext=json.dumps(facts, separators=(",", ":")).encode(),
            EncryptionContext=context,
        )
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def open(self, sealed: str, context: Mapping[str, str]) -> dict[str, str]:
        """The facts."""
        answer = self.client.decrypt(
            KeyId=self.key_id,
            CiphertextBlob=base64.b64decode(sealed),
            EncryptionContext=context,
        )
        facts: dict[str, str] = json.loads(answer["Plaintext"])
        return facts


@dataclass(frozen=True)
class JsonKmsSeal:
    """`Seal` without an SDK, for functions that somebody waits for."""

    service: AwsJson
    key_id: str

    def close(self, facts: Mapping[str, str], context: Mapping[str, str]) -> str:
        """The facts as KMS's ciphertext, which travels in base64 anyway."""
        plain = json.dumps(facts, separators=(",", ":")).encode()
        answer = self.service.call(
            "Encrypt",
            KeyId=self.key_id,
            Plaintext=base64.b64encode(plain).decode(),
            EncryptionContext=dict(context),
        )
        return str(answer["CiphertextBlob"])
