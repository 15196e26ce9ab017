"""Deletes accounts whose owners deleted them and did not take them back; run by a schedule."""

from __future__ import annotations

import boto3

from identity import settings
from identity.accounts.service import Deletion
from identity.accounts.store import DynamoMembers
from kernel import log
from kernel.clock import utc_now

_deletion = Deletion(DynamoMembers(boto3.client("dynamodb"), settings.table_name()), utc_now)


def handler(_event: object, _context: object) -> dict[str, int]:
    """Delete what is due."""
    with log.handling("delete_accounts", None):
        deleted = _deletion.delete_due()
        log.note(deleted=deleted)
    return {"deleted": deleted}
