"""Events handed to functions: remembered until they are dealt with, and twice when asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from localcloud.function_spec import FunctionSpec
from localcloud.functions.errors import LambdaError
from localcloud.functions.invocation import AsyncOutcome, Invocation
from localcloud.triggers import mappings, targets


class AsyncInvocations:
    """Asynchronous invocations that EventBridge made, until the function took or refused them.

    Lambda keeps accepted events through anything; the next run invokes again for what this one
    did not finish.
    """

    def __init__(self, functions: targets.FunctionsPort) -> None:
        self._functions = functions
        self._under_way: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def invoke_async(self, identifier: str, payload: bytes) -> str:
        """Let the function run soon; the request id."""
        # Held while it is accepted, so that its outcome is not heard of before.
        with self._lock:
            request_id = self._functions.invoke_async(identifier, payload)
            self._under_way[request_id] = (identifier, payload.decode())
        return request_id

    def on_outcome(self, outcome: AsyncOutcome) -> None:
        """One is over, for better or worse."""
        with self._lock:
            self._under_way.pop(outcome.request_id, None)

    def export_state(self) -> dict[str, Any]:
        """Function and event of each that is not over."""
        with self._lock:
            return {
                request_id: {"function": identifier, "event": text}
                for request_id, (identifier, text) in self._under_way.items()
            }

    def import_state(self, state: Mapping[str, Any], /) -> None:
        """Invoke again; what has no function any more is dropped."""
        for kept in state.values():
            try:
                self.invoke_async(kept["function"], kept["event"].encode())
            except LambdaError:
                continue


class TwiceInvoked:
    """Functions that get every batch of records twice, as streams and queues now and then do.

    A batch that failed is not repeated here: its source brings it again.
    """

    def __init__(self, functions: mappings.FunctionsPort) -> None:
        self._functions = functions

    def spec(self, identifier: str) -> FunctionSpec:
        """The function's settings."""
        return self._functions.spec(identifier)

    def invoke(self, identifier: str, payload: bytes) -> Invocation:
        """Run it, and once more when it succeeded; the last answer counts."""
        first = self._functions.invoke(identifier, payload)
        if first.function_error is not None:
            return first
        return self._functions.invoke(identifier, payload)
