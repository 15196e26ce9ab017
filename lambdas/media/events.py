"""What AWS's own events tell of our runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from kernel import correlation, log
from media.domain import asset_id_of_key
from media.pipeline import Pipeline

Take = Callable[[Mapping[str, Any], object], None]


def execution_ended(pipeline: Pipeline) -> Take:
    """A Lambda handler for "Step Functions Execution Status Change" of the media pipeline.

    Its input is what the execution was started with: S3's event, or a retry in the same shape.
    """

    def handler(event: Mapping[str, Any], context: object) -> None:
        detail = event["detail"]
        started_with = json.loads(detail["input"])
        asset_id = asset_id_of_key(started_with["detail"]["object"]["key"])
        with log.handling(
            "execution_ended",
            correlation.accepted(started_with.get(correlation.FIELD)),
            asset_id=asset_id,
            execution=detail["executionArn"],
            status=detail["status"],
            invocation_id=getattr(context, "aws_request_id", None),
        ):
            if asset_id is None:
                log.note(outcome="nothing to do")
                return
            left = pipeline.ended(asset_id, detail["executionArn"], detail["status"])
            log.note(outcome="nothing to do" if left is None else "given up")
            if left is not None and left.correlation_id is not None:
                correlation.follow(left.correlation_id)

    return handler
