"""Step Functions' own events on the bus, in the documented shape.

Source: Step Functions developer guide, "EventBridge for Step Functions execution status changes".
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from localcloud.moto_seams import ExecutionChange
from localcloud.triggers.s3 import Emitter

PAYLOAD_BYTES = 248 * 1024
"""Escaped input and output together; what is more is left out, the input first."""


class StatesEvents:
    """Tells the bus what became of executions."""

    def __init__(self, bus: Emitter) -> None:
        self._bus = bus

    def on_change(self, change: ExecutionChange) -> None:
        """An execution began or ended."""
        self._bus.emit(
            "aws.states",
            "Step Functions Execution Status Change",
            _detail(change),
            [change.execution_arn],
        )


def _detail(change: ExecutionChange) -> dict[str, Any]:
    output_fits = _escaped_bytes(change.output) <= PAYLOAD_BYTES
    both_fit = _escaped_bytes(change.given) + _escaped_bytes(change.output) <= PAYLOAD_BYTES
    has_output = change.output is not None
    return {
        "executionArn": change.execution_arn,
        "stateMachineArn": change.machine_arn,
        "name": change.name,
        "status": change.status,
        "startDate": _milliseconds(change.started),
        "stopDate": None if change.ended is None else _milliseconds(change.ended),
        "input": change.given if both_fit else None,
        "inputDetails": {"included": both_fit},
        "output": change.output if output_fits else None,
        "outputDetails": {"included": output_fits} if has_output else None,
    }


def _escaped_bytes(text: str | None) -> int:
    return 0 if text is None else len(json.dumps(text).encode()) - 2


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
