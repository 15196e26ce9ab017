"""Forgets the letters of deleted accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from kernel import log
from kernel.bus import listening
from kernel.events.identity import AccountDeleted
from notifications import settings
from notifications.store import DynamoLedger

_ledger = DynamoLedger(boto3.client("dynamodb"), settings.table_name())


def _take(event: Mapping[str, Any]) -> None:
    account_id = AccountDeleted.from_detail(event["detail"]).account_id
    log.note(forgotten=_ledger.forget(account_id))


handler = listening(_take)
