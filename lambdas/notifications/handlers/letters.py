"""Sends the letters that events in its queue call for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from kernel.bus import listening_to_queue
from kernel.clock import utc_now
from kernel.kms_seal import KmsSeal
from notifications import settings
from notifications.service import Notifier
from notifications.ses import SesPost
from notifications.store import DynamoAddresses, DynamoLedger
from notifications.words import TemplateWords

_dynamodb = boto3.client("dynamodb")
_ses = boto3.client("sesv2", config=Config(retries={"total_max_attempts": 1}))
_notifier = Notifier(
    opener=KmsSeal(boto3.client("kms"), settings.mail_key()),
    words=TemplateWords(settings.public_origin(), settings.issuer()),
    ledger=DynamoLedger(_dynamodb, settings.table_name()),
    addresses=DynamoAddresses(_dynamodb, settings.table_name()),
    post=SesPost(_ses, settings.sender(), settings.configuration_set()),
    clock=utc_now,
)


def _take(event: Mapping[str, Any]) -> None:
    _notifier.tell(event["detail-type"], event["detail"])


handler = listening_to_queue(_take)
