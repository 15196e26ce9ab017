"""What signing in needs of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from identity.domain import Account

if TYPE_CHECKING:
    from identity.mfa.domain import AuthenticatorApp


class Accounts(Protocol):
    """Who exists."""

    def add(self, account: Account, app: AuthenticatorApp | None = None) -> None:
        """Record a new account, with an app when it has one; EmailTakenError when its address has
        an account."""

    def by_email(self, email: str) -> Account | None:
        """The account with that canonical address."""

    def by_id(self, account_id: str) -> Account | None:
        """The account."""


class Passwords(Protocol):
    """A slow hash with a salt."""

    def hash(self, password: str) -> str:
        """The hash to store."""

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; takes as long for None, so that time tells nothing."""

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than are used now."""
