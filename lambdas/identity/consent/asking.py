"""Whether somebody has to be asked before an app gets what it wants."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from identity.consent.domain import (
    CONSENT_LIFE,
    AskedConsent,
    ConsentNeededError,
    asked_digest,
    is_allowed,
)
from identity.consent.ports import Consents
from identity.domain import Proven
from identity.oauth.claims import granted_scope
from identity.oauth.clients import AuthorizationRequest, Client
from identity.oauth.grants import SECRET_BYTES
from kernel.clock import Clock


@dataclass(frozen=True)
class Asking:
    """Whether somebody who proved who they are has to be asked."""

    consents: Consents
    clock: Clock

    def check(
        self, request: AuthorizationRequest, client: Client, proven: Proven, methods: str
    ) -> None:
        """ConsentNeededError with what the page carries, unless the client is ours or was allowed
        as much before; `prompt=consent` asks in any case (OpenID Connect Core 3.1.2.1)."""
        account = proven.account
        scope = granted_scope(request.scope, account, methods)
        if not request.asks_for_consent:
            if client.is_ours:
                return
            if is_allowed(self.consents.of(account.account_id), client.client_id, scope):
                return
        now = self.clock()
        ticket = secrets.token_urlsafe(SECRET_BYTES)
        self.consents.ask(
            AskedConsent(
                digest=asked_digest(ticket, request),
                account_id=account.account_id,
                methods=methods,
                signed_in_at=proven.at,
                expires_at=now + CONSENT_LIFE,
            )
        )
        raise ConsentNeededError(ticket, account.email, client, scope)
