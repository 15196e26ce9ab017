"""Publishes what the media pipeline finished, and withdraws what was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from catalog import settings
from catalog.service import Catalogue
from catalog.store import DynamoTitles
from kernel.bus import listening
from kernel.clock import utc_now
from kernel.events.media import AssetDeleted, AssetReady

_titles = DynamoTitles(boto3.client("dynamodb"), settings.table_name(), changes=True)
_catalogue = Catalogue(_titles, utc_now)


def _take(event: Mapping[str, Any]) -> None:
    detail = event["detail"]
    if event["detail-type"] == AssetDeleted.detail_type:
        _catalogue.withdraw(AssetDeleted.from_detail(detail))
    else:
        _catalogue.publish(AssetReady.from_detail(detail))


handler = listening(_take)
