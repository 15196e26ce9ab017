"""Keeps how many devices each account's plan allows, and nothing of deleted accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from identity import settings
from identity.devices.store import DynamoDevices
from kernel import log
from kernel.bus import listening
from kernel.clock import moment_of
from kernel.events.billing import SubscriptionChanged
from kernel.events.identity import AccountDeleted

_devices = DynamoDevices(boto3.client("dynamodb"), settings.table_name())


def _allow(detail: Mapping[str, Any]) -> None:
    plan = SubscriptionChanged.from_detail(detail)
    is_news = _devices.allow(plan.account_id, plan.devices, plan.sequence)
    log.note(devices=plan.devices, is_news=is_news)


def _forget(detail: Mapping[str, Any]) -> None:
    deleted = AccountDeleted.from_detail(detail)
    log.note(forgotten=_devices.forget(deleted.account_id, moment_of(deleted.sequence)))


_TAKING = {SubscriptionChanged.detail_type: _allow, AccountDeleted.detail_type: _forget}


def _take(event: Mapping[str, Any]) -> None:
    _TAKING[event["detail-type"]](event["detail"])


handler = listening(_take)
