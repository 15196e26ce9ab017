"""Runs of the pipeline that Step Functions ended without asking any step of theirs."""

from __future__ import annotations

from kernel.clock import utc_now
from media import settings
from media.events import execution_ended
from media.pipeline import Pipeline
from media.store import DynamoAssets

handler = execution_ended(
    Pipeline(assets=DynamoAssets(settings.table_name(), settings.region()), clock=utc_now)
)
