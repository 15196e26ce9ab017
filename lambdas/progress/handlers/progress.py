"""Keeps and answers what members have watched."""

from __future__ import annotations

import boto3

from kernel.clock import utc_now
from kernel.web.payload import answering
from progress import settings
from progress.routes import routes
from progress.service import PlaceKeeper, ProgressTracker
from progress.store import DynamoResumePoints
from progress.title_store import DynamoTitles

_client, _table = boto3.client("dynamodb"), settings.table_name()
_points = DynamoResumePoints(_client, _table)
_tracker = ProgressTracker(_points, DynamoTitles(_client, _table), utc_now)
handler = answering(routes(_tracker, PlaceKeeper(_points, utc_now)))
