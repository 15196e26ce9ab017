"""The account services over fakes that share one count of their work."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from identity.accounts.codes import Codes
from identity.accounts.deletion import Deletion
from identity.accounts.export import Export
from identity.accounts.letters import Letters
from identity.accounts.routes import Accounts
from identity.accounts.service import Recovery, SignUp, Upkeep
from identity.accounts.sign_in import PasswordCheck
from identity.domain import Account
from identity.mfa.check import CodeCheck, Owner, OwnerCheck
from identity.mfa.service import SecondStep, TwoStep
from identity.oauth.clients import clients
from identity.passkeys.challenges import Challenges
from identity.service import Admission, Authorization
from kernel.events import Event
from kernel.events.identity import LetterEvent
from tests.fakes.accounts import (
    CountedPasswords,
    FakeAnnouncements,
    FakeChallenges,
    FakeElsewhere,
    FakeLimits,
    FakeMembers,
    MovedClock,
    OpenSeal,
    Work,
)
from tests.fakes.devices import FakeDevices
from tests.fakes.identity import FakeAccounts, FakeConsents, FakeGrants, LocalSigner
from tests.fakes.mfa import FakeFactors, FakePendingSteps
from tests.fakes.passkeys import FakeCeremonies, FakePasskeys

SIGNER = LocalSigner()
ISSUER = "https://auth.example"
ORIGIN = "https://watch.example"
HERE = "192.0.2.1"
PASSWORD = "correct horse"


@dataclass
class Desk:
    """Everything about accounts, with a clock that tests move."""

    now: datetime
    work: Work = field(default_factory=Work)
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = MovedClock(self.now)
        accounts = FakeAccounts()
        self.passkeys = FakePasskeys(self.told, accounts=accounts)
        self.members = FakeMembers(accounts, self.told, self.work, self.passkeys)
        self.ceremonies = FakeCeremonies()
        self.challenges = FakeChallenges(told=self.told, work=self.work)
        self.limits = FakeLimits(work=self.work)
        self.passwords = CountedPasswords(self.work)
        self.grants = FakeGrants()
        letters = Letters(OpenSeal(self.work))
        announcements = FakeAnnouncements(self.told, self.work)
        codes = Codes(self.members, self.challenges, self.limits, announcements, self.clock)
        self.check = PasswordCheck(
            self.members, self.passwords, self.limits, announcements, self.clock
        )
        parts = (self.members, self.passwords)
        self.sign_up = SignUp(*parts, codes, letters, self.clock)
        self.recovery = Recovery(*parts, codes, letters, self.clock)
        self.factors = FakeFactors(self.members.accounts, self.told)
        self.pending = FakePendingSteps()
        seal = OpenSeal(self.work)
        self.codes = CodeCheck(self.factors, seal, self.limits, announcements, letters, self.clock)
        self.challenges_of_pages = Challenges(self.ceremonies, self.clock)
        owners = OwnerCheck(self.check, self.codes, self.challenges_of_pages)
        self.two_step = TwoStep(
            self.members, self.pending, self.factors, owners, seal, letters, self.clock
        )
        self.upkeep = Upkeep(self.members, self.passwords, owners, codes, letters, self.clock)
        self.elsewhere, self.consents = FakeElsewhere(), FakeConsents()
        self.export = Export(
            owners,
            self.passkeys,
            self.consents,
            FakeDevices(self.grants, self.members.accounts),
            self.elsewhere,
            letters,
            announcements,
            SIGNER,
            ISSUER,
            self.clock,
        )
        self.deletion = Deletion(self.members, self.clock)
        self.admission = Admission(
            self.grants, announcements, clients(ORIGIN), self.clock, self.consents
        )
        self.authorization = Authorization(self.check, self.pending, self.admission, self.clock)
        self.second_step = SecondStep(
            self.members, self.pending, self.codes, self.admission, self.clock
        )
        self.pages = Accounts(
            self.sign_up, self.recovery, self.upkeep, self.admission, ISSUER, ORIGIN
        )

    def member(self, email: str = "ada@example.com", **changes: Any) -> Account:
        """Somebody who has an account."""
        account = Account(
            f"acc_{email}", email, f"plain:{PASSWORD}", ("member",), f"prf_{email}", self.now
        )
        made = replace(account, **changes)
        self.members.accounts.add(made)
        return made

    def current(self, account: Account) -> Account:
        """The account as it is now."""
        return self.members.accounts.accounts[account.account_id]

    def told_last(self, kind: type[Event]) -> Any:
        """The last event of a kind."""
        return next(event for event in reversed(self.told) if isinstance(event, kind))

    def sealed_in(self, kind: type[LetterEvent]) -> dict[str, str]:
        """What the last letter of a kind carries."""
        facts: dict[str, str] = json.loads(self.told_last(kind).sealed)[0]
        return facts


def owner(password: str = PASSWORD, code: str = "", place: str = HERE) -> Owner:
    """Ada, or who says so."""
    return Owner("ada@example.com", password, place, code)


def challenge_in(page: str) -> str:
    """The secret that a page carries."""
    found = re.search(r'name="challenge" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]
