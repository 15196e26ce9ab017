"""What keeping accounts needs, in memory; each counts what it was asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from identity.accounts.domain import Challenge, Purpose, TooManyAttemptsError, WrongCodeError
from identity.accounts.limits import Limit
from identity.domain import Account, EmailTakenError
from identity.profiles.domain import Profile
from kernel.clock import epoch_milliseconds
from kernel.errors import ConflictError, UnavailableError
from kernel.events import Event
from tests.fakes.identity import FakeAccounts
from tests.fakes.passkeys import FakePasskeys


@dataclass
class Work:
    """How often each slow thing was done: what somebody with a stopwatch could tell."""

    done: Counter[str] = field(default_factory=Counter)
    meanwhile: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What happens the next time while that is being done."""

    def did(self, what: str) -> None:
        self.done[what] += 1
        happens = self.meanwhile.pop(what, None)
        if happens is not None:
            happens()


@dataclass
class FakeMembers:
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    told: list[Event] = field(default_factory=list)
    work: Work = field(default_factory=Work)
    passkeys: FakePasskeys = field(default_factory=FakePasskeys)

    def by_email(self, email: str) -> Account | None:
        self.work.did("by_email")
        return self.accounts.by_email(email)

    def by_id(self, account_id: str) -> Account | None:
        self.work.did("by_id")
        return self.accounts.by_id(account_id)

    def create(self, account: Account, told: Event, now: datetime) -> None:
        self.accounts.add(account)
        self.told.append(told)

    def change_password(
        self, account: Account, password_hash: str, told: Sequence[Event], now: datetime
    ) -> None:
        current = self.accounts.accounts[account.account_id]
        if current.password_hash != account.password_hash:
            raise ConflictError("changed")
        self._put(
            replace(current, password_hash=password_hash, sessions_from=now, deletion_due=None)
        )
        self.told += told

    def recover(
        self, account: Account, password_hash: str, told: Sequence[Event], now: datetime
    ) -> None:
        current = self.accounts.accounts[account.account_id]
        if current.passkeys != account.passkeys:
            raise ConflictError("changed")
        self.change_password(account, password_hash, told, now)
        self.passkeys.forget(account.account_id)

    def upgrade_hash(self, account: Account, password_hash: str) -> None:
        current = self.accounts.accounts[account.account_id]
        if current.password_hash == account.password_hash:
            self._put(replace(current, password_hash=password_hash))

    def change_email(self, account: Account, email: str, told: Event, now: datetime) -> None:
        if self.accounts.by_email(email):
            raise EmailTakenError("taken")
        current = self.accounts.accounts[account.account_id]
        as_read = (account.email, account.sessions_from)
        if (current.email, current.sessions_from) != as_read or current.block is not None:
            raise ConflictError("changed")
        self._put(replace(current, email=email))
        self.told.append(told)

    def request_deletion(self, account: Account, due: datetime, told: Event, now: datetime) -> None:
        current = self.accounts.accounts[account.account_id]
        if current.deletion_due is not None:
            raise ConflictError("changed")
        due_to_the_millisecond = due.replace(microsecond=due.microsecond // 1000 * 1000)
        self._put(replace(current, deletion_due=due_to_the_millisecond, sessions_from=now))
        self.told.append(told)

    def change_profiles(
        self, account: Account, profiles: Sequence[Profile], told: Sequence[Event], now: datetime
    ) -> None:
        current = self.accounts.by_id(account.account_id)
        if current is None or current.profiles_version != account.profiles_version:
            raise ConflictError("changed")
        version = current.profiles_version + 1
        self._put(replace(current, profiles=tuple(profiles), profiles_version=version))
        self.told += told

    def due_for_deletion(self, now: datetime) -> Iterator[str]:
        due = [
            (account.deletion_due, account.account_id)
            for account in self.accounts.accounts.values()
            if account.deletion_due is not None and account.deletion_due < now
        ]
        return (account_id for _, account_id in sorted(due))

    def delete(self, account: Account, told: Event, now: datetime) -> bool:
        current = self.accounts.by_id(account.account_id)
        if current is None or current.deletion_due != account.deletion_due:
            return False
        del self.accounts.accounts[account.account_id]
        self.told.append(told)
        return True

    def _put(self, account: Account) -> None:
        self.accounts.accounts[account.account_id] = account


@dataclass
class FakeChallenges:
    challenges: dict[str, Challenge] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    work: Work = field(default_factory=Work)

    def open(self, challenge: Challenge, told: Event | None, now: datetime) -> None:
        self.work.did("open")
        self.challenges[challenge.secret_digest] = challenge
        if told is not None:
            self.told.append(told)

    def find(self, secret_digest: str) -> Challenge | None:
        return self.challenges.get(secret_digest)

    def answer(
        self, secret_digest: str, code_digest: str, purpose: Purpose, now: datetime
    ) -> Challenge:
        self.work.did("answer")
        found = self.challenges.get(secret_digest)
        # The table keeps whole seconds.
        over = found is not None and int(found.expires_at.timestamp()) <= int(now.timestamp())
        if found is None or found.purpose != purpose or found.tries_left < 1 or over:
            raise WrongCodeError("wrong")
        tried = replace(found, tries_left=found.tries_left - 1)
        self.challenges[secret_digest] = tried
        if tried.code_digest != code_digest:
            raise WrongCodeError("wrong", account_id=tried.account_id)
        del self.challenges[secret_digest]
        return tried


@dataclass
class FakeLimits:
    arrivals: dict[tuple[str, str], int] = field(default_factory=dict)
    work: Work = field(default_factory=Work)

    def take(self, limit: Limit, subject: str, now: datetime) -> None:
        self.work.did("count")
        now_ms = epoch_milliseconds(now)
        arrival = max(self.arrivals.get((limit.name, subject), now_ms), now_ms)
        if arrival + limit.step_ms > now_ms + limit.reach_ms:
            raise TooManyAttemptsError(limit.retry_after_seconds(arrival, now_ms))
        self.arrivals[limit.name, subject] = arrival + limit.step_ms

    def give_back(self, limit: Limit, subject: str) -> None:
        self.arrivals[limit.name, subject] -= limit.step_ms


@dataclass
class FakeAnnouncements:
    told: list[Event] = field(default_factory=list)
    work: Work = field(default_factory=Work)

    def tell(self, event: Event, now: datetime) -> None:
        self.work.did("tell")
        self.told.append(event)


@dataclass
class OpenSeal:
    """No seal at all: facts and context side by side."""

    work: Work = field(default_factory=Work)

    def close(self, facts: Mapping[str, str], context: Mapping[str, str]) -> str:
        self.work.did("seal")
        return json.dumps([dict(facts), dict(context)])

    def open(self, sealed: str, context: Mapping[str, str]) -> dict[str, str]:
        facts, sealed_for = json.loads(sealed)
        if sealed_for != dict(context):
            raise ValueError("sealed for another context")
        opened: dict[str, str] = facts
        return opened


@dataclass
class CountedPasswords:
    """No hash at all, but counted; those that begin with `old:` were made long ago."""

    work: Work = field(default_factory=Work)

    def hash(self, password: str) -> str:
        self.work.did("hash")
        return f"plain:{password}"

    def matches(self, password_hash: str | None, password: str) -> bool:
        self.work.did("verify")
        return password_hash in (f"plain:{password}", f"old:{password}")

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old:")


@dataclass
class FakeElsewhere:
    """The other domains, until one is out of reach."""

    parts: dict[str, Any] = field(default_factory=lambda: {"billing": [{"plan_name": "basic"}]})
    tokens: list[str] = field(default_factory=list)
    out_of_reach: bool = False

    def kept(self, token: str) -> dict[str, Any]:
        self.tokens.append(token)
        if self.out_of_reach:
            raise UnavailableError("Not all of your data could be gathered.")
        return self.parts


@dataclass
class MovedClock:
    """The time, until a test moves it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time
