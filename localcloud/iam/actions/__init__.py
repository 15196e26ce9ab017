"""Which IAM actions on which resources a request needs, service by service.

A table, so that what is not in it is an error and never an allowance. Source: Service
Authorization Reference of each service. S3 has its own module.
"""

from __future__ import annotations

from localcloud.iam.actions import (
    dynamodb,
    events,
    functions,
    keyvaluestore,
    kinesis,
    kms,
    mediaconvert,
    observability,
    scheduler,
    secretsmanager,
    ses,
    sns,
    sqs,
    ssm,
    states,
    sts,
)
from localcloud.iam.actions.call import AccessMapping, Call, Scope, UnmappedActionError
from localcloud.iam.actions.kms import KMS_KEY_ID_LENGTH, key_use
from localcloud.iam.actions.sts import FREE_OPERATIONS
from localcloud.iam.operations import Operation
from localcloud.iam.policy import Access

__all__ = [
    "FREE_OPERATIONS",
    "KMS_KEY_ID_LENGTH",
    "Scope",
    "UnmappedActionError",
    "key_use",
    "required",
]

_SERVICES: dict[str, AccessMapping] = {
    "cloudfront-keyvaluestore": keyvaluestore.stores,
    "dynamodb": dynamodb.items,
    "dynamodbstreams": dynamodb.streams,
    "events": events.buses,
    "firehose": kinesis.delivery_streams,
    "kinesis": kinesis.streams,
    "kms": kms.keys,
    "lambda": functions.functions,
    "logs": observability.logs,
    "mediaconvert": mediaconvert.jobs,
    "monitoring": observability.metrics,
    "scheduler": scheduler.schedules,
    "secretsmanager": secretsmanager.secrets,
    "ses": ses.messages,
    "sns": sns.topics,
    "sqs": sqs.queues,
    "ssm": ssm.parameters,
    "states": states.machines,
    "sts": sts.sessions,
    "xray": observability.traces,
}
"""By signing name."""


def required(operation: Operation, scope: Scope) -> list[Access]:
    """Everything the operation needs; UnmappedActionError when it is not known."""
    mapping = _SERVICES.get(operation.service)
    if mapping is None:
        raise UnmappedActionError(operation)
    return list(mapping(Call(operation, scope, operation.parameters)))
