"""How far transcoding jobs are, from MediaConvert's events."""

from __future__ import annotations

from typing import Any

from kernel import correlation, log
from kernel.clock import utc_now
from media import settings
from media.pipeline import Pipeline
from media.store import DynamoAssets

_pipeline = Pipeline(assets=DynamoAssets(settings.table_name(), settings.region()), clock=utc_now)


def handler(event: dict[str, Any], _context: object) -> None:
    """A STATUS_UPDATE of one of our jobs."""
    detail = event["detail"]
    job = detail["userMetadata"]
    percent = int(detail["jobProgress"]["jobPercentComplete"])
    facts = {"asset_id": job["asset_id"], "version": job["version"], "percent": percent}
    with log.handling(
        "transcode_progress", correlation.accepted(job.get(correlation.FIELD)), **facts
    ):
        _pipeline.progressed(job["asset_id"], job["version"], percent)
