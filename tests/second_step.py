"""Somebody's authenticator app: its codes, each once."""

from __future__ import annotations

from commands.totp import code_at, current_step
from tests.cloud import eventually


class App:
    """An app that was set up with a secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._last = 0

    def next_code(self) -> str:
        """One that was not used before: now, or when the app shows it."""
        step = max(self._last + 1, current_step() - 1)
        eventually(lambda: step <= current_step() + 1, 61, "the next code")
        self._last = step
        return code_at(self.secret, step)
