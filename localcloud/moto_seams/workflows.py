"""Step Functions' tasks as AWS runs them: with the state machine's role, against the front."""

from __future__ import annotations

import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

import boto3
import moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback as callback  # noqa: E501 - moto's own name
import moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_factory as factory  # noqa: E501 - moto's own name
import moto.stepfunctions.parser.asl.utils.boto_client as sfn_boto_client
from botocore.config import Config
from moto.core.config import default_user_config

from localcloud.identities import Credentials
from localcloud.moto_seams.seam import Seam, set_item

CredentialsForRole = Callable[[str], Credentials]

WORKFLOW_CONNECT_SECONDS = 10
WORKFLOW_READ_SECONDS = 930
"""A function may take 15 minutes to answer."""
WORKFLOW_CONNECTIONS = 50
"""A Map runs up to 40 branches at once."""
RENEW_BEFORE_END_SECONDS = 300

_PACKAGE = "moto.stepfunctions"
_ORIGINAL_STATE_TASK = factory.state_task_service_for


class _WorkflowClients:
    """Clients that sign with the state machine's role, as Step Functions does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._front_url = ""
        self._credentials_for: CredentialsForRole | None = None
        self._clients: dict[tuple[str, str, str], tuple[Any, float]] = {}

    def connect(self, front_url: str, credentials_for_role: CredentialsForRole) -> None:
        """From now on talk to this front."""
        with self._lock:
            self._front_url = front_url
            self._credentials_for = credentials_for_role
            self._clients.clear()

    def get(self, role_arn: str, region: str, service: str) -> Any:
        """A client of the service with the role's credentials, renewed before they end."""
        with self._lock:
            client, renew_at = self._clients.get((role_arn, region, service), (None, 0.0))
            if client is not None and time.time() < renew_at:
                return client
            if self._credentials_for is None:
                raise RuntimeError("no front was connected")
            credentials = self._credentials_for(role_arn)
            session: Any = boto3.Session()
            client = session.client(
                service,
                region_name=region,
                endpoint_url=self._front_url,
                aws_access_key_id=credentials.access_key_id,
                aws_secret_access_key=credentials.secret_access_key,
                aws_session_token=credentials.session_token,
                config=Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    connect_timeout=WORKFLOW_CONNECT_SECONDS,
                    read_timeout=WORKFLOW_READ_SECONDS,
                    max_pool_connections=WORKFLOW_CONNECTIONS,
                ),
            )
            ends = credentials.expiration.timestamp() if credentials.expiration else float("inf")
            self._clients[role_arn, region, service] = (client, ends - RENEW_BEFORE_END_SECONDS)
            return client


workflow_clients = _WorkflowClients()


def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
    """Moto's asks with made-up keys; this one with those of the state machine's role."""
    if state_credentials is None:
        raise RuntimeError(f"Step Functions asked for {service} without naming a role")
    return workflow_clients.get(state_credentials.role_arn, region, service)


def state_task_service_for(service_name: str) -> Any:
    """Moto's, and `mediaconvert`."""
    if service_name == "mediaconvert":
        # Imported here: building the class needs moto's interpreter, which is slow to load.
        from localcloud.sfn_mediaconvert import StateTaskServiceMediaConvert

        return StateTaskServiceMediaConvert()
    return _ORIGINAL_STATE_TASK(service_name)


def _everywhere(
    target: str, original: Any, replacement: Callable[..., Any], why: str, digest: str
) -> Seam:
    """A seam that replaces a function in every module that imported it by name."""

    def install() -> None:
        for module, attribute in users_of(original):
            setattr(module, attribute, replacement)

    return Seam(target, why, original, digest, install)


def users_of(function: Any) -> list[tuple[types.ModuleType, str]]:
    """Every loaded module of moto's Step Functions that holds a function, and its name there."""
    return [
        (module, attribute)
        for name, module in list(sys.modules.items())
        if name.startswith(_PACKAGE) and isinstance(module, types.ModuleType)
        for attribute, value in list(vars(module).items())
        if value is function
    ]


SEAMS = (
    set_item(
        default_user_config,
        "stepfunctions",
        {"execute_state_machine": True},
        "executions would only be recorded",
        "8da154c82969",
        target="core.config stepfunctions",
    ),
    _everywhere(
        "stepfunctions boto_client_for",
        sfn_boto_client.boto_client_for,
        boto_client_for,
        "tasks must run with the state machine's role against the front",
        "1f44dc2ac8aa",
    ),
    _everywhere(
        "stepfunctions state_task_service_for",
        _ORIGINAL_STATE_TASK,
        state_task_service_for,
        "moto refuses mediaconvert:createJob.sync",
        "a21a16afc5f6",
    ),
    Seam(
        "stepfunctions StateTaskServiceCallback",
        "`sfn_mediaconvert` builds mediaconvert:createJob.sync on it",
        callback.StateTaskServiceCallback,
        "25d4057bdd19",
        install=lambda: None,
    ),
)
