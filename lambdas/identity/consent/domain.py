"""What somebody allowed an app that is not ours, and the page that waits for their answer.

Pure: time and randomness come in as arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from identity.oauth.clients import AuthorizationRequest, Client
from identity.oauth.grants import digest
from kernel.errors import UnauthenticatedError

CONSENT_LIFE = timedelta(minutes=10)
"""To read a short list and think about it."""

IN_WORDS = {
    "openid": "Know that it is you each time you sign in to it",
    "email": "See your e-mail address",
    "member": "Watch as you, and see and change your profiles, your history and your devices",
}
"""What each scope lets an app do, to whoever decides about it."""


class ConsentNeededError(UnauthenticatedError):
    """Somebody proved who they are and is to say whether the app may; what its page carries."""

    code: ClassVar[str] = "consent_needed"

    def __init__(self, ticket: str, email: str, client: Client, scope: str) -> None:
        super().__init__(f"Say whether {client.name} may use your account.")
        self.ticket = ticket
        self.email = email
        self.client = client
        self.scope = scope


class StaleConsentError(UnauthenticatedError):
    """The page was answered before, or too long ago, or its request was changed."""

    code: ClassVar[str] = "stale_consent"


@dataclass(frozen=True)
class AskedConsent:
    """A page that waits for an answer: one person, one request."""

    digest: str
    account_id: str
    methods: str
    """How its owner was known."""
    signed_in_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Consent:
    """What an app may do as somebody."""

    client_id: str
    scopes: frozenset[str]
    since: datetime

    def covers(self, scope: str) -> bool:
        """Whether nothing new is asked for."""
        return set(scope.split()) <= self.scopes


def is_allowed(consents: Iterable[Consent], client_id: str, scope: str) -> bool:
    """Whether an app may do all of that."""
    return any(one.client_id == client_id and one.covers(scope) for one in consents)


def asked_digest(ticket: str, request: AuthorizationRequest) -> str:
    """How a page is found: by its ticket, for the request that it was shown for."""
    return digest(f"{ticket}:consent:{request!r}")
