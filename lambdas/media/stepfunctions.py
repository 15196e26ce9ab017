"""Starts the pipeline again over a file that is already there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from media.domain import UploadedObject

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StepFunctionsExecutions:
    """Executions of the media pipeline."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, uploaded: UploadedObject, name: str) -> None:
        """Start with an input of the same shape as S3's event."""
        self._client.start_execution(
            stateMachineArn=self._arn,
            name=name,
            input=json.dumps(
                {
                    "detail": {
                        "bucket": {"name": uploaded.bucket},
                        "object": {"key": uploaded.key, "version-id": uploaded.revision},
                    }
                }
            ),
        )
