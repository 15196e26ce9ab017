"""What the authorization server needs of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from identity.oauth.device_grants import DeviceGrant, Status
from identity.oauth.grants import AuthorizationCode, Family

if TYPE_CHECKING:
    # What names it needs the keys' rules; what signs with KMS alone does not.
    from identity.oauth.key_ring import KeyRing


class Codes(Protocol):
    """Authorization codes, by digest."""

    def keep_code(self, code: AuthorizationCode) -> None:
        """Record a code."""

    def find_code(self, code_digest: str) -> AuthorizationCode | None:
        """The code, spent or not."""

    def spend_code(self, code_digest: str, family_id: str) -> AuthorizationCode | None:
        """The code, from now on spent for that family; None when there is no such code.

        What was spent before comes with `spent_for` set, and stays so.
        """


class Grants(Codes, Protocol):
    """Codes, and what became of them: families, each with the one refresh token it has."""

    def start(self, family: Family) -> None:
        """Record a sign-in; InvalidGrantError when it was revoked before it began."""

    def family(self, account_id: str, family_id: str) -> Family | None:
        """The sign-in that tokens descend from."""

    def rotate(self, family: Family, renewed: Family) -> bool:
        """Keep the sign-in as renewed, with another token than before; False when the one that it
        had was spent meanwhile, or the sign-in revoked."""

    def enter(self, account_id: str, family_id: str, profile_id: str) -> bool:
        """Whose the sign-in's tokens are from the next one on; False when it has ended."""

    def revoke(self, account_id: str, family_id: str, now: datetime) -> None:
        """End a sign-in and tell of it: no token of its family is good any more; again is no
        error, and is not told again. One that has not begun cannot begin, and nobody is told."""


class Signer(Protocol):
    """RS256 with a key that nobody holds."""

    @property
    def key_id(self) -> str:
        """The `kid` under which the key set lists the public half."""

    def sign(self, message: bytes) -> bytes:
        """The signature over a message."""


class AccessSigners(Protocol):
    """Who signs access tokens: ID tokens, which are good as hints for weeks, stay KMS's."""

    def current(self) -> Signer:
        """Whoever signs now."""


class KeyRings(Protocol):
    """Where the ring of wrapped keys is kept."""

    def read(self) -> KeyRing:
        """The ring; empty before its first turn."""

    def replace(self, ring: KeyRing) -> bool:
        """Keep it in place of the one before; False when that was replaced meanwhile."""


class KeySet(Protocol):
    """The public halves whose tokens are good."""

    def jwk(self, key_id: str) -> Mapping[str, str] | None:
        """The RSA key of that name."""


class ProofSignatures(Protocol):
    """ES256."""

    def match(self, x: bytes, y: bytes, message: bytes, signature: bytes) -> bool:
        """Whether that point on P-256 signed the message; False for what is no point."""


class SeenProofs(Protocol):
    """Which proofs came before."""

    def is_first(self, name: str, until: datetime) -> bool:
        """Whether this name is new; it is remembered until then."""


class DeviceGrants(Protocol):
    """Devices that wait, by the digest of their code and by what people type."""

    def keep(self, grant: DeviceGrant) -> bool:
        """Record a device; False when another one waits under its user code."""

    def by_device_code(self, code_digest: str) -> DeviceGrant | None:
        """The device."""

    def by_user_code(self, user_code: str) -> DeviceGrant | None:
        """The device that shows that code."""

    def note_poll(self, grant: DeviceGrant) -> None:
        """Record when it was asked for last, and how long to wait now; nothing once it is gone."""

    def decide(
        self, code_digest: str, *, status: Status, account_id: str, scope: str, now: datetime
    ) -> bool:
        """Approve or deny it; False when that was done before or its time is over."""

    def take(self, code_digest: str) -> DeviceGrant | None:
        """The device, if it is approved, exactly once; its codes are gone then."""


@dataclass(frozen=True)
class Ticket:
    """What makes a form that decides about a device ours: one person, one device, one browser."""

    digest: str
    visit_digest: str
    account_id: str
    user_code: str
    expires_at: datetime


class Tickets(Protocol):
    """Forms that were shown and not yet sent."""

    def keep(self, ticket: Ticket) -> None:
        """Record a ticket."""

    def take(self, ticket_digest: str) -> Ticket | None:
        """The ticket, exactly once."""
