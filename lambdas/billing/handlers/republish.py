"""Publishes every subscription again, for readers that are rebuilt."""

from __future__ import annotations

import boto3

from billing import settings
from billing.store import DynamoSubscriptions
from kernel.clock import utc_now
from kernel.republish import republishing

_subscriptions = DynamoSubscriptions(boto3.client("dynamodb"), settings.table_name())

handler = republishing(_subscriptions.page, lambda one: _subscriptions.tell_again(one, utc_now()))
