"""What signing in needs of the world."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from identity.domain import Account, AuthorizationCode, RefreshToken


class Accounts(Protocol):
    """Who exists."""

    def add(self, account: Account) -> None:
        """Record a new account; EmailTakenError when its address has one."""

    def by_email(self, email: str) -> Account | None:
        """The account with that canonical address."""

    def by_id(self, account_id: str) -> Account | None:
        """The account."""


class Grants(Protocol):
    """Codes and refresh tokens, by digest."""

    def keep_code(self, code: AuthorizationCode) -> None:
        """Record a code."""

    def spend_code(self, code_digest: str, now: datetime) -> AuthorizationCode:
        """The code, exactly once; InvalidGrantError when unknown, spent or expired."""

    def keep_refresh(self, token: RefreshToken) -> None:
        """Record the first refresh token of a sign-in."""

    def rotate_refresh(
        self, token_digest: str, client_id: str, next_digest: str, now: datetime
    ) -> RefreshToken:
        """Spend a refresh token for its successor, which is answered.

        InvalidGrantError when it is unknown, expired, another client's or of a revoked family;
        a spent one revokes its whole family first, for it was stolen from one of two.
        """


class Passwords(Protocol):
    """A slow hash with a salt."""

    def hash(self, password: str) -> str:
        """The hash to store."""

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; takes as long for None, so that time tells nothing."""


class Signer(Protocol):
    """RS256 with a key that nobody holds."""

    @property
    def key_id(self) -> str:
        """The `kid` under which the key set lists the public half."""

    def sign(self, message: bytes) -> bytes:
        """The signature over a message."""
