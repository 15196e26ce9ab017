"""Deletes what a deleted profile, or all profiles of a deleted account, have watched."""

from __future__ import annotations

import boto3

from kernel.bus import listening
from kernel.clock import utc_now
from progress import settings
from progress.events import gone
from progress.service import PlaceKeeper
from progress.store import DynamoResumePoints

_points = DynamoResumePoints(boto3.client("dynamodb"), settings.table_name())

handler = listening(gone(PlaceKeeper(_points, utc_now)))
