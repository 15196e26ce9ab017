"""Hears from SES which addresses take no letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from kernel.bus import listening
from kernel.clock import utc_now
from notifications import settings
from notifications.service import FeedbackDesk
from notifications.store import DynamoAddresses

_desk = FeedbackDesk(DynamoAddresses(boto3.client("dynamodb"), settings.table_name()), utc_now)


def _take(event: Mapping[str, Any]) -> None:
    _desk.heard(event["detail"])


handler = listening(_take)
