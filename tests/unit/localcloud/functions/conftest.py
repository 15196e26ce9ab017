"""Real function processes with tiny handlers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from localcloud.function_spec import FunctionSpec
from localcloud.functions import AsyncOutcome, Functions

DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class FakeCredentials:
    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime


class FakeIdentities:
    """Counts what it issues; credentials live as long as a test says."""

    def __init__(self) -> None:
        self.issued: list[tuple[str, str]] = []
        self.lifetime = timedelta(hours=1)

    def credentials_for(self, role_arn: str, session_name: str) -> FakeCredentials:
        self.issued.append((role_arn, session_name))
        number = len(self.issued)
        expiration = datetime.now(UTC) + self.lifetime
        return FakeCredentials(f"ASIA{number}", f"secret{number}", f"token{number}", expiration)


class Lambda:
    """Functions made from source text."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.data_dir = tmp_path / "data"
        self.identities = FakeIdentities()
        self.outcomes: list[AsyncOutcome] = []
        self.functions = Functions(
            self.data_dir,
            "http://127.0.0.1:1",
            "eu-west-1",
            "123456789012",
            self.identities.credentials_for,
            process_limit=4,
            on_async_outcome=self.outcomes.append,
        )

    def create(self, source: str, name: str = "hello", **spec: Any) -> str:
        """Create a function whose module `app` has that source; its name."""
        code = self.tmp_path / "code" / name
        code.mkdir(parents=True, exist_ok=True)
        (code / "app.py").write_text(dedent(source))
        values: dict[str, Any] = {
            "arn": f"arn:aws:lambda:eu-west-1:123456789012:function:{name}",
            "handler": "app.handler",
            "runtime": "python3.13",
            "code_path": code,
            "role_arn": f"arn:aws:iam::123456789012:role/{name}",
            "timeout": timedelta(seconds=20),
            **spec,
        }
        self.functions.create(FunctionSpec(name=name, **values))
        return name

    def log(self, name: str = "hello") -> str:
        return (self.data_dir / "logs" / f"{name}.log").read_text()


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Lambda]:
    service = Lambda(tmp_path)
    yield service
    service.functions.stop()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for a condition, up to a deadline."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[[Callable[[], bool]], None]:
    return eventually
