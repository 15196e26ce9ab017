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
from kernel.events.identity import AccountCreated, AccountDeleted, OperatorAccountMade

_billing = Billing(DynamoSubscriptions(boto3.client("dynamodb"), settings.table_name()), utc_now)


def _created(detail: Mapping[str, Any]) -> None:
    _billing.begin(AccountCreated.from_detail(detail).account_id)


def _made(detail: Mapping[str, Any]) -> None:
    _billing.begin_house(OperatorAccountMade.from_detail(detail).account_id)


def _deleted(detail: Mapping[str, Any]) -> None:
    _billing.forget(AccountDeleted.from_detail(detail).account_id)


_TAKING = {
    AccountCreated.detail_type: _created,
    OperatorAccountMade.detail_type: _made,
    AccountDeleted.detail_type: _deleted,
}


def _take(event: Mapping[str, Any]) -> None:
    _TAKING[event["detail-type"]](event["detail"])


handler = listening(_take)
