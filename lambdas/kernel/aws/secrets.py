"""Secrets from AWS Secrets Manager as they rotate, and the token secrets among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from kernel.aws.json_client import AwsJson, NoSuchResourceError
from kernel.clock import Clock
from kernel.tokens import MacKey

REFRESH_INTERVAL = timedelta(seconds=10)
"""Tokens with an invented key id must not turn into calls to Secrets Manager."""

MAKING_LIFE = timedelta(minutes=5)
"""How long a warm function makes tokens with a secret that was replaced; it stays accepted for
much longer."""


class RotatingSecret:
    """A secret's current text with the one before it, so that rotating it refuses nobody.

    The one before is read when it is first asked for: most of a function's life nobody does.
    """

    def __init__(self, secrets: AwsJson, secret_id: str, clock: Clock) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._clock = clock
        self._read()

    def _read(self) -> None:
        self._read_at: datetime = self._clock()
        self.current = read_secret(self._secrets, self._secret_id).encode()
        self._before: tuple[bytes, ...] | None = None

    def before(self) -> tuple[bytes, ...]:
        """The text before the current one; nothing where it never changed."""
        if self._before is None:
            try:
                text = read_secret(self._secrets, self._secret_id, VersionStage="AWSPREVIOUS")
                self._before = (text.encode(),)
            except NoSuchResourceError:
                self._before = ()
        return self._before

    def refresh(self, after: timedelta = REFRESH_INTERVAL) -> None:
        """Read the secret again, unless that was just done, or done within a time given."""
        if self._clock() - self._read_at >= after:
            self._read()


def read_secret(secrets: AwsJson, secret_id: str, **version: str) -> str:
    """A secret's text; NoSuchResourceError."""
    return str(secrets.call("GetSecretValue", SecretId=secret_id, **version)["SecretString"])


class SecretMacKeys:
    """The token secret with the one before it."""

    def __init__(self, secrets: AwsJson, secret_id: str, clock: Clock) -> None:
        self._secret = RotatingSecret(secrets, secret_id, clock)

    def current(self) -> MacKey:
        """The secret that makes tokens."""
        self._secret.refresh(MAKING_LIFE)
        return MacKey(self._secret.current)

    def accepted(self) -> Mapping[str, MacKey]:
        """The current and the previous secret by key id."""
        keys = map(MacKey, (self._secret.current, *self._secret.before()))
        return {key.key_id: key for key in keys}

    def refresh(self) -> None:
        """Read the secrets again, unless that was just done."""
        self._secret.refresh()
