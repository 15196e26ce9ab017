"""Moto's own deliveries to functions, switched off: the triggers deliver, with retries."""

from __future__ import annotations

from typing import Any

import moto.awslambda.models as moto_lambda
from moto.core.config import default_user_config

from localcloud.moto_seams.seam import replaced, set_item


def _deliver_nothing(self: Any, *args: Any, **kwargs: Any) -> bool:  # noqa: ARG001
    """Event sources are the triggers' business; False leaves a message in its queue."""
    return False


SEAMS = (
    set_item(
        default_user_config,
        "lambda",
        {"use_docker": False},
        "functions are processes of the local cloud; creating one must not look for Docker",
        "ddaeb4ef90b8",
        target="core.config lambda",
    ),
    replaced(
        moto_lambda.LambdaBackend,
        "send_sqs_batch",
        _deliver_nothing,
        "one message per invocation, no retry, no partial failure",
        "3a677b9be8c9",
    ),
    replaced(
        moto_lambda.LambdaBackend,
        "send_kinesis_message",
        _deliver_nothing,
        "one record per invocation, no retry",
        "a088247f0014",
    ),
    replaced(
        moto_lambda.LambdaBackend, "send_log_event", _deliver_nothing, "no retry", "7fd9b7504236"
    ),
)
