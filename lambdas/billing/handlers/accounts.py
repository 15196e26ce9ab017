"""Gives new accounts their first plan, and forgets deleted ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from billing import settings
from billing.service import Billing
from billing.store import DynamoSubscriptions
from kernel.bus import listening
from kernel.clock import utc_now
from kernel.events.identity import AccountCreated, AccountDeleted

_billing = Billing(DynamoSubscriptions(boto3.client("dynamodb"), settings.table_name()), utc_now)


def _take(event: Mapping[str, Any]) -> None:
    detail = event["detail"]
    if event["detail-type"] == AccountDeleted.detail_type:
        _billing.forget(AccountDeleted.from_detail(detail).account_id)
    else:
        _billing.begin(AccountCreated.from_detail(detail).account_id)


handler = listening(_take)
