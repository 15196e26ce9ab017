"""Identity's ports in memory."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from identity.consent.domain import AskedConsent, Consent
from identity.domain import Account, EmailTakenError
from identity.mfa.domain import AuthenticatorApp
from identity.oauth.device_grants import DeviceGrant, Status
from identity.oauth.errors import InvalidGrantError
from identity.oauth.grants import AuthorizationCode, Family
from identity.oauth.jwt import public_jwk
from identity.oauth.key_ring import KeyRing
from identity.oauth.ports import Ticket
from kernel.events.identity import AppAllowed, AppStopped


@dataclass
class FakeAccounts:
    accounts: dict[str, Account] = field(default_factory=dict)
    apps: dict[str, AuthenticatorApp] = field(default_factory=dict)

    def add(self, account: Account, app: AuthenticatorApp | None = None) -> None:
        if self.by_email(account.email):
            raise EmailTakenError("taken")
        self.accounts[account.account_id] = account
        if app is not None:
            self.apps[account.account_id] = app

    def by_email(self, email: str) -> Account | None:
        return next((a for a in self.accounts.values() if a.email == email), None)

    def by_id(self, account_id: str) -> Account | None:
        return self.accounts.get(account_id)


@dataclass
class FakeGrants:
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    """Sign-ins whose end was told."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep_code(self, code: AuthorizationCode) -> None:
        self.codes[code.code_digest] = code

    def find_code(self, code_digest: str) -> AuthorizationCode | None:
        return self.codes.get(code_digest)

    def spend_code(self, code_digest: str, family_id: str) -> AuthorizationCode | None:
        code = self.codes.get(code_digest)
        if code is not None and not code.spent_for:
            self.codes[code_digest] = dataclasses.replace(code, spent_for=family_id)
        return code

    def start(self, family: Family) -> None:
        if family.family_id in self.revoked:
            raise InvalidGrantError("revoked")
        self.families[family.family_id] = family

    def family(self, account_id: str, family_id: str) -> Family | None:
        family = self.families.get(family_id)
        if family is None or family.account_id != account_id:
            return None
        return dataclasses.replace(family, is_revoked=family_id in self.revoked)

    def rotate(self, family: Family, renewed: Family) -> bool:
        with self.lock:
            kept = self.families[family.family_id]
            if kept.token_digest != family.token_digest or family.family_id in self.revoked:
                return False
            # Whom it watches as may have been chosen meanwhile.
            self.families[family.family_id] = dataclasses.replace(
                renewed, profile_id=kept.profile_id
            )
            return True

    def enter(self, account_id: str, family_id: str, profile_id: str) -> bool:
        family = self.family(account_id, family_id)
        if family is None or family.is_revoked:
            return False
        self.families[family_id] = dataclasses.replace(family, profile_id=profile_id)
        return True

    def revoke(self, account_id: str, family_id: str, now: datetime) -> None:
        if family_id in self.families and family_id not in self.revoked:
            self.told.append(family_id)
        self.revoked.add(family_id)
        if family_id in self.families:
            self.families[family_id] = dataclasses.replace(self.families[family_id], rotation=None)


@dataclass
class FakeDeviceGrants:
    grants: dict[str, DeviceGrant] = field(default_factory=dict)

    def keep(self, grant: DeviceGrant) -> bool:
        taken = self.by_user_code(grant.user_code)
        if taken is not None and taken.expires_at > grant.asked_at:
            return False
        self.grants[grant.code_digest] = grant
        return True

    def by_device_code(self, code_digest: str) -> DeviceGrant | None:
        return self.grants.get(code_digest)

    def by_user_code(self, user_code: str) -> DeviceGrant | None:
        shown = [grant for grant in self.grants.values() if grant.user_code == user_code]
        return max(shown, key=lambda grant: grant.asked_at, default=None)

    def note_poll(self, grant: DeviceGrant) -> None:
        if grant.code_digest in self.grants:
            self.grants[grant.code_digest] = dataclasses.replace(
                self.grants[grant.code_digest],
                polled_at=grant.polled_at,
                interval=grant.interval,
            )

    def decide(
        self, code_digest: str, *, status: Status, account_id: str, scope: str, now: datetime
    ) -> bool:
        grant = self.grants[code_digest]
        if grant.status != "pending" or grant.expires_at <= now:
            return False
        self.grants[code_digest] = dataclasses.replace(
            grant, status=status, account_id=account_id, scope=scope
        )
        return True

    def take(self, code_digest: str) -> DeviceGrant | None:
        grant = self.grants.get(code_digest)
        if grant is None or grant.status != "approved":
            return None
        return self.grants.pop(code_digest)


@dataclass
class FakeTickets:
    tickets: dict[str, Ticket] = field(default_factory=dict)

    def keep(self, ticket: Ticket) -> None:
        self.tickets[ticket.digest] = ticket

    def take(self, ticket_digest: str) -> Ticket | None:
        return self.tickets.pop(ticket_digest, None)


@dataclass
class FakeSeenProofs:
    names: set[str] = field(default_factory=set)

    def is_first(self, name: str, until: datetime) -> bool:
        is_new = name not in self.names
        self.names.add(name)
        return is_new


class PlainPasswords:
    """No hash at all: tests of rules do not wait for argon2."""

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def matches(self, password_hash: str | None, password: str) -> bool:
        return password_hash == f"plain:{password}"

    def is_outdated(self, password_hash: str) -> bool:
        return False


class LocalSigner:
    """RS256 with a key in memory, which is its own key set."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.published = public_jwk(
            self.private.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    @property
    def key_id(self) -> str:
        return self.published["kid"]

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def current(self) -> LocalSigner:
        return self

    def jwk(self, key_id: str) -> Mapping[str, str] | None:
        return self.published if key_id == self.key_id else None


@dataclass
class FakeConsents:
    asked: dict[str, AskedConsent] = field(default_factory=dict)
    allowed: dict[tuple[str, str], Consent] = field(default_factory=dict)
    told: list[AppAllowed | AppStopped] = field(default_factory=list)
    reads: int = 0

    def ask(self, asked: AskedConsent) -> None:
        self.asked[asked.digest] = asked

    def take(self, asked_digest: str) -> AskedConsent | None:
        return self.asked.pop(asked_digest, None)

    def of(self, account_id: str) -> list[Consent]:
        self.reads += 1
        found = [one for (owner, _), one in self.allowed.items() if owner == account_id]
        return sorted(found, key=lambda one: one.since)

    def remember(self, told: AppAllowed, now: datetime) -> None:
        before = self.allowed.get((told.account_id, told.client_id))
        since = now.replace(microsecond=0) if before is None else before.since
        scopes = frozenset(told.scope.split()) | (before.scopes if before else frozenset())
        self.allowed[told.account_id, told.client_id] = Consent(told.client_id, scopes, since)
        self.told.append(told)

    def withdraw(self, told: AppStopped, now: datetime) -> None:
        if self.allowed.pop((told.account_id, told.client_id), None):
            self.told.append(told)


@dataclass
class FakeKeyRings:
    ring: KeyRing = field(default_factory=KeyRing)
    reads: int = 0

    def read(self) -> KeyRing:
        self.reads += 1
        return self.ring

    def replace(self, ring: KeyRing) -> bool:
        if ring.version != self.ring.version + 1:
            return False
        self.ring = ring
        return True
