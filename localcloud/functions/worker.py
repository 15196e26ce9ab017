"""One process of a function, which serves one invocation at a time.

It decides how an invocation ends (answer, error, timeout, exit, memory), in Lambda's words; it
does not decide which process serves whom.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from localcloud.function_spec import FunctionSpec
from localcloud.functions.invocation import Invocation
from localcloud.functions.logs import FunctionLog, InvocationLog, report_line
from localcloud.functions.processes import Spawner, Start, resident_mb
from localcloud.functions.runtime_api import RuntimeApi, RuntimeCall
from localcloud.functions.sandbox import Keys, Sandbox

INIT_LIMIT = timedelta(seconds=10)
"""Lambda ends an initialization after this long and tries it again within the invocation's own
time limit; here both together are one limit."""
RESPONSE_LIMIT_BYTES = 6 * 1024 * 1024 + 100
"""6,291,556: what Lambda names when a synchronous answer is refused."""
EXIT_PATIENCE = timedelta(seconds=2)
"""Between a process closing its socket and being gone."""
EXIT_POLL_SECONDS = 0.005


class WorkerGoneError(Exception):
    """The process ended before it took the event: another one may serve it."""


@dataclass(frozen=True)
class Event:
    """One invocation as the runtime is told of it."""

    request_id: str
    function_arn: str
    """As invoked: with the alias or version."""
    payload: bytes
    client_context: str | None = None


@dataclass(frozen=True)
class _Ending:
    """How an invocation ended."""

    payload: bytes
    error: str | None = None
    """The error's type when it did not end well."""
    report: str | None = None
    """The trailing part of the REPORT line."""
    broken: bool = False
    """The process cannot serve again."""


class Worker:
    """A running process and its side of the Runtime API. One thread at a time may use it."""

    def __init__(
        self,
        *,
        spec: FunctionSpec,
        version: str,
        sandbox: Sandbox,
        keys: Keys,
        retire_at: datetime,
        log: FunctionLog,
        spawner: Spawner,
    ) -> None:
        self.version = version
        self.retire_at = retire_at
        self.last_used = time.monotonic()
        self._spec = spec
        self._ready = False
        self._next: RuntimeCall | None = None
        self._used_mb = 0
        self._closing = threading.Lock()
        self._closed = False
        self._home = sandbox.root / "tmp" / f"{spec.name}-{secrets.token_hex(6)}"
        self._home.mkdir(parents=True)
        self._output, child_output = os.pipe()
        self._log = InvocationLog(log, self._output)
        self._api = RuntimeApi(self._output, self._log.drain)
        self._started = time.monotonic()
        environment = sandbox.environment(
            spec,
            version=version,
            keys=keys,
            api=self._api.address,
            home=self._home,
            stream=_log_stream(version),
        )
        command = sandbox.command(spec, os.getpid())
        try:
            self._process = spawner.start(Start(command, environment, spec.code_path, child_output))
        finally:
            os.close(child_output)

    @property
    def pid(self) -> int:
        """The operating system's id of the process."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return not self._closed and not self._process.exited()

    def close(self) -> None:
        """End the process and all that it started, and remove its folder. Safe from any thread:
        an invocation in progress then ends as if the process had exited."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._process.kill()

    def release(self) -> None:
        """After `close`, and when no thread invokes any more: free sockets and files."""
        self._log.drain()
        self._api.close()
        os.close(self._output)
        shutil.rmtree(self._home, ignore_errors=True)

    def invoke(self, event: Event) -> tuple[Invocation, bool]:
        """Serve the event; the answer, and whether this process can serve another.

        WorkerGoneError when the process had died while it was idle.
        """
        fresh = not self._ready
        self._log.begin()
        if fresh:
            runtime = self._spec.runtime.replace("python", "python:")
            self._log.line(f"INIT_START Runtime Version: {runtime} (this machine's)")
        failed_start = self._await_next(event)
        self._log.drain()
        init_ms = (time.monotonic() - self._started) * 1000 if fresh else None
        self._log.line(f"START RequestId: {event.request_id} Version: {self.version}")
        begun = time.monotonic()
        ending = failed_start or self._serve(event, begun)
        duration_ms = (time.monotonic() - begun) * 1000
        self._log.drain()
        self._report(event, ending, duration_ms, init_ms)
        self.last_used = time.monotonic()
        invocation = Invocation(
            status_code=200,
            payload=ending.payload,
            function_error="Unhandled" if ending.error else None,
            log_tail=self._log.tail(),
            executed_version=self.version,
            request_id=event.request_id,
        )
        return invocation, not ending.broken

    def _await_next(self, event: Event) -> _Ending | None:
        """Wait until the process asks for work; how it failed if it did not come so far."""
        limit = INIT_LIMIT + self._spec.timeout
        call = self._api.receive(time.monotonic() + limit.total_seconds(), self._watched)
        if call is not None and call.operation == "invocation/next":
            self._next, self._ready = call, True
            return None
        if self._ready:
            raise WorkerGoneError
        if call is not None and call.operation == "init/error":
            call.accept()
            error = json.loads(call.body).get("errorType", "Runtime.Unknown")
            return _Ending(call.body, error, f"Status: error\tError Type: {error}", broken=True)
        return self._stopped(event, exceeded=limit)

    def _serve(self, event: Event, begun: float) -> _Ending:
        deadline = begun + self._spec.timeout.total_seconds()
        try:
            self._hand_over(event)
        except OSError:
            raise WorkerGoneError from None
        while (call := self._api.receive(deadline, self._watched)) is not None:
            if call.operation == f"invocation/{event.request_id}/response":
                return self._answered(call)
            if call.operation == f"invocation/{event.request_id}/error":
                call.accept()
                return _Ending(call.body, error=_error_type(call.body))
            call.answer(404, {}, b"")
        return self._stopped(event, exceeded=self._spec.timeout)

    def _hand_over(self, event: Event) -> None:
        assert self._next is not None
        remaining_ms = self._spec.timeout.total_seconds() * 1000
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000 + remaining_ms)),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": _trace_id(),
        }
        if event.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = event.client_context
        call, self._next = self._next, None
        call.answer(200, headers, event.payload)

    def _answered(self, call: RuntimeCall) -> _Ending:
        if len(call.body) <= RESPONSE_LIMIT_BYTES:
            with contextlib.suppress(OSError):
                call.accept()
            return _Ending(call.body)
        with contextlib.suppress(OSError):
            call.answer(413, {}, b'{"errorType":"RequestEntityTooLarge"}')
        error = "Function.ResponseSizeTooLarge"
        message = (
            "Response payload size exceeded maximum allowed payload size "
            f"({RESPONSE_LIMIT_BYTES} bytes)."
        )
        return _Ending(_error(error, message), error, f"Status: error\tError Type: {error}", True)

    def _stopped(self, event: Event, *, exceeded: timedelta) -> _Ending:
        """The process said nothing any more: it took too long, too much memory, or exited."""
        out_of_memory = self._used_mb > self._spec.memory_mb
        if not self._has_exited() and not out_of_memory:
            self._process.kill()
            words = f"Task timed out after {exceeded.total_seconds():.2f} seconds"
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
            self._log.line(f"{now}Z {event.request_id} {words}\n")
            message = f"RequestId: {event.request_id} Error: {words}"
            return _Ending(_error("Sandbox.Timedout", message), "timeout", "Status: timeout", True)
        self._process.kill()
        error = "Runtime.OutOfMemory" if out_of_memory else "Runtime.ExitError"
        message = f"RequestId: {event.request_id} Error: {self._process.exit_reason()}"
        self._log.drain()
        self._log.line(f"{message}\n{error}")
        return _Ending(_error(error, message), error, f"Status: error\tError Type: {error}", True)

    def _has_exited(self) -> bool:
        """A process that closed its socket is given a moment to be gone."""
        patience = time.monotonic() + EXIT_PATIENCE.total_seconds()
        while not self._process.exited():
            if not self._api.lost or time.monotonic() > patience:
                return False
            time.sleep(EXIT_POLL_SECONDS)
        return True

    def _watched(self) -> bool:
        """Whether the process runs within its memory; notes its peak."""
        if self._has_exited():
            return False
        self._used_mb = max(self._used_mb, resident_mb(self._process.pid))
        return self._used_mb <= self._spec.memory_mb

    def _report(
        self, event: Event, ending: _Ending, duration_ms: float, init_ms: float | None
    ) -> None:
        if not ending.broken:
            self._used_mb = max(self._used_mb, resident_mb(self._process.pid))
        self._log.line(f"END RequestId: {event.request_id}")
        self._log.line(
            report_line(
                event.request_id,
                duration_ms=duration_ms,
                memory_mb=self._spec.memory_mb,
                used_mb=min(self._used_mb, self._spec.memory_mb),
                init_ms=init_ms,
                failure=ending.report,
            )
        )


WorkerFactory = Callable[[str], Worker]
"""Starts a process for a version of one function."""


def _error(error_type: str, message: str) -> bytes:
    document = {"errorType": error_type, "errorMessage": message}
    return json.dumps(document, separators=(",", ":")).encode()


def _error_type(body: bytes) -> str:
    try:
        return str(json.loads(body).get("errorType") or "Error")
    except (ValueError, AttributeError):
        return "Error"


def _log_stream(version: str) -> str:
    day = datetime.now(UTC).strftime("%Y/%m/%d")
    return f"{day}/[{version}]{secrets.token_hex(16)}"


def _trace_id() -> str:
    root = f"1-{math.floor(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"
