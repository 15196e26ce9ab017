"""AWS's managed policies in moto, one by one."""

from __future__ import annotations

import functools
import json
from typing import Any

import moto.iam.models as moto_iam
from moto.iam.aws_managed_policies import aws_managed_policies_data

from localcloud.moto_seams.seam import replaced

_ORIGINAL_ATTACH = moto_iam.IAMBackend.attach_role_policy


def _attach_role_policy(self: Any, policy_arn: str, role_name: str) -> None:
    """Moto's, with AWS's managed policies loaded one by one instead of all 1,400 at the start."""
    if policy_arn.startswith("arn:aws:iam::aws:policy/") and policy_arn not in (
        self.managed_policies
    ):
        name = policy_arn.rsplit("/", 1)[-1]
        data = _aws_managed_policies().get(name)
        if data is not None:
            policy = moto_iam.AWSManagedPolicy.from_data(
                name, self.account_id, self.region_name, data
            )
            self.managed_policies[policy.arn] = policy
    _ORIGINAL_ATTACH(self, policy_arn, role_name)


@functools.lru_cache(maxsize=1)
def _aws_managed_policies() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(aws_managed_policies_data)
    return loaded


SEAMS = (
    replaced(
        moto_iam.IAMBackend,
        "attach_role_policy",
        _attach_role_policy,
        "AWS's managed policies are all or nothing, per partition",
        "e8207b104371",
    ),
)
