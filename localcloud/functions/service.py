"""The Lambda service: creates functions from their specifications and invokes them.

It knows names, limits and retries; processes and pools are below it, the REST API above.
"""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from localcloud.function_spec import FunctionSpec
from localcloud.functions import rest
from localcloud.functions.errors import (
    FunctionNotFoundError,
    InvocationAbandonedError,
    PayloadTooLargeError,
)
from localcloud.functions.events import AsyncInvoker
from localcloud.functions.invocation import AsyncOutcome, Invocation
from localcloud.functions.logs import FunctionLog
from localcloud.functions.names import Versions, split
from localcloud.functions.pool import Pool
from localcloud.functions.processes import Spawner
from localcloud.functions.sandbox import Keys, Sandbox, checked, gather_runtime
from localcloud.functions.worker import INIT_LIMIT, Event, Worker, WorkerGoneError
from localcloud.registry import Registry
from localcloud.wire import HttpRequest, HttpResponse

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024
"""A synchronous event (Lambda quotas)."""
ASYNC_PAYLOAD_LIMIT_BYTES = 1024 * 1024
"""An asynchronous event: 1 MB since October 2025 (Lambda quotas)."""
PROCESS_LIMIT = 8
"""Processes of one function on this machine; AWS has no such limit, so callers wait, not fail."""
EXPIRY_MARGIN = timedelta(minutes=1)
"""A process is replaced when its credentials could end during its next invocation and this."""
FRESH_ATTEMPTS = 3
"""Processes tried when one dies between being chosen and taking the event."""


class RoleCredentials(Keys, Protocol):
    """Temporary credentials of a role."""

    @property
    def expiration(self) -> datetime | None: ...


CredentialsFor = Callable[[str, str], RoleCredentials]
"""Role ARN and session name → credentials."""


@dataclass(frozen=True)
class _Function:
    spec: FunctionSpec
    pool: Pool
    log: FunctionLog


class Functions:
    """All functions of one local cloud; safe from any thread."""

    def __init__(
        self,
        data_dir: Path,
        endpoint_url: str,
        region: str,
        account: str,
        credentials_for: CredentialsFor,
        *,
        registry: Registry | None = None,
        process_limit: int = PROCESS_LIMIT,
        on_async_outcome: Callable[[AsyncOutcome], None] | None = None,
    ) -> None:
        """`registry` gives aliases, versions and EventInvokeConfigs; without one any qualifier is
        accepted. `on_async_outcome` is as in `report_async_outcomes`.
        """
        self._logs = data_dir / "logs"
        self._sandbox = Sandbox(data_dir / "functions", endpoint_url, region)
        self._arn_prefix = f"arn:aws:lambda:{region}:{account}:function:"
        self._credentials_for = credentials_for
        self._process_limit = process_limit
        self._spawner = Spawner()
        self._functions: dict[str, _Function] = {}
        self._lock = threading.Lock()
        self._versions = Versions(registry)
        self._events = AsyncInvoker(self.invoke, registry, on_async_outcome)
        shutil.rmtree(self._sandbox.root / "tmp", ignore_errors=True)
        gather_runtime(self._sandbox.runtime)

    def create(self, spec: FunctionSpec) -> None:
        """Add or replace a function; no process starts. InvalidFunctionError if it is refused."""
        spec = checked(spec, self._sandbox.root)
        log = FunctionLog(self._logs / f"{spec.name}.log")
        pool = Pool(
            lambda version: self._start(spec, version, log),
            reserved=spec.reserved_concurrency,
            process_limit=self._process_limit,
            queue_limit=spec.timeout + INIT_LIMIT,
        )
        with self._lock:
            replaced = self._functions.get(spec.name)
            self._functions[spec.name] = _Function(spec, pool, log)
        self._versions.forget()
        if replaced is not None:
            replaced.pool.stop()

    def create_layer(self, arn: str, path: Path) -> None:
        """A layer version needs no preparation: specifications name its folder."""

    def spec(self, identifier: str) -> FunctionSpec:
        """What the function was created from; FunctionNotFoundError when there is none."""
        return self._find(split(identifier)[0]).spec

    def pids(self, identifier: str) -> list[int]:
        """The function's processes that run now."""
        return self._find(split(identifier)[0]).pool.pids()

    def invoke(
        self,
        identifier: str,
        payload: bytes,
        *,
        timeout: timedelta | None = None,
        client_context: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Run the function and wait for its answer.

        `identifier` is a name or ARN, with or without version or alias. With a `timeout` shorter
        than the function's own, InvocationAbandonedError is raised then while the function goes
        on, as API Gateway does. Refusals are LambdaErrors.
        """
        name, qualifier = split(identifier)
        function = self._find(name)
        version = self._versions.executed(name, function.spec.arn, qualifier)
        if len(payload) > PAYLOAD_LIMIT_BYTES:
            raise PayloadTooLargeError(limit_bytes=PAYLOAD_LIMIT_BYTES)
        event = Event(
            request_id=request_id or str(uuid.uuid4()),
            function_arn=function.spec.arn + (f":{qualifier}" if qualifier else ""),
            payload=payload or b"{}",
            client_context=client_context,
        )
        if timeout is None or timeout > function.spec.timeout + INIT_LIMIT:
            return _run(function, version, event)
        return _run_for(timeout, function, version, event)

    def invoke_async(self, identifier: str, payload: bytes) -> str:
        """Accept an event to be run soon; its request id.

        A failed run is repeated (twice unless an EventInvokeConfig says otherwise) and a throttled
        one for as long as the event may live; then `on_async_outcome` hears of it.
        """
        name, qualifier = split(identifier)
        function = self._find(name)
        self._versions.executed(name, function.spec.arn, qualifier)
        if len(payload) > ASYNC_PAYLOAD_LIMIT_BYTES:
            raise PayloadTooLargeError(limit_bytes=ASYNC_PAYLOAD_LIMIT_BYTES)
        arn = function.spec.arn + (f":{qualifier}" if qualifier else "")
        return self._events.submit(arn, payload)

    def handle(self, request: HttpRequest, principal: object = None) -> HttpResponse | None:
        """The Invoke call of the Lambda API; None for every other call, which is not answered
        here. `principal` was authorized before."""
        del principal
        return rest.handle(self, request)

    def report_async_outcomes(self, hear: Callable[[AsyncOutcome], None]) -> None:
        """From now on tell this how each event invocation ended, for destinations and queues."""
        self._events.on_outcome = hear

    def wait_idle(self, timeout: timedelta) -> bool:
        """Wait until every accepted event has been run; False when that took too long."""
        return self._events.wait_idle(timeout)

    def stop(self) -> None:
        """End every process. Events not yet run are dropped."""
        self._events.stop()
        with self._lock:
            functions, self._functions = list(self._functions.values()), {}
        for function in functions:
            function.pool.stop()
        for function in functions:
            function.log.close()

    def _find(self, name: str) -> _Function:
        with self._lock:
            function = self._functions.get(name)
        if function is None:
            raise FunctionNotFoundError(self._arn_prefix + name)
        return function

    def _start(self, spec: FunctionSpec, version: str, log: FunctionLog) -> Worker:
        credentials = self._credentials_for(spec.role_arn, spec.name)
        return Worker(
            spec=spec,
            version=version,
            sandbox=self._sandbox,
            keys=credentials,
            retire_at=_retirement(credentials.expiration, spec.timeout),
            log=log,
            spawner=self._spawner,
        )


def _retirement(expiration: datetime | None, timeout: timedelta) -> datetime:
    """The last moment at which a process may be given work."""
    if expiration is None:
        return datetime.max.replace(tzinfo=UTC)
    return expiration - timeout - EXPIRY_MARGIN


def _run(function: _Function, version: str, event: Event) -> Invocation:
    attempt = 1
    while True:
        worker = function.pool.take(version)
        reusable = False
        try:
            invocation, reusable = worker.invoke(event)
        except WorkerGoneError:
            if attempt == FRESH_ATTEMPTS:
                raise
            attempt += 1
        else:
            return invocation
        finally:
            function.pool.give_back(worker, reusable=reusable)


def _run_for(timeout: timedelta, function: _Function, version: str, event: Event) -> Invocation:
    """Run on a thread of its own, which goes on when the caller's patience ends."""
    results: list[Invocation | BaseException] = []

    def run() -> None:
        try:
            results.append(_run(function, version, event))
        except Exception as error:  # noqa: BLE001 - handed to the caller's thread, below
            results.append(error)

    thread = threading.Thread(target=run, name=f"invoke {function.spec.name}", daemon=True)
    thread.start()
    thread.join(timeout.total_seconds())
    if not results:
        raise InvocationAbandonedError(f"{function.spec.name} took longer than {timeout}")
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]
