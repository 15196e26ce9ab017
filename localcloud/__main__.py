"""`python -m localcloud run`: the whole service on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.failures import LOG_NAME, explain
from localcloud.ports import HIGHEST_PORT, Ports
from localcloud.running import ROOT, Run, keep_up
from localcloud.stopping import StopRequest

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

BYTE_CODE = ROOT / ".build" / "pycache"
"""Where byte code goes on machines whose Python is told to write none beside its sources."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="localcloud", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="bring the service up and keep it up")
    run.add_argument("--port", type=int, default=8080, help="where viewers go (default 8080)")
    run.add_argument("--data-dir", type=Path, default=Path(".data"), help="what is kept")
    run.add_argument(
        "--no-demo", action="store_true", help="do not ingest the demo films that are missing"
    )
    run.add_argument(
        "--source", type=Path, default=ROOT, help="the repository to run (default: this one)"
    )
    run.add_argument(
        "--duplicate-events",
        action="store_true",
        help="deliver every event and every batch of records twice, as AWS now and then does",
    )
    return parser


def _open_cloud(ports: Ports, data_dir: Path, node: Path, *, duplicates: bool) -> Cloud:
    # Loading it takes seconds: beside the synthesis, and after the signals are listened to.
    from localcloud.cloud import open_cloud

    return open_cloud(ports, data_dir, node, duplicates=duplicates)


def _keep_byte_code() -> None:
    """Compiling the SDK and moto anew costs each process of a run as much as its work."""
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(BYTE_CODE)
        os.environ["PYTHONPYCACHEPREFIX"] = str(BYTE_CODE)
        del os.environ["PYTHONDONTWRITEBYTECODE"]


def _keep_log(data_dir: Path) -> None:
    logging.basicConfig(
        filename=data_dir / LOG_NAME,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    # A log that cannot be written must not fill the terminal with tracebacks.
    logging.raiseExceptions = False
    for chatty in ("botocore", "urllib3", "werkzeug", "boto3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def main() -> int:
    """Run until a signal; 1 with a sentence when that is not possible."""
    arguments = _parser().parse_args()
    if not 1 <= arguments.port <= HIGHEST_PORT:
        print(f"PORT must be between 1 and {HIGHEST_PORT}.", file=sys.stderr)
        return 2
    data_dir: Path = arguments.data_dir.resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        _keep_log(data_dir)
    except OSError as error:
        print(explain(error, data_dir), file=sys.stderr)
        return 1
    _keep_byte_code()
    # `kill -USR1`: where each thread is, at the end of what the terminal shows.
    faulthandler.register(signal.SIGUSR1)
    stopping = StopRequest()
    stopping.on_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    run = Run(
        ports=Ports(arguments.port),
        data_dir=data_dir,
        demo=not arguments.no_demo,
        open_cloud=partial(_open_cloud, duplicates=arguments.duplicate_events),
        root=arguments.source.resolve(),
    )
    return keep_up(run, stopping)


if __name__ == "__main__":
    code = main()
    # Whatever a library left behind must not keep a stopped service alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
