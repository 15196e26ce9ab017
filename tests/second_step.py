"""Somebody's authenticator app: its codes, each once."""

from __future__ import annotations

import time

from commands.totp import PERIOD_SECONDS, code_at, current_step
from tests.cloud import eventually

REQUEST_SECONDS = 10
"""A code is checked this long after it was read, at the latest, by a function that starts cold."""


class App:
    """An app that was set up with a secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._last = 0

    def next_code(self) -> str:
        """One that was not used before: now, or when the app shows it."""
        oldest_taken = int(time.time() + REQUEST_SECONDS) // PERIOD_SECONDS - 1
        step = max(self._last + 1, oldest_taken)
        eventually(lambda: step <= current_step() + 1, 61, "the next code")
        self._last = step
        return code_at(self.secret, step)
