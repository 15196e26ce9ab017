"""Deletes what a deleted profile, or all profiles of a deleted account, have watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from kernel import log
from kernel.bus import listening
from kernel.clock import utc_now
from kernel.events.identity import AccountDeleted, ProfileDeleted
from progress import settings
from progress.service import ProgressTracker
from progress.store import DynamoResumePoints

_points = DynamoResumePoints(boto3.client("dynamodb"), settings.table_name())
_tracker = ProgressTracker(_points, utc_now)


def _take(event: Mapping[str, Any]) -> None:
    detail = event["detail"]
    if event["detail-type"] == ProfileDeleted.detail_type:
        gone = [ProfileDeleted.from_detail(detail).profile_id]
    else:
        gone = AccountDeleted.from_detail(detail).profile_ids
    log.note(forgotten=_tracker.forget(gone))


handler = listening(_take)
