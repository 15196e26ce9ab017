"""Exchanges codes and refresh tokens."""

from __future__ import annotations

import boto3

from identity import settings
from identity.kms import KmsSigner
from identity.routes import token
from identity.service import Tokens
from identity.store import DynamoAccounts, DynamoGrants
from kernel.clock import utc_now

_dynamodb = boto3.client("dynamodb")
_service = Tokens(
    accounts=DynamoAccounts(_dynamodb, settings.table_name()),
    grants=DynamoGrants(_dynamodb, settings.table_name()),
    signer=KmsSigner(boto3.client("kms"), settings.signing_key()),
    issuer=settings.issuer(),
    clock=utc_now,
)
_answer = token(_service)


def handler(event: dict[str, object], _context: object) -> dict[str, object]:
    """Answer one request."""
    return _answer(event)
