"""Starts the pipeline again over a file that is already there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from kernel import correlation
from kernel.errors import UnavailableError
from media.domain import UploadedObject

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StepFunctionsExecutions:
    """Executions of the media pipeline."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def arn(self, name: str) -> str:
        """The ARN of the run of this name, started or not.

        `…:stateMachine:<machine>` makes `…:execution:<machine>:<name>` (service authorization
        reference, Step Functions, resource types).
        """
        return f"{self._arn.replace(':stateMachine:', ':execution:', 1)}:{name}"

    def start(self, uploaded: UploadedObject, name: str) -> None:
        """Start with an input of the same shape as S3's event."""
        given = {
            "detail": {
                "bucket": {"name": uploaded.bucket},
                "object": {"key": uploaded.key, "version-id": uploaded.revision},
            },
            correlation.FIELD: correlation.current(),
        }
        try:
            self._client.start_execution(
                stateMachineArn=self._arn, name=name, input=json.dumps(given)
            )
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError("The pipeline cannot be started. Try again.") from error

    def stop(self, execution: str) -> None:
        """Stop a run; Step Functions cancels the MediaConvert job that it waits for."""
        try:
            self._client.stop_execution(executionArn=execution, cause="Cancelled by staff.")
        except self._client.exceptions.ExecutionDoesNotExist:
            return
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError("The pipeline cannot be stopped. Try again.") from error
