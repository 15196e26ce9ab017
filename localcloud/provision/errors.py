"""What stops a deployment to the local cloud, each saying where in the templates."""

from __future__ import annotations

from collections.abc import Iterable


class UnsupportedTemplateError(Exception):
    """The templates hold what the local cloud cannot do; raised before anything is created."""

    def __init__(self, offences: Iterable[str]) -> None:
        self.offences = tuple(offences)
        super().__init__(
            "the local cloud cannot provision these templates:\n"
            + "\n".join(f"  - {offence}" for offence in self.offences)
        )


class ProvisioningError(Exception):
    """A resource could not be created."""

    def __init__(self, stack: str, logical_id: str, cfn_type: str, cause: str) -> None:
        super().__init__(f"{stack}/{logical_id} ({cfn_type}): {cause}")
        self.stack = stack
        self.logical_id = logical_id
        self.type = cfn_type
        self.cause = cause


class DeploymentRefused(ProvisioningError):  # noqa: N818 - the words of the service's own answer
    """AWS would refuse this resource when it is deployed, although it synthesizes."""


class Refusal(Exception):  # noqa: N818 - becomes DeploymentRefused once its place is known
    """Raised while creating a resource: why AWS would refuse it, in AWS's words."""
