"""Argon2id (RFC 9106): the only slow thing here, in the sign-in functions alone."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

TIME_COST = 2
MEMORY_KIB = 19 * 1024
PARALLELISM = 1
"""OWASP's second recommended setting; one lane, because a Lambda has about one processor."""


class Argon2Passwords:
    """`Passwords` by Argon2id."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM
        )
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash in PHC string form, salted."""
        return self._hasher.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; for None it works as long and answers no."""
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except VerifyMismatchError:
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether its parameters are not those above."""
        return self._hasher.check_needs_rehash(password_hash)
