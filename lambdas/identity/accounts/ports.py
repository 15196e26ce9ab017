"""What keeping accounts needs of the world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from identity.accounts.domain import Challenge, Purpose
from identity.accounts.limits import Limit
from identity.domain import Account
from identity.profiles.domain import Profile
from kernel.events import Event


class Members(Protocol):
    """Accounts, changed together with what is told of the change."""

    def by_email(self, email: str) -> Account | None:
        """The account with that canonical address."""

    def by_id(self, account_id: str) -> Account | None:
        """The account."""

    def create(self, account: Account, told: Event, now: datetime) -> None:
        """Record a new account; EmailTakenError when its address has one."""

    def change_password(
        self, account: Account, password_hash: str, told: Sequence[Event], now: datetime
    ) -> None:
        """Another password: every sign-in before now is over, and no deletion is due any more."""

    def recover(
        self, account: Account, password_hash: str, told: Sequence[Event], now: datetime
    ) -> None:
        """The same, and no passkey of the account signs anybody in any more."""

    def upgrade_hash(self, account: Account, password_hash: str) -> None:
        """The same password under another hash, unless it was changed meanwhile."""

    def change_email(self, account: Account, email: str, told: Event, now: datetime) -> None:
        """Another address; EmailTakenError when that one has an account, ConflictError when this
        one was blocked, or its address changed, or its sign-ins ended, since it was read."""

    def request_deletion(self, account: Account, due: datetime, told: Event, now: datetime) -> None:
        """End every sign-in and have the account deleted when it is due."""

    def change_profiles(
        self, account: Account, profiles: Sequence[Profile], told: Sequence[Event], now: datetime
    ) -> None:
        """Other profiles; ConflictError when they were changed since the account was read."""

    def due_for_deletion(self, now: datetime) -> Iterator[str]:
        """The accounts whose deletion is due, by their ids, the longest waiting first. There may
        be many: they are looked up as they are asked for."""

    def delete(self, account: Account, told: Event, now: datetime) -> bool:
        """Forget the account and its address; False when its owner took it back."""


class Challenges(Protocol):
    """Codes that wait to be entered, by the digest of their page's secret."""

    def open(self, challenge: Challenge, told: Event | None, now: datetime) -> None:
        """Record a challenge and tell of it; without anything to tell it is as much work."""

    def find(self, secret_digest: str) -> Challenge | None:
        """The challenge, whatever became of its time and tries."""

    def answer(
        self, secret_digest: str, code_digest: str, purpose: Purpose, now: datetime
    ) -> Challenge:
        """The challenge, exactly once; WrongCodeError when the code is not right, each time with
        one try less, or the challenge is unknown, used up, expired or for something else."""


class Limits(Protocol):
    """How often something was tried."""

    def take(self, limit: Limit, subject: str, now: datetime) -> None:
        """Count an attempt; TooManyAttemptsError. Whoever cannot count must not go on."""

    def give_back(self, limit: Limit, subject: str) -> None:
        """The attempt does not count after all."""


class Announcements(Protocol):
    """Telling without a change."""

    def tell(self, event: Event, now: datetime) -> None:
        """Publish an event."""


class Elsewhere(Protocol):
    """The other domains."""

    def kept(self, token: str) -> dict[str, Any]:
        """What each keeps of the account whose token it is, by its name; UnavailableError when
        one does not say."""
