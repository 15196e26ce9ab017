"""What becomes of the answer to whether an app may use an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from identity.consent.domain import StaleConsentError, asked_digest
from identity.consent.ports import Consents
from identity.domain import Admitted, Proven
from identity.oauth.claims import granted_scope
from identity.oauth.clients import AuthorizationRequest
from identity.oauth.device_grants import AccessDeniedError
from identity.ports import Accounts
from kernel.clock import Clock, epoch_milliseconds
from kernel.events.identity import AppAllowed

STALE = "This page was answered before, or is too old. Sign in again."


class Admission(Protocol):
    """What lets somebody into a client."""

    def request(self, parameters: Mapping[str, str]) -> AuthorizationRequest:
        """What the client asks for; UnknownClientError or an OAuthError."""

    def issue(self, request: AuthorizationRequest, proven: Proven, methods: str) -> Admitted:
        """A code for the client, without asking anybody."""


@dataclass(frozen=True)
class Deciding:
    """What becomes of the answer."""

    accounts: Accounts
    consents: Consents
    admission: Admission
    clock: Clock

    def decide(self, request: AuthorizationRequest, ticket: str, *, allow: bool) -> Admitted:
        """A code for the client, or AccessDeniedError; StaleConsentError for what nobody was
        asked, and for a sign-in that is older by now than the client takes (`max_age`)."""
        now = self.clock()
        asked = self.consents.take(asked_digest(ticket, request))
        if asked is None or asked.expires_at <= now:
            raise StaleConsentError(STALE)
        account = self.accounts.by_id(asked.account_id)
        if account is None or not account.keeps(asked.signed_in_at):
            raise StaleConsentError("The account ended its sign-ins meanwhile. Sign in again.")
        if not request.takes_sign_in_of(asked.signed_in_at, now):
            raise StaleConsentError("That took longer than the app allows. Sign in again.")
        if not allow:
            raise AccessDeniedError("The person did not allow it.")
        scope = granted_scope(request.scope, account, asked.methods)
        allowed = AppAllowed(
            sequence=epoch_milliseconds(now),
            account_id=account.account_id,
            client_id=request.client_id,
            scope=scope,
        )
        self.consents.remember(allowed, now)
        return self.admission.issue(request, Proven(account, asked.signed_in_at), asked.methods)
