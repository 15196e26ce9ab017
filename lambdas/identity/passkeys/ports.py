"""What passkeys need of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from identity.domain import Account, Admitted, Proven
from identity.oauth.clients import AuthorizationRequest
from identity.passkeys.domain import Assertion, Ceremony, NewCredential, Passkey
from kernel.events import Event


class Ceremonies(Protocol):
    """What was begun and is not over."""

    def begin(self, ceremony: Ceremony) -> None:
        """Record a ceremony."""

    def find(self, digest: str) -> Ceremony | None:
        """The ceremony, whether or not its time is over."""

    def take(self, digest: str) -> Ceremony | None:
        """The ceremony, exactly once."""


class Passkeys(Protocol):
    """The passkeys of accounts, changed together with what is told of the change."""

    def of(self, account_id: str) -> Sequence[Passkey]:
        """All of an account."""

    def find(self, account_id: str, passkey_id: str) -> Passkey | None:
        """One of an account."""

    def add(self, account: Account, passkey: Passkey, told: Event, now: datetime) -> None:
        """Record a passkey; TooManyPasskeysError, KnownPasskeyError when any account has it,
        StaleCeremonyError when the account's sign-ins have ended since it was read."""

    def rename(self, account_id: str, passkey_id: str, name: str) -> None:
        """Call it something else; UnknownPasskeyError."""

    def remove(self, account_id: str, passkey_id: str, told: Event, now: datetime) -> None:
        """Forget it; UnknownPasskeyError."""

    def use(self, passkey: Passkey, assertion: Assertion, now: datetime) -> bool:
        """Note a sign-in, if its counter is ahead of the last one's, or both count nothing."""


class Verifier(Protocol):
    """Verifies what authenticators sign: origin, RP id, challenge, user verification."""

    def new_credential(self, sent: Mapping[str, Any], challenge: str) -> NewCredential:
        """What was made for that challenge (section 7.1); RefusedPasskeyError."""

    def assertion(self, sent: Mapping[str, Any], challenge: str, credential: str) -> Assertion:
        """What that credential signed for that challenge (section 7.2); RefusedPasskeyError."""


class Admission(Protocol):
    """What lets somebody into a client."""

    def request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """What the client asks for; UnknownClientError or an OAuthError."""

    def admit(self, request: AuthorizationRequest, proven: Proven, methods: str) -> Admitted:
        """A code for the client."""
