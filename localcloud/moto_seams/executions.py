"""What becomes of Step Functions' executions, told to whoever asked: moto tells nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import moto.stepfunctions.parser.backend.execution as moto_execution
from moto.stepfunctions.parser.api import ExecutionStatus

from localcloud.moto_seams.seam import replaced


@dataclass(frozen=True)
class ExecutionChange:
    """An execution that began or ended."""

    execution_arn: str
    machine_arn: str
    name: str
    status: str
    """`RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`."""
    started: datetime
    ended: datetime | None
    given: str
    """Its input, as it was sent."""
    output: str | None


Told = Callable[[ExecutionChange], None]


class _Listeners:
    """Who is told; the last one to ask."""

    def __init__(self) -> None:
        self._told: Told | None = None

    def listen(self, told: Told) -> None:
        """From now on tell this one."""
        self._told = told

    def tell(self, execution: Any) -> None:
        """Describe the execution as it is now. Express workflows tell nothing, as on AWS."""
        if self._told is None or execution.sm_type != "STANDARD":
            return
        described = execution.to_describe_output()
        self._told(
            ExecutionChange(
                execution_arn=execution.exec_arn,
                machine_arn=execution.state_machine.arn,
                name=execution.name,
                status=str(execution.status),
                started=execution.start_date,
                ended=execution.stop_date,
                given=execution.execution_input,
                output=described.get("output"),
            )
        )


execution_listeners = _Listeners()

_ORIGINAL_START = moto_execution.Execution.start
_ORIGINAL_TERMINATED = moto_execution.BaseExecutionWorkerCommunication.terminated


def _start(self: Any) -> None:
    """Moto's, once everybody may know that it runs: its end may follow at once."""
    running = ExecutionStatus.RUNNING
    self.exec_status = running
    execution_listeners.tell(self)
    _ORIGINAL_START(self)


def _terminated(self: Any) -> None:
    """Moto's, and then the word that it ended."""
    _ORIGINAL_TERMINATED(self)
    execution_listeners.tell(self.execution)


SEAMS = (
    replaced(
        moto_execution.Execution,
        "start",
        _start,
        "EventBridge hears of every execution that begins",
        "07e927c2d5f9",
        target="stepfunctions Execution.start",
    ),
    replaced(
        moto_execution.BaseExecutionWorkerCommunication,
        "terminated",
        _terminated,
        "EventBridge hears of every execution that ends",
        "360372a6a57b",
        target="stepfunctions BaseExecutionWorkerCommunication.terminated",
    ),
)
