"""Keeps and answers resume points for members."""

from __future__ import annotations

import boto3

from kernel.clock import utc_now
from kernel.web.payload import answering
from progress import settings
from progress.routes import routes
from progress.service import ProgressTracker
from progress.store import DynamoResumePoints

_points = DynamoResumePoints(boto3.client("dynamodb"), settings.table_name())
handler = answering(routes(ProgressTracker(_points, utc_now)))
