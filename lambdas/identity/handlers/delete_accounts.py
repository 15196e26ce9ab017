"""Deletes accounts whose owners deleted them and did not take them back; run by a schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import boto3

from identity import settings
from identity.accounts.deletion import Deletion
from identity.accounts.store import DynamoMembers
from kernel import log
from kernel.clock import utc_now

_deletion = Deletion(DynamoMembers(boto3.client("dynamodb"), settings.table_name()), utc_now)


class Run(Protocol):
    """What of Lambda's context is asked for."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the run is cut off."""


def handler(_event: object, run: Run) -> dict[str, int]:
    """Delete what is due; DeletionUnfinishedError, which alarms."""
    with log.handling("delete_accounts", None):
        deleted = _deletion.delete_due(
            lambda: timedelta(milliseconds=run.get_remaining_time_in_millis())
        )
        log.note(deleted=deleted)
    return {"deleted": deleted}
