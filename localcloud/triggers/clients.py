"""boto3 clients that act as a role, as AWS's services do when they deliver."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import boto3
from botocore.config import Config

RENEWAL_MARGIN = timedelta(minutes=5)


class TemporaryKeys(Protocol):
    """Credentials with an end, or the administrator's, which have none."""

    @property
    def access_key_id(self) -> str: ...
    @property
    def secret_access_key(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...
    @property
    def expiration(self) -> datetime | None: ...


class Clients(Protocol):
    """Where deliveries get their clients from."""

    def client(self, service: str, role_arn: str | None = None) -> Any:
        """A boto3 client with the role's rights; without a role, with those of AWS itself, whose
        permission the caller has checked."""


class RoleClients:
    """Clients of this local cloud, made once for each service and role and renewed in time."""

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        credentials_for: Callable[[str, str], TemporaryKeys],
        administrator: TemporaryKeys,
        *,
        session_name: str = "aws-service",
    ) -> None:
        """`credentials_for` takes a role's ARN and a session name."""
        self._endpoint_url = endpoint_url
        self._region = region
        self._credentials_for = credentials_for
        self._administrator = administrator
        self._session_name = session_name
        self._made: dict[tuple[str, str | None], tuple[Any, datetime | None]] = {}
        self._lock = threading.Lock()

    def client(self, service: str, role_arn: str | None = None) -> Any:
        """A client, safe to use from any thread."""
        with self._lock:
            found = self._made.get((service, role_arn))
            if found is not None and (found[1] is None or datetime.now(UTC) < found[1]):
                return found[0]
            keys = (
                self._administrator
                if role_arn is None
                else self._credentials_for(role_arn, self._session_name)
            )
            renew = keys.expiration and keys.expiration - RENEWAL_MARGIN
            made = self._make(service, keys)
            self._made[service, role_arn] = (made, renew)
            return made

    def _make(self, service: str, keys: TemporaryKeys) -> Any:
        # A session of its own: boto3's default session is not safe under threads.
        session = boto3.session.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            region_name=self._region,
        )
        # Whoever delivers repeats by its own rules, so the client does not.
        config = Config(retries={"max_attempts": 0}, read_timeout=60, max_pool_connections=32)
        # The service is a parameter here, so that boto3-stubs' overloads do not apply.
        make: Any = session.client
        return make(service, endpoint_url=self._endpoint_url, config=config)
