"""Answers members what their plan is, and lets staff set it."""

from __future__ import annotations

import boto3

from billing import settings
from billing.routes import routes
from billing.service import Billing
from billing.store import DynamoSubscriptions
from kernel.clock import utc_now
from kernel.web.payload import answering

_subscriptions = DynamoSubscriptions(boto3.client("dynamodb"), settings.table_name())
handler = answering(routes(Billing(_subscriptions, utc_now)))
