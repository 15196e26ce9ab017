"""Shows staff which letters an account was sent, and whether any arrive."""

from __future__ import annotations

import boto3

from kernel.web.payload import answering
from notifications import settings
from notifications.routes import routes
from notifications.store import account_items

_dynamodb, _table = boto3.client("dynamodb"), settings.table_name()
handler = answering(routes(lambda account_id: account_items(_dynamodb, _table, account_id)))
