"""What the functions are told by their environment, read once at start."""

from __future__ import annotations

import os

from media.job_document import Destination


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise KeyError(f"The environment variable {name} is not set.")
    return value


def table_name() -> str:
    """The media table."""
    return _required("MEDIA_TABLE")


def region() -> str:
    """Where the function runs; Lambda sets it."""
    return _required("AWS_REGION")


def mezzanine_bucket() -> str:
    """Where uploads go."""
    return _required("MEZZANINE_BUCKET")


def packaged_bucket() -> str:
    """The origin of everything that is streamed."""
    return _required("PACKAGED_BUCKET")


def state_machine_arn() -> str:
    """The media pipeline."""
    return _required("MEDIA_PIPELINE")


def clearkey() -> bool:
    """Whether the environment offers ClearKey."""
    return _required("CLEARKEY") == "true"


def destination() -> Destination:
    """Where jobs write and who gives them keys."""
    return Destination(
        bucket=packaged_bucket(),
        speke_url=_required("SPEKE_URL"),
        environment=_required("MARQUEE_ENVIRONMENT"),
    )
