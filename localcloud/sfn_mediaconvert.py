"""Step Functions' `mediaconvert:createJob` and `.sync`, which moto's interpreter lacks.

Part of `moto_seams`: it subclasses moto's own task services. Source: Step Functions developer
guide, "Create and manage AWS Elemental MediaConvert jobs with Step Functions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name as custom
import moto.stepfunctions.parser.asl.component.common.error_name.failure_event as failures
import moto.stepfunctions.parser.asl.component.common.error_name.states_error_name as states_error
import moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource as resources
import moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback as callback  # noqa: E501 - moto's own name
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

RUNNING = {"SUBMITTED", "PROGRESSING"}


class StateTaskServiceMediaConvert(callback.StateTaskServiceCallback):
    """CreateJob, alone or waiting for the job's end."""

    def __init__(self) -> None:
        # Moto's `.sync` works only beside the task token, which MediaConvert does not offer
        # (refused below).
        condition: Any = resources.ResourceCondition
        super().__init__(
            supported_integration_patterns={condition.Sync, condition.WaitForTaskToken}
        )
        self._job: tuple[Any, str] | None = None

    def _get_supported_parameters(self) -> set[str] | None:
        if self.resource.api_action.lower() != "createjob":
            return None
        if self.resource.condition == resources.ResourceCondition.WaitForTaskToken:
            return None
        return {
            "AccelerationSettings",
            "BillingTagsSource",
            "ClientRequestToken",
            "HopDestinations",
            "JobTemplate",
            "Priority",
            "Queue",
            "Role",
            "Settings",
            "SimulateReservedQueue",
            "StatusUpdateInterval",
            "Tags",
            "UserMetadata",
        }

    def _client(self, region: str, credentials: Any) -> Any:
        return boto_client.boto_client_for(
            region=region, service="mediaconvert", state_credentials=credentials
        )

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        client = self._client(resource_runtime_part.region, state_credentials)
        response = client.create_job(**normalised_parameters)
        env.stack.append({"Job": _plain(response["Job"])})

    def _build_sync_resolver(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],  # noqa: ARG002 - moto's signature
        state_credentials: Any,
    ) -> Callable[[], Any]:
        client = self._client(resource_runtime_part.region, state_credentials)
        job_id = env.stack.pop()["Job"]["Id"]
        self._job = (client, job_id)

        def resolve() -> dict[str, Any] | None:
            job = _plain(client.get_job(Id=job_id)["Job"])
            if job["Status"] in RUNNING:
                return None
            if job["Status"] == "COMPLETE":
                return {"Job": job}
            raise failures.FailureEventException(self._failed(env, job))

        return resolve

    def _eval_sync(self, env: Any, *args: Any, **kwargs: Any) -> Any:
        outcome = super()._eval_sync(env, *args, **kwargs)
        if outcome is None and self._job is not None:
            # The execution was stopped or timed out: Step Functions cancels the job.
            client, job_id = self._job
            client.cancel_job(Id=job_id)
        return outcome

    def _failed(self, env: Any, job: dict[str, Any]) -> Any:
        name = StatesErrorNameType.StatesTaskFailed
        return failures.FailureEvent(
            env=env,
            error_name=states_error.StatesErrorName(typ=name),
            event_type=HistoryEventType.TaskFailed,
            event_details=self._details(name.to_name(), to_json_str(job)),
        )

    def _from_error(self, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, ClientError):
            return super()._from_error(env=env, ex=ex)
        metadata = ex.response["ResponseMetadata"]
        code, message = ex.response["Error"]["Code"], ex.response["Error"]["Message"]
        details = (
            f"Service: AWSMediaConvert; Status Code: {metadata['HTTPStatusCode']}; "
            f"Error Code: {code}; Request ID: {metadata.get('RequestId', '')}; Proxy: null"
        )
        error = f"MediaConvert.{code}"
        return failures.FailureEvent(
            env=env,
            error_name=custom.CustomErrorName(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=self._details(error, f"{message} ({details})"),
        )

    def _details(self, error: str, cause: str) -> Any:
        return {
            "taskFailedEventDetails": TaskFailedEventDetails(
                error=error,
                cause=cause,
                resource=self._get_sfn_resource(),
                resourceType=self._get_sfn_resource_type(),
            )
        }


def _plain(value: Any) -> Any:
    """The answer with its times as ISO strings: a state's data is JSON."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
