"""Follows what the functions of a service log, all together, or one request through them.

    python -m commands.logs [--id 4bf92f35…] [--once]            a service on this machine
    python -m commands.logs --environment dev [--id 4bf92f35…]   a deployed one

Ids are in every answer (`X-Correlation-Id`), in the player's notices and in what ingest prints.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from commands.service_api import CommandError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient

LOCAL_POLL_SECONDS = 0.2
DEPLOYED_POLL_SECONDS = 3.0
"""FilterLogEvents allows few requests a second for an account; one round asks each group once."""

OVERLAP_SECONDS = 30
"""Events reach CloudWatch Logs late and out of order; what was shown is not shown again."""

_CORRELATION_ID = re.compile(r"[0-9a-f]{32}")
_PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
_FUNCTION = re.compile(
    r"marquee-[a-z]+-(?P<stack>[a-z_]+)-(?P<name>\w+?)(?:Function)?[0-9A-F]{8}-\w+"
)
_SHOWN_FIRST = ("time", "level", "function", "event", "correlation_id")


@dataclass(frozen=True)
class Line:
    """One line that a function wrote."""

    time: str
    """ISO 8601; empty for text that is no line of ours, such as a traceback."""
    function: str
    text: str
    facts: Mapping[str, Any]
    """Empty for text that is no line of ours."""

    @classmethod
    def read(cls, function: str, text: str) -> Line:
        """A line as it was written."""
        try:
            facts = json.loads(text) if text.startswith("{") else {}
        except ValueError:
            facts = {}
        return cls(str(facts.get("time", "")), function, text, facts)

    def shown(self) -> str:
        """For a person: when, who, what, and all that is known of it."""
        name = short_name(self.function)
        if not self.facts:
            return f"{'':12}  {name:<28}  {self.text}"
        clock = self.time.partition("T")[2].rstrip("Z")
        rest = " ".join(
            f"{key}={value}" for key, value in self.facts.items() if key not in _SHOWN_FIRST
        )
        return f"{clock:12}  {name:<28}  {self.facts.get('event', ''):<12}  {rest}"


def short_name(function: str) -> str:
    """`playback/Sessions` for a deployed function's whole name."""
    match = _FUNCTION.fullmatch(function)
    return f"{match['stack']}/{match['name']}" if match else function


class Source(Protocol):
    """Where lines come from; each call answers what is new, oldest first."""

    poll_seconds: float

    def new(self) -> list[Line]:
        """What was written since the last call; CommandError."""


class LocalLogs:
    """The files of a service on this machine."""

    poll_seconds = LOCAL_POLL_SECONDS

    def __init__(self, folder: Path, *, from_start: bool) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} does not exist; is DATA_DIR right, and was it run?")
        self._folder = folder
        self._read: dict[Path, int] = {}
        if not from_start:
            self._read = {file: file.stat().st_size for file in folder.glob("*.log")}

    def new(self) -> list[Line]:
        """What was written since the last call."""
        found = [
            Line.read(file.stem, text)
            for file in sorted(self._folder.glob("*.log"))
            for text in self._new_texts(file)
        ]
        return sorted(found, key=lambda line: line.time)

    def _new_texts(self, file: Path) -> Iterator[str]:
        with file.open("rb") as opened:
            opened.seek(self._read.get(file, 0))
            content = opened.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._read[file] = self._read.get(file, 0) + len(whole)
        yield from whole.decode(errors="replace").splitlines()


class DeployedLogs:
    """CloudWatch Logs of an environment."""

    poll_seconds = DEPLOYED_POLL_SECONDS

    def __init__(
        self,
        functions: LambdaClient,
        logs: CloudWatchLogsClient,
        environment: str,
        since: datetime,
        correlation_id: str | None,
    ) -> None:
        self._logs = logs
        self._since_ms = int(since.timestamp() * 1000)
        self._pattern = (
            "" if correlation_id is None else f'{{ $.correlation_id = "{correlation_id}" }}'
        )
        self._seen: set[str] = set()
        with _as_command_error():
            self._groups = dict(_groups(functions, f"marquee-{environment}-"))
        if not self._groups:
            raise CommandError(
                f"there are no functions of {environment} in this account and region"
            )

    def new(self) -> list[Line]:
        """What arrived since the last call."""
        found: list[tuple[int, Line]] = []
        latest = self._since_ms
        for function, group in self._groups.items():
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=group,
                startTime=self._since_ms - OVERLAP_SECONDS * 1000,
                filterPattern=self._pattern,
            )
            with _as_command_error():
                for page in pages:
                    for event in page["events"]:
                        if event["eventId"] in self._seen:
                            continue
                        self._seen.add(event["eventId"])
                        latest = max(latest, event["timestamp"])
                        line = Line.read(function, event["message"].rstrip("\n"))
                        found.append((event["timestamp"], line))
        self._since_ms = latest
        return [line for _, line in sorted(found, key=lambda one: one[0])]


def _groups(functions: LambdaClient, prefix: str) -> Iterator[tuple[str, str]]:
    for page in functions.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            name = function["FunctionName"]
            group = function.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}")
            if name.startswith(prefix):
                yield name, group


class _as_command_error:  # noqa: N801 - used as a function
    """AWS's refusals as one line."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ClientError | BotoCoreError):
            raise CommandError(str(error)) from error


def follow(
    source: Source,
    correlation_id: str | None,
    say: Callable[[str], None],
    *,
    once: bool,
    as_json: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Say every line, or those of one request, until interrupted; `once` says what there is."""
    while True:
        for line in source.new():
            if _is_wanted(line, correlation_id):
                say(line.text if as_json else line.shown())
        if once:
            return
        pause(source.poll_seconds)


def _is_wanted(line: Line, correlation_id: str | None) -> bool:
    if correlation_id is None:
        return bool(line.text) and not line.text.startswith(_PLATFORM)
    return line.facts.get("correlation_id") == correlation_id


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="logs", description="Follow a service's logs.")
    parser.add_argument("--id", help="only the lines of one request: its correlation id")
    parser.add_argument("--environment", help="a deployed environment; else this machine's service")
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("DATA_DIR", ".data")))
    parser.add_argument("--once", action="store_true", help="say what there is, and end")
    parser.add_argument("--json", action="store_true", help="lines as they were written")
    given = parser.parse_args(arguments)
    try:
        if given.id is not None and _CORRELATION_ID.fullmatch(given.id) is None:
            raise CommandError(f"{given.id} is no correlation id: 32 hexadecimal digits")
        follow(
            _source(given),
            given.id,
            lambda line: print(line, flush=True),
            once=given.once,
            as_json=given.json,
        )
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _source(given: argparse.Namespace) -> Source:
    if given.environment is None:
        return LocalLogs(given.data_dir / "logs", from_start=given.id is not None or given.once)
    try:
        functions, logs = boto3.client("lambda"), boto3.client("logs")
    except BotoCoreError as error:
        raise CommandError(str(error)) from error
    day = 24 * 3600
    since = datetime.fromtimestamp(time.time() - (day if given.id else 0), UTC)
    return DeployedLogs(functions, logs, given.environment, since, given.id)


if __name__ == "__main__":
    sys.exit(main())
