"""Makes an account for whoever may invoke this function by IAM: there is no route to it.

Takes `{"email", "password", "scopes": ["member", "staff"]}`, answers `{"account_id"}` or
`{"error": {"code", "message"}}`, so that a caller can tell a refusal from a crash.
"""

from __future__ import annotations

from typing import Any

import boto3

from identity import settings
from identity.accounts.store import DynamoAnnouncements
from identity.argon import Argon2Passwords
from identity.service import Registration
from identity.store import DynamoAccounts
from kernel import log
from kernel.clock import utc_now
from kernel.errors import DomainError

_client, _table = boto3.client("dynamodb"), settings.table_name()
_registration = Registration(
    accounts=DynamoAccounts(_client, _table),
    passwords=Argon2Passwords(),
    announcements=DynamoAnnouncements(_client, _table),
    clock=utc_now,
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Create one account."""
    with log.handling("create_account", None):
        return _create(event)


def _create(event: dict[str, Any]) -> dict[str, Any]:
    try:
        account = _registration.create_account(
            str(event.get("email", "")),
            str(event.get("password", "")),
            tuple(event.get("scopes", ["member"])),
        )
    except DomainError as error:
        log.note(outcome="refused", code=error.code)
        return {"error": {"code": error.code, "message": error.message}}
    log.note(account=account.account_id)
    return {"account_id": account.account_id}
