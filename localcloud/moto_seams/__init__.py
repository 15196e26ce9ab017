"""Every place where moto is overridden: the one list to read when moto is updated.

Each seam states why it exists and the digest of what it replaces, so that a test fails when
moto's side changes. `install` may be called again (another front in the same process): the
patches stay, what they talk to is replaced.
"""

from __future__ import annotations

from moto.core.base_backend import BackendDict

from localcloud.moto_seams import (
    dynamodb,
    executions,
    functions,
    iam,
    kms,
    s3,
    secretsmanager,
    workflows,
)
from localcloud.moto_seams.dynamodb import dynamodb_lock
from localcloud.moto_seams.executions import ExecutionChange, execution_listeners
from localcloud.moto_seams.kms import make_room_for_multi_region_ids
from localcloud.moto_seams.s3 import ObjectEvent, recorded_object_events
from localcloud.moto_seams.seam import Seam, source_digest
from localcloud.moto_seams.workflows import CredentialsForRole, workflow_clients

__all__ = [
    "SEAMS",
    "ExecutionChange",
    "ObjectEvent",
    "Seam",
    "dynamodb_lock",
    "execution_listeners",
    "forget_everything",
    "install",
    "make_room_for_multi_region_ids",
    "recorded_object_events",
    "source_digest",
]

SEAMS: tuple[Seam, ...] = (
    *dynamodb.SEAMS,
    *s3.SEAMS,
    *functions.SEAMS,
    *iam.SEAMS,
    *kms.SEAMS,
    *secretsmanager.SEAMS,
    *workflows.SEAMS,
    *executions.SEAMS,
)


def install(front_url: str, credentials_for_role: CredentialsForRole) -> None:
    """Put every override in place and let workflows talk to this front."""
    workflow_clients.connect(front_url, credentials_for_role)
    for seam in SEAMS:
        seam.install()


def forget_everything() -> None:
    """Empty moto: no resource of any service is left."""
    BackendDict.reset()
