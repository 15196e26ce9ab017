"""What Step Functions tells the bus of its executions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localcloud.moto_seams import ExecutionChange
from localcloud.triggers.states import StatesEvents

BEGAN = datetime(2026, 11, 1, 12, 0, 0, 847_000, tzinfo=UTC)
ENDED = datetime(2026, 11, 1, 12, 0, 5, 881_000, tzinfo=UTC)
STATES = "arn:aws:states:eu-west-1:123456789012"

CHANGE = ExecutionChange(
    execution_arn=f"{STATES}:execution:film:one",
    machine_arn=f"{STATES}:stateMachine:film",
    name="one",
    status="ABORTED",
    started=BEGAN,
    ended=ENDED,
    given='{"n": 1}',
    output=None,
)


class Heard:
    def __init__(self) -> None:
        self.events: list[tuple[str, str, Mapping[str, Any], Sequence[str]]] = []

    def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
    ) -> str:
        self.events.append((source, detail_type, detail, resources))
        return "id"


def told(change: ExecutionChange) -> Mapping[str, Any]:
    heard = Heard()
    StatesEvents(heard).on_change(change)
    ((source, detail_type, detail, resources),) = heard.events
    assert (source, detail_type) == ("aws.states", "Step Functions Execution Status Change")
    assert resources == [change.execution_arn]
    return detail


def test_an_end_is_told_in_the_documented_shape() -> None:
    assert told(CHANGE) == {
        "executionArn": f"{STATES}:execution:film:one",
        "stateMachineArn": f"{STATES}:stateMachine:film",
        "name": "one",
        "status": "ABORTED",
        "startDate": 1793534400847,
        "stopDate": 1793534405881,
        "input": '{"n": 1}',
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
    }


def test_what_runs_has_not_stopped_yet() -> None:
    running = told(dataclasses.replace(CHANGE, status="RUNNING", ended=None))

    assert (running["status"], running["stopDate"]) == ("RUNNING", None)


def test_an_input_that_does_not_fit_is_left_out_before_the_output() -> None:
    large = "x" * 200 * 1024

    detail = told(dataclasses.replace(CHANGE, status="SUCCEEDED", given=large, output=large))

    assert (detail["input"], detail["inputDetails"]) == (None, {"included": False})
    assert (detail["output"], detail["outputDetails"]) == (large, {"included": True})
