"""Secrets from AWS Secrets Manager as they rotate: the origin's and the signing key."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta

from kernel.aws.json_client import AwsJson, NoSuchResourceError
from kernel.aws.secrets import RotatingSecret, read_secret
from kernel.clock import Clock
from kernel.tokens import MacKey
from playback.edge_access import EdgeGrant
from playback.signed_cookies import CookieSigner

SIGNING_KEY_LIFE = timedelta(minutes=5)
"""How long a warm function signs with a key that was replaced; the edge trusts both for longer."""


class SecretOrigin:
    """The secret that the edge sends; one that is new to us is looked up once more."""

    def __init__(self, secrets: AwsJson, secret_id: str, clock: Clock) -> None:
        self._secret = RotatingSecret(secrets, secret_id, clock)

    def accepts(self, presented: str) -> bool:
        """Whether it is the current secret or the one before it."""
        if self._matches(presented):
            return True
        self._secret.refresh()
        return self._matches(presented)

    def _matches(self, presented: str) -> bool:
        asked = presented.encode()
        return hmac.compare_digest(asked, self._secret.current) or any(
            hmac.compare_digest(asked, value) for value in self._secret.before()
        )


class SecretCookies:
    """Signs with the key in the secret: JSON of `key_pair_id` and `private_key` (PEM).

    Both stand in one secret, so that no function ever pairs a key with the other's id.
    """

    def __init__(self, secrets: AwsJson, secret_id: str, public_origin: str, clock: Clock) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._public_origin = public_origin
        self._clock = clock
        self._read()

    def _read(self) -> None:
        self._read_at: datetime = self._clock()
        pair = json.loads(read_secret(self._secrets, self._secret_id))
        self._signer = CookieSigner.from_pem(
            pair["key_pair_id"], pair["private_key"].encode(), self._public_origin
        )

    def cookies(self, grant: EdgeGrant) -> tuple[str, ...]:
        """The values of the Set-Cookie headers that open the play's folder for its time."""
        if self._clock() - self._read_at >= SIGNING_KEY_LIFE:
            self._read()
        return self._signer.cookies(grant)


class TokenSecrets:
    """The token secret as it is replaced: what it was, what it is, and what it is about to be."""

    def __init__(self, secrets: AwsJson, secret_id: str) -> None:
        self._secrets = secrets
        self._secret_id = secret_id

    def accepted(self) -> list[MacKey]:
        """Read anew each time; of stages that there are not, none."""
        keys = {}
        for stage in ("AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"):
            try:
                text = read_secret(self._secrets, self._secret_id, VersionStage=stage)
            except NoSuchResourceError:
                continue
            key = MacKey(text.encode())
            keys[key.key_id] = key
        return list(keys.values())
