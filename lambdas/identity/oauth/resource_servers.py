"""Who may ask about tokens, by a secret in AWS Secrets Manager."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kernel.aws.json_client import AwsJson
from kernel.clock import Clock

RESOURCE_SERVER = "resource-server"
"""The one confidential client: it has no grant, it only asks."""

SECRET_LIFE = timedelta(minutes=5)
"""How soon a function that is warm refuses a secret that was replaced."""


@dataclass
class SecretResourceServers:
    """`ResourceServers` with one name and one secret."""

    secrets: AwsJson
    secret_id: str
    clock: Clock
    _secret: str = ""
    _read_at: datetime | None = field(default=None)

    def knows(self, client_id: str, secret: str) -> bool:
        """Whether that is the resource server."""
        is_named = client_id == RESOURCE_SERVER
        return is_named and hmac.compare_digest(secret.encode(), self._current().encode())

    def _current(self) -> str:
        now = self.clock()
        if self._read_at is None or now - self._read_at >= SECRET_LIFE:
            self._secret = str(
                self.secrets.call("GetSecretValue", SecretId=self.secret_id)["SecretString"]
            )
            self._read_at = now
        return self._secret
