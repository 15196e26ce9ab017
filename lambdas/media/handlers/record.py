"""Steps that only decide and remember: begin, plan, publish, fail."""

from __future__ import annotations

from kernel.clock import utc_now
from kernel.ids import new_ulid
from media import settings, steps
from media.pipeline import Pipeline
from media.store import DynamoAssets

_pipeline = Pipeline(assets=DynamoAssets(settings.table_name(), settings.region()), clock=utc_now)

handler = steps.dispatch(
    {
        "begin": steps.begin(_pipeline, lambda: new_ulid(utc_now())),
        "plan": steps.plan(_pipeline, settings.destination()),
        "publish": steps.publish(_pipeline),
        "fail": steps.fail(_pipeline),
    }
)
