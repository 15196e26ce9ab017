"""Publishes what the media pipeline finished."""

from __future__ import annotations

from typing import Any

import boto3

from catalog import settings
from catalog.service import Catalogue
from catalog.store import DynamoTitles
from kernel.clock import utc_now
from kernel.events.media import AssetReady

_catalogue = Catalogue(DynamoTitles(boto3.client("dynamodb"), settings.table_name()), utc_now)


def handler(event: dict[str, Any], _context: object) -> None:
    """Take one AssetReady event."""
    _catalogue.publish(AssetReady.from_detail(event["detail"]))
