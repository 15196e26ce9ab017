from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.triggers.clients import RoleClients


@dataclass(frozen=True)
class Keys:
    access_key_id: str
    secret_access_key: str = "secret"
    session_token: str | None = None
    expiration: datetime | None = None


class Account:
    def __init__(self, lifetime: timedelta) -> None:
        self.lifetime = lifetime
        self.assumed: list[tuple[str, str]] = []

    def credentials_for(self, role_arn: str, session_name: str) -> Keys:
        self.assumed.append((role_arn, session_name))
        expiration = datetime.now(UTC) + self.lifetime
        return Keys(f"ASIA{len(self.assumed)}", "secret", "token", expiration)

    def clients(self) -> RoleClients:
        return RoleClients(
            "http://127.0.0.1:1", "eu-west-1", self.credentials_for, Keys("AKIAADMIN")
        )


def key_of(client: Any) -> str:
    """As whom a client signs."""
    signed: list[str] = []

    def look(request: Any, **_: Any) -> None:
        signed.append(request.headers["Authorization"].decode())
        raise ConnectionAbortedError

    client.meta.events.register_last("before-send.*.*", look)
    try:
        client.list_queues()
    except Exception:  # noqa: BLE001 - botocore wraps what the hook raises as it likes
        assert signed
    return signed[0].split("Credential=")[1].split("/")[0]


def test_a_client_signs_as_the_role_and_is_kept() -> None:
    account = Account(timedelta(hours=1))
    clients = account.clients()

    client = clients.client("sqs", "arn:role")

    assert key_of(client) == "ASIA1"
    assert clients.client("sqs", "arn:role") is client
    assert account.assumed == [("arn:role", "aws-service")]


def test_a_client_is_renewed_before_its_credentials_end() -> None:
    account = Account(timedelta(minutes=4))
    clients = account.clients()

    assert key_of(clients.client("sqs", "arn:role")) == "ASIA1"
    assert key_of(clients.client("sqs", "arn:role")) == "ASIA2"


def test_without_a_role_a_client_is_the_administrators() -> None:
    clients = Account(timedelta(hours=1)).clients()

    assert key_of(clients.client("sqs")) == "AKIAADMIN"
    assert clients.client("sqs").meta.endpoint_url == "http://127.0.0.1:1"
