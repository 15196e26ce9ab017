"""Secrets from AWS Secrets Manager: the signing key once, token secrets as they rotate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kernel.clock import Clock
from playback.tokens import MacKey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

REFRESH_INTERVAL = timedelta(seconds=10)
"""Tokens with an invented key id must not turn into calls to Secrets Manager."""


def read_secret(client: SecretsManagerClient, secret_id: str) -> bytes:
    """A secret's current text."""
    return client.get_secret_value(SecretId=secret_id)["SecretString"].encode()


class SecretMacKeys:
    """The token secret with the one before it, so that rotating it refuses nobody."""

    def __init__(self, client: SecretsManagerClient, secret_id: str, clock: Clock) -> None:
        self._client = client
        self._secret_id = secret_id
        self._clock = clock
        self._read()

    def _read(self) -> None:
        self._read_at: datetime = self._clock()
        self._current = MacKey(read_secret(self._client, self._secret_id))
        keys = [self._current, *self._previous()]
        self._accepted = {key.key_id: key for key in keys}

    def _previous(self) -> list[MacKey]:
        try:
            answer = self._client.get_secret_value(
                SecretId=self._secret_id, VersionStage="AWSPREVIOUS"
            )
        except self._client.exceptions.ResourceNotFoundException:
            return []
        return [MacKey(answer["SecretString"].encode())]

    def current(self) -> MacKey:
        """The secret that makes tokens."""
        return self._current

    def accepted(self) -> Mapping[str, MacKey]:
        """The current and the previous secret by key id."""
        return self._accepted

    def refresh(self) -> None:
        """Read the secrets again, unless that was just done."""
        if self._clock() - self._read_at >= REFRESH_INTERVAL:
            self._read()
