"""What benchmarks share: a moto server, functions measured in processes of their own, ratios."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
LAMBDAS = ROOT / "lambdas"
LAYERS = ROOT / ".build" / "layers" / "local"
ACCOUNT = "123456789012"
REGION = "eu-west-1"
REPEATS = 5
"""Fresh processes for each figure; the median counts."""


@dataclass(frozen=True)
class Cost:
    """Processor time of one function, in milliseconds."""

    init_ms: float
    """From an interpreter that runs to a handler that is ready."""
    first_ms: float
    """The first call, which opens connections."""
    warm_ms: float
    """A later call, on average."""

    @classmethod
    def median(cls, costs: Sequence[Cost]) -> Cost:
        """Each figure's own median."""
        return cls(
            statistics.median(each.init_ms for each in costs),
            statistics.median(each.first_ms for each in costs),
            statistics.median(each.warm_ms for each in costs),
        )


@dataclass(frozen=True)
class Function:
    """A function as Lambda would load it: its code, its layers and nothing else."""

    handler: str
    code: Path
    layers: tuple[str, ...]


def base_python() -> str:
    """The interpreter that the environment was made from: it has no packages of its own."""
    return str(getattr(sys, "_base_executable", sys.executable))


def measure(
    functions: Mapping[str, Function],
    environment: Mapping[str, str],
    event: Mapping[str, Any],
    *,
    calls: int,
    accept: tuple[int, ...] = (200,),
) -> dict[str, Cost]:
    """The median cost of each function, measured in turn so that a busy machine is busy for all.

    Byte code is compiled before, as a bundle for Lambda would ship it. An answer whose status is
    not accepted ends the benchmark.
    """
    accepted = {**environment, "ACCEPTED": ",".join(map(str, accept))}
    return _medians(functions, accepted, lambda: event, calls)


def measure_chain(
    functions: Mapping[str, Function],
    environment: Mapping[str, str],
    begin: Callable[[], Mapping[str, Any]],
    *,
    calls: int,
    follows: str,
) -> dict[str, Cost]:
    """The same where each call sends what the one before was given under that name; `begin` makes
    each process's first event."""
    chained = {**environment, "ACCEPTED": "200", "FOLLOWS": follows}
    return _medians(functions, chained, begin, calls)


def _medians(
    functions: Mapping[str, Function],
    environment: Mapping[str, str],
    begin: Callable[[], Mapping[str, Any]],
    calls: int,
) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as byte_code:
        for function in functions.values():
            _measure_once(function, environment, begin(), 1, byte_code)
        costs: dict[str, list[Cost]] = {name: [] for name in functions}
        for _ in range(REPEATS):
            for name, function in functions.items():
                costs[name].append(_measure_once(function, environment, begin(), calls, byte_code))
    return {name: Cost.median(each) for name, each in costs.items()}


def _measure_once(
    function: Function,
    environment: Mapping[str, str],
    event: Mapping[str, Any],
    calls: int,
    byte_code: str,
) -> Cost:
    paths = [str(function.code), *(str(LAYERS / layer / "python") for layer in function.layers)]
    done = subprocess.run(
        [
            *(base_python(), "-P", "-S", "-s", str(PEERS / "measured.py")),
            *(function.handler, json.dumps(event), str(calls)),
        ],
        env={
            **environment,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONPYCACHEPREFIX": byte_code,
            "TZ": ":UTC",
        },
        cwd=byte_code,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{function.handler} failed:\n{done.stderr}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True)
class Exchange:
    """One call to AWS: what was asked for, and what with."""

    operation: str
    asked: bytes
    """The request's body."""
    answered: bytes


exchanges: list[Exchange] = []
"""What the moto server was asked for, in order; whoever reads it clears it."""


@dataclass(frozen=True)
class RoundTrips:
    """Which calls to AWS one function makes, one after the other."""

    init: tuple[str, ...]
    warm: tuple[str, ...]

    def __str__(self) -> str:
        said = (f"{len(calls)} ({', '.join(calls)})" for calls in (self.init, self.warm))
        return " to load, then each time ".join(said)


def round_trips(
    function: Function, environment: Mapping[str, str], event: Mapping[str, Any]
) -> RoundTrips:
    """What a warm call adds tells it from loading; the function is called 2 n + 1 times for n."""
    environment = {**environment, "ACCEPTED": "200"}
    seen = []
    with tempfile.TemporaryDirectory() as byte_code:
        for calls in (1, 2):
            exchanges.clear()
            _measure_once(function, environment, event, calls, byte_code)
            seen.append(tuple(each.operation for each in exchanges))
    each = (len(seen[1]) - len(seen[0])) // 2
    return RoundTrips(init=seen[0][: len(seen[0]) - 3 * each], warm=seen[0][-each:])


@contextlib.contextmanager
def moto_server(before: Callable[[str], None] = lambda _: None) -> Iterator[dict[str, str]]:
    """A moto server in this process; the environment that leads to it.

    `before` is told of each operation before moto does it, and may set its tables right for it.
    """
    sys.path.insert(0, str(ROOT))
    from localcloud.moto_app import MotoApp
    from localcloud.serve import serve
    from localcloud.wire import HttpRequest, HttpResponse

    moto = MotoApp(ACCOUNT)
    one_at_a_time = threading.Lock()

    def answer(request: HttpRequest) -> HttpResponse:
        operation = (request.header("x-amz-target") or "").rpartition(".")[2]
        # Credential=<key>/<day>/<region>/<service>/aws4_request, …
        _, _, region, service, *_ = (request.header("authorization") or "").split("/")
        # A transaction of moto's copies its tables, and fails while another call changes them.
        with one_at_a_time:
            before(operation)
            answered = moto.call(service, region, request)
        exchanges.append(Exchange(operation, request.body, answered.body))
        return answered

    # Unlike moto's own server it keeps connections, as AWS does: else every call of both sides
    # would pay for a new one.
    server = serve(answer, ("127.0.0.1", 0))
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_ACCESS_KEY_ID": "AKIABENCHMARK",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        # Our layers leave out the services that we do not call; a naive function has them all.
        "AWS_DATA_PATH": str(Path(botocore.__file__).parent / "data"),
    }
    os.environ.update(environment)
    try:
        yield environment
    finally:
        server.stop()


def say(question: str) -> None:
    """The benchmark's question, before its answers."""
    print(f"\n{question}")


def say_conditions(repeats: str) -> None:
    """On what it was measured: a loaded machine stretches wall time more than processor time."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    cores = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(
        f"  {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {cores}, load {load} (1, 5, 15 min), {repeats}"
    )


def say_limit(what: str, ours: float, limit: float, unit: str) -> None:
    """One line: ours and what it must stay under."""
    share, limit_text = f"{ours / limit:5.2f}", f"limit {limit:g} {unit}"
    print(f"  {what:<34} {ours:10.2f} {unit:<6} {'of limit':>23} {share}   {limit_text}")


def say_ratio(what: str, ours: float, peer: float, unit: str, target: str) -> None:
    """One line: ours, the peer's, their ratio and what was aimed at."""
    ratio = ours / peer if peer else float("nan")
    print(f"  {what:<34} {ours:10.2f} {unit:<6} peer {peer:10.2f}   ratio {ratio:5.2f}   {target}")
