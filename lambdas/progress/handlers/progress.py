"""Answers what members have watched."""

from __future__ import annotations

import boto3

from kernel.clock import utc_now
from kernel.web.payload import answering
from progress import settings
from progress.routes import routes
from progress.service import ProgressTracker
from progress.store import DynamoResumePoints
from progress.title_store import DynamoTitles

_client, _table = boto3.client("dynamodb"), settings.table_name()
_points, _titles = DynamoResumePoints(_client, _table), DynamoTitles(_client, _table)
handler = answering(routes(ProgressTracker(_points, _titles, utc_now)))
