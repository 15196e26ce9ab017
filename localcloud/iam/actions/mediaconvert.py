"""The permissions of MediaConvert."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError, pass_role
from localcloud.iam.policy import Access


def jobs(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    name = call.operation.name
    if name == "CreateJob":
        # Parameters come in the API's own case: `role`, `queue`, `jobTemplate`.
        queue = call.text("queue") or "Default"
        yield Access("mediaconvert:CreateJob", call.arn("mediaconvert", "queues/", queue))
        if template := call.text("jobTemplate"):
            arn = call.arn("mediaconvert", "jobTemplates/", template)
            yield Access("mediaconvert:CreateJob", arn)
        yield pass_role(call.text("role"), "mediaconvert.amazonaws.com")
    elif name in ("GetJob", "CancelJob"):
        job = call.text("Id")
        yield Access(f"mediaconvert:{name}", call.scope.arn("mediaconvert", f"jobs/{job}"))
    elif name == "ListJobs":
        queue = call.text("queue") or "Default"
        yield Access("mediaconvert:ListJobs", call.arn("mediaconvert", "queues/", queue))
    elif name in ("Probe", "DescribeEndpoints"):
        yield Access(f"mediaconvert:{name}", "*")
    else:
        raise UnmappedActionError(call.operation)
