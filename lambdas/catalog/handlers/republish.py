"""Publishes every title again, for readers that are rebuilt."""

from __future__ import annotations

import boto3

from catalog import settings
from catalog.store import DynamoTitles
from kernel.clock import utc_now
from kernel.republish import republishing

_titles = DynamoTitles(boto3.client("dynamodb"), settings.table_name())

handler = republishing(_titles.page, lambda title: _titles.tell_again(title, utc_now()))
