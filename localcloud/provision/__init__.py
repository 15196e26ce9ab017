"""Makes what the synthesized templates describe, in moto and in the local data planes."""

from localcloud.provision.errors import (
    DeploymentRefused,
    ProvisioningError,
    UnsupportedTemplateError,
)
from localcloud.provision.provisioner import Provisioner

__all__ = ["DeploymentRefused", "Provisioner", "ProvisioningError", "UnsupportedTemplateError"]
