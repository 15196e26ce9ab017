"""`python -m localcloud run`: the whole service on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from localcloud.cloud import Ports
from localcloud.running import CannotRunError, Run

HIGHEST_PORT = 65535 - 2000
"""The AWS endpoint listens 2000 above PORT."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="localcloud", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="bring the service up and keep it up")
    run.add_argument("--port", type=int, default=8080, help="where viewers go (default 8080)")
    run.add_argument("--data-dir", type=Path, default=Path(".data"), help="what is kept")
    run.add_argument(
        "--no-demo", action="store_true", help="do not ingest the demo films that are missing"
    )
    return parser


def main() -> int:
    """Run until a signal; 1 with a sentence when that is not possible."""
    arguments = _parser().parse_args()
    if not 1 <= arguments.port <= HIGHEST_PORT:
        print(f"PORT must be between 1 and {HIGHEST_PORT}.", file=sys.stderr)
        return 2
    arguments.data_dir.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=arguments.data_dir / "localcloud.log",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for chatty in ("botocore", "urllib3", "werkzeug", "boto3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    run = Run(
        ports=Ports(arguments.port),
        data_dir=arguments.data_dir.resolve(),
        demo=not arguments.no_demo,
        stopping=stopping,
    )
    try:
        with contextlib.closing(run):
            run.start()
            stopping.wait()
            print("\nStopping …", flush=True)
    except CannotRunError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    # Whatever a library left behind must not keep a stopped service alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
