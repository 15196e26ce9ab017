"""What benchmarks share: a moto server, functions measured in processes of their own, ratios."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
LAMBDAS = ROOT / "lambdas"
LAYERS = ROOT / ".build" / "layers" / "local"
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
    environment = {**environment, "ACCEPTED": ",".join(map(str, accept))}
    with tempfile.TemporaryDirectory() as byte_code:
        for function in functions.values():
            _measure_once(function, environment, event, 1, byte_code)
        costs: dict[str, list[Cost]] = {name: [] for name in functions}
        for _ in range(REPEATS):
            for name, function in functions.items():
                costs[name].append(_measure_once(function, environment, event, calls, byte_code))
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


@contextlib.contextmanager
def moto_server() -> Iterator[dict[str, str]]:
    """A moto server in this process; the environment that leads to it."""
    from moto.server import ThreadedMotoServer
    from werkzeug.serving import WSGIRequestHandler

    # AWS keeps connections alive; without this every call would pay for a new one.
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "AKIABENCHMARK",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
    }
    os.environ.update(environment)
    try:
        yield environment
    finally:
        server.stop()


def say(question: str) -> None:
    """The benchmark's question, before its answers."""
    print(f"\n{question}")


def say_ratio(what: str, ours: float, peer: float, unit: str, target: str) -> None:
    """One line: ours, the peer's, their ratio and what was aimed at."""
    ratio = ours / peer if peer else float("nan")
    print(f"  {what:<34} {ours:10.2f} {unit:<6} peer {peer:10.2f}   ratio {ratio:5.2f}   {target}")
