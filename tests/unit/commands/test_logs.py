"""Following logs: all functions together, or one request through them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commands import logs
from commands.logs import DeployedLogs, Line, LocalLogs, follow
from commands.service_api import CommandError

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SESSIONS = "marquee-local-playback-SessionsFunction2F4AB8B1-QQ4CX0Y0ZJ3Q"
PUBLISH = "marquee-local-catalog-PublishFunction725B381F-P7DSIDONAZER"


def written(second: int, **facts: Any) -> str:
    return json.dumps({"time": f"2026-11-24T10:00:{second:02}.000Z", "event": "request", **facts})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / f"{SESSIONS}.log").write_text(
        "START RequestId: 1 Version: 1\n"
        f"{written(2, correlation_id=ID, route='POST /v1/playback/start', status=200)}\n"
        "END RequestId: 1\n"
        f"{written(3, correlation_id='0' * 31 + '1')}\n"
        "Traceback (most recent call last):\n"
    )
    (folder / f"{PUBLISH}.log").write_text(f"{written(1, correlation_id=ID)}\n")
    return folder


def said(source: logs.Source, correlation_id: str | None) -> list[str]:
    found: list[str] = []
    follow(source, correlation_id, found.append, once=True)
    return found


def test_one_request_is_followed_through_all_functions_in_order(folder: Path) -> None:
    found = said(LocalLogs(folder, from_start=True), ID)

    assert [line.split()[:2] for line in found] == [
        ["10:00:01.000", "catalog/Publish"],
        ["10:00:02.000", "playback/Sessions"],
    ]
    assert found[1].endswith("route=POST /v1/playback/start status=200")


def test_without_an_id_everything_is_said_but_the_platforms_own_lines(folder: Path) -> None:
    found = said(LocalLogs(folder, from_start=True), None)

    assert len(found) == 4
    assert any("Traceback" in line for line in found)


def test_following_begins_at_the_end_and_waits_for_whole_lines(folder: Path) -> None:
    source = LocalLogs(folder, from_start=False)
    file = folder / f"{PUBLISH}.log"

    assert source.new() == []
    with file.open("a") as opened:
        opened.write(written(5, correlation_id=ID)[:20])
    assert source.new() == []
    with file.open("a") as opened:
        opened.write(written(5, correlation_id=ID)[20:] + "\n")
    assert [line.time for line in source.new()] == ["2026-11-24T10:00:05.000Z"]


def test_a_line_that_only_looks_like_one_of_ours_is_shown_as_it_is() -> None:
    line = Line.read(SESSIONS, "{not json")

    assert line.facts == {}
    assert line.shown().endswith("{not json")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--id", "nonsense"], "nonsense is no correlation id"),
        (["--data-dir", "nowhere"], "nowhere/logs does not exist"),
    ],
)
def test_a_mistake_ends_in_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert logs.main(arguments) == 1
    assert complaint in capsys.readouterr().err


class Functions:
    """Lambda with two functions, one of them of another environment."""

    def get_paginator(self, _name: str) -> Functions:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        group = {"LogGroup": "sessions"}
        ours = {"FunctionName": SESSIONS.replace("local", "dev"), "LoggingConfig": group}
        return [{"Functions": [ours, {"FunctionName": SESSIONS}]}]


@mock_aws
def test_a_deployed_environment_is_read_from_its_log_groups_once() -> None:
    client = boto3.client("logs", region_name="eu-west-1")
    client.create_log_group(logGroupName="sessions")
    client.create_log_stream(logGroupName="sessions", logStreamName="s")
    now = datetime.now(UTC)
    events = [{"timestamp": int(now.timestamp() * 1000), "message": written(1, status=200)}]
    client.put_log_events(logGroupName="sessions", logStreamName="s", logEvents=events)  # type: ignore[arg-type] # a literal

    source = DeployedLogs(Functions(), client, "dev", now, None)  # type: ignore[arg-type] # a fake

    assert [line.facts["status"] for line in source.new()] == [200]
    assert source.new() == []


@mock_aws
def test_an_environment_without_functions_says_so() -> None:
    client = boto3.client("logs", region_name="eu-west-1")

    with pytest.raises(CommandError, match="no functions of prod"):
        DeployedLogs(Functions(), client, "prod", datetime.now(UTC), None)  # type: ignore[arg-type] # a fake
