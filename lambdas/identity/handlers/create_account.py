"""Makes accounts for whoever may invoke this function by IAM: there is no route to it.

Takes `{"email", "password", "scopes": ["member", "staff"], "totp_secret"}`, the secret in base32
for an account that signs in in two steps; or, for an account that there is and that does not,
`{"give_app": {"email", "totp_secret"}}`. Answers `{"account_id"}` or `{"error": {"code",
"message"}}`, so that a caller can tell a refusal from a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from identity import settings
from identity.accounts.letters import Letters
from identity.accounts.store import DynamoAnnouncements
from identity.argon import Argon2Passwords
from identity.domain import Account
from identity.mfa.store import DynamoFactors
from identity.service import Registration
from identity.store import DynamoAccounts
from kernel import log
from kernel.clock import utc_now
from kernel.errors import DomainError
from kernel.kms_seal import KmsSeal

_client, _table, _kms = boto3.client("dynamodb"), settings.table_name(), boto3.client("kms")
_registration = Registration(
    accounts=DynamoAccounts(_client, _table),
    passwords=Argon2Passwords(),
    factors=DynamoFactors(_client, _table),
    seal=KmsSeal(_kms, settings.factor_key()),
    letters=Letters(KmsSeal(_kms, settings.mail_key())),
    announcements=DynamoAnnouncements(_client, _table),
    clock=utc_now,
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Create one account, or give one an app."""
    with log.handling("create_account", None):
        try:
            account = _made(event)
        except DomainError as error:
            log.note(outcome="refused", code=error.code)
            return {"error": {"code": error.code, "message": error.message}}
        log.note(account=account.account_id)
        return {"account_id": account.account_id}


def _made(event: Mapping[str, Any]) -> Account:
    existing = event.get("give_app")
    if existing:
        return _registration.give_app(
            str(existing.get("email", "")), str(existing.get("totp_secret", ""))
        )
    return _registration.create_account(
        str(event.get("email", "")),
        str(event.get("password", "")),
        tuple(event.get("scopes", ["member"])),
        str(event.get("totp_secret", "")),
    )
