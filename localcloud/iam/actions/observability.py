"""The permissions of CloudWatch, its logs, and X-Ray."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.conditions import ContextValue
from localcloud.iam.policy import Access


def logs(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    group = call.text("logGroupName") or call.text("logGroupIdentifier").rsplit(":", 1)[-1]
    arn = call.scope.arn("logs", f"log-group:{group}")
    if name in ("CreateLogGroup", "PutRetentionPolicy"):
        yield Access(f"logs:{name}", arn)
    elif name in ("CreateLogStream", "PutLogEvents", "GetLogEvents"):
        yield Access(f"logs:{name}", f"{arn}:log-stream:{call.text('logStreamName')}")
    elif name in ("FilterLogEvents", "DescribeLogStreams", "StartQuery"):
        yield Access(f"logs:{name}", f"{arn}:*")
    elif name in ("DescribeLogGroups", "GetQueryResults", "PutResourcePolicy"):
        yield Access(f"logs:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)


def metrics(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name not in ("PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"):
        raise UnmappedActionError(call.operation)
    context: dict[str, ContextValue] = {}
    if namespace := call.text("Namespace"):
        context["cloudwatch:namespace"] = namespace
    yield Access(f"cloudwatch:{name}", "*", context)


def traces(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    if call.operation.name not in ("PutTraceSegments", "PutTelemetryRecords"):
        raise UnmappedActionError(call.operation)
    yield Access(f"xray:{call.operation.name}", "*")
