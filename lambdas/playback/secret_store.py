"""Secrets from AWS Secrets Manager as they rotate: token secrets, the origin's, the signing key."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kernel.clock import Clock
from playback.signed_cookies import CookieSigner
from playback.tokens import MacKey

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

REFRESH_INTERVAL = timedelta(seconds=10)
"""Tokens with an invented key id must not turn into calls to Secrets Manager."""

SIGNING_KEY_LIFE = timedelta(minutes=5)
"""How long a warm function signs with a key that was replaced; the edge trusts both for longer."""


class RotatingSecret:
    """A secret's current text with the one before it, so that rotating it refuses nobody."""

    def __init__(self, client: SecretsManagerClient, secret_id: str, clock: Clock) -> None:
        self._client = client
        self._secret_id = secret_id
        self._clock = clock
        self._read()

    def _read(self) -> None:
        self._read_at: datetime = self._clock()
        current = self._client.get_secret_value(SecretId=self._secret_id)
        self.values = (current["SecretString"].encode(), *self._previous())

    def _previous(self) -> tuple[bytes, ...]:
        try:
            answer = self._client.get_secret_value(
                SecretId=self._secret_id, VersionStage="AWSPREVIOUS"
            )
        except self._client.exceptions.ResourceNotFoundException:
            return ()
        return (answer["SecretString"].encode(),)

    def refresh(self) -> None:
        """Read the secret again, unless that was just done."""
        if self._clock() - self._read_at >= REFRESH_INTERVAL:
            self._read()


class SecretMacKeys:
    """The token secret with the one before it."""

    def __init__(self, client: SecretsManagerClient, secret_id: str, clock: Clock) -> None:
        self._secret = RotatingSecret(client, secret_id, clock)

    def current(self) -> MacKey:
        """The secret that makes tokens."""
        return MacKey(self._secret.values[0])

    def accepted(self) -> Mapping[str, MacKey]:
        """The current and the previous secret by key id."""
        keys = [MacKey(value) for value in self._secret.values]
        return {key.key_id: key for key in keys}

    def refresh(self) -> None:
        """Read the secrets again, unless that was just done."""
        self._secret.refresh()


class SecretOrigin:
    """The secret that the edge sends; one that is new to us is looked up once more."""

    def __init__(self, client: SecretsManagerClient, secret_id: str, clock: Clock) -> None:
        self._secret = RotatingSecret(client, secret_id, clock)

    def accepts(self, presented: str) -> bool:
        """Whether it is the current secret or the one before it."""
        if self._matches(presented):
            return True
        self._secret.refresh()
        return self._matches(presented)

    def _matches(self, presented: str) -> bool:
        asked = presented.encode()
        return any(hmac.compare_digest(asked, value) for value in self._secret.values)


class SecretCookies:
    """Signs with the key in the secret: JSON of `key_pair_id` and `private_key` (PEM).

    Both stand in one secret, so that no function ever pairs a key with the other's id.
    """

    def __init__(
        self, client: SecretsManagerClient, secret_id: str, public_origin: str, clock: Clock
    ) -> None:
        self._client = client
        self._secret_id = secret_id
        self._public_origin = public_origin
        self._clock = clock
        self._read()

    def _read(self) -> None:
        self._read_at: datetime = self._clock()
        text = self._client.get_secret_value(SecretId=self._secret_id)["SecretString"]
        pair = json.loads(text)
        self._signer = CookieSigner.from_pem(
            pair["key_pair_id"], pair["private_key"].encode(), self._public_origin
        )

    def asset_cookies(self, asset_id: str, expires_at: datetime) -> tuple[str, ...]:
        """The values of the Set-Cookie headers that open the asset's folder until then."""
        if self._clock() - self._read_at >= SIGNING_KEY_LIFE:
            self._read()
        return self._signer.asset_cookies(asset_id, expires_at)
