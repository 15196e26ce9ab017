"""Deletes what a deleted profile, or all profiles of a deleted account, have watched."""

from __future__ import annotations

import boto3

from kernel.bus import listening
from kernel.clock import utc_now
from progress import settings
from progress.events import gone
from progress.play_ends import DynamoPlayEnds
from progress.service import PlaceKeeper
from progress.store import DynamoResumePoints

_parts = boto3.client("dynamodb"), settings.table_name()

handler = listening(
    gone(PlaceKeeper(DynamoResumePoints(*_parts), utc_now), DynamoPlayEnds(*_parts))
)
