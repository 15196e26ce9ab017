"""The provisioning table: every CloudFormation type that the local cloud can make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from localcloud.provision.resources import (
    apigateway,
    cloudfront,
    dynamodb,
    eventbridge,
    functions,
    iam,
    kms,
    mail,
    media,
    messaging,
    observability,
    s3,
    stepfunctions,
    values,
)
from localcloud.provision.table import ResourceType

_MODULES = (
    apigateway,
    cloudfront,
    dynamodb,
    eventbridge,
    functions,
    iam,
    kms,
    mail,
    media,
    messaging,
    observability,
    s3,
    stepfunctions,
    values,
)

TYPES: Final[Mapping[str, ResourceType]] = {
    resource_type.name: resource_type for module in _MODULES for resource_type in module.TYPES
}
