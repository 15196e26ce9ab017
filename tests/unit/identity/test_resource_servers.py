"""Who may ask about tokens is asked of Secrets Manager, and nobody when it does not answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from identity.oauth.resource_servers import SECRET_LIFE, SecretResourceServers
from kernel.aws.json_client import AwsJson
from kernel.errors import UnavailableError


class Secrets:
    """One secret, counted."""

    def __init__(self) -> None:
        self.text: str | None = "first"
        self.reads = 0

    def call(self, operation: str, **parameters: object) -> dict[str, Any]:
        self.reads += 1
        if self.text is None:
            raise UnavailableError("no answer")
        return {"SecretString": self.text}


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def servers(secrets: Secrets, clock: Clock) -> SecretResourceServers:
    return SecretResourceServers(cast(AwsJson, secrets), "arn", clock)


@pytest.mark.parametrize(
    ("client_id", "secret", "is_known"),
    [
        ("resource-server", "first", True),
        ("resource-server", "other", False),
        ("resource-server", "", False),
        ("web", "first", False),
    ],
)
def test_one_name_and_one_secret_are_known(
    servers: SecretResourceServers, client_id: str, secret: str, is_known: bool
) -> None:
    assert servers.knows(client_id, secret) is is_known


def test_a_secret_that_is_replaced_is_refused_within_minutes_and_read_seldom(
    servers: SecretResourceServers, secrets: Secrets, clock: Clock
) -> None:
    assert servers.knows("resource-server", "first")
    secrets.text = "second"
    assert servers.knows("resource-server", "first")
    assert secrets.reads == 1

    clock.now += SECRET_LIFE

    assert not servers.knows("resource-server", "first")
    assert servers.knows("resource-server", "second")


def test_without_the_secret_nobody_is_known(
    servers: SecretResourceServers, secrets: Secrets, clock: Clock
) -> None:
    assert servers.knows("resource-server", "first")
    secrets.text = None
    clock.now += SECRET_LIFE + timedelta(seconds=1)

    with pytest.raises(UnavailableError):
        servers.knows("resource-server", "first")
