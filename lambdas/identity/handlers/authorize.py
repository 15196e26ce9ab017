"""Serves the sign-in page and takes its form; the function that hashes passwords."""

from __future__ import annotations

import boto3

from identity import settings
from identity.argon import Argon2Passwords
from identity.domain import clients
from identity.routes import authorize
from identity.service import Authorization
from identity.store import DynamoAccounts, DynamoGrants
from kernel.clock import utc_now

_client = boto3.client("dynamodb")
_service = Authorization(
    accounts=DynamoAccounts(_client, settings.table_name()),
    grants=DynamoGrants(_client, settings.table_name()),
    passwords=Argon2Passwords(),
    clients=clients(settings.public_origin()),
    clock=utc_now,
)
_answer = authorize(_service, settings.issuer(), settings.public_origin())


def handler(event: dict[str, object], _context: object) -> dict[str, object]:
    """Answer one request."""
    return _answer(event)
