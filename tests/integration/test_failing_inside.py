"""What breaks while a film is made: it ends in words, publishes nothing, and can be tried again."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from commands.service_api import Api, find_service
from commands.upload import Uploader
from tests.cloud import Person, RunningCloud, eventually, processes_of
from tests.films import asset, unseen_film, until

PATIENCE_SECONDS = 60

Send = Callable[[str], str]


@pytest.fixture
def send(cloud: RunningCloud, tmp_path: Path) -> Send:
    """Upload a film of a few seconds under a title, without following it; its asset."""
    http = httpx.Client(timeout=30)
    uploader = Uploader(Api(find_service(cloud.environment()), http), http)

    def sending(title: str) -> str:
        film = unseen_film(tmp_path / "film.mp4", seconds=6)
        return uploader.send(film, title, lambda _sent, _size: None)

    return sending


def failed_steps(staff: Person, asset_id: str) -> list[str]:
    steps = asset(staff, asset_id)["steps"]
    return [step["name"] for step in steps if step["status"] == "failed"]


def retry(staff: Person, asset_id: str) -> None:
    answer = staff.ask("POST", f"/v1/assets/{asset_id}/retry")
    assert answer.status_code == 202, answer.text


def titles(member: Person) -> set[str]:
    return {title["name"] for title in member.get("/v1/titles")["titles"]}


def machine(cloud: RunningCloud) -> str:
    (found,) = cloud.operator("stepfunctions").list_state_machines()["stateMachines"]
    return str(found["stateMachineArn"])


def runs_of(cloud: RunningCloud, asset_id: str) -> list[dict[str, Any]]:
    """Executions that were started over an asset's file, newest first."""
    states = cloud.operator("stepfunctions")
    listed = states.list_executions(stateMachineArn=machine(cloud))["executions"]
    described = [states.describe_execution(executionArn=one["executionArn"]) for one in listed]
    mine = [one for one in described if f"uploads/{asset_id}/source" in one["input"]]
    return sorted(mine, key=lambda one: one["startDate"], reverse=True)


def encoders_of(cloud: RunningCloud, asset_id: str) -> list[int]:
    """Process ids of ffmpeg at work on an asset; other films may be under way, too."""
    jobs = [job["Id"] for job in jobs_of(cloud, asset_id)]
    return [
        pid
        for pid, command in processes_of(cloud.data_dir).items()
        if "-progress" in command and any(job in command for job in jobs)
    ]


def jobs_of(cloud: RunningCloud, asset_id: str) -> list[dict[str, Any]]:
    jobs = cloud.operator("mediaconvert").list_jobs()["Jobs"]
    return [job for job in jobs if job["UserMetadata"].get("asset_id") == asset_id]


def encoding(cloud: RunningCloud, asset_id: str) -> list[int]:
    """Its encoder's process, once there is one."""
    return eventually(
        lambda: encoders_of(cloud, asset_id), PATIENCE_SECONDS, "an encoder", every=0.02
    )


def test_a_killed_encoder_leaves_words_and_another_run_succeeds(
    cloud: RunningCloud, staff: Person, member: Person, send: Send
) -> None:
    title = f"Its encoder was killed {uuid.uuid4()}"
    asset_id = send(title)
    for pid in encoding(cloud, asset_id):
        os.kill(pid, signal.SIGKILL)

    failed = until(staff, asset_id, "failed")

    assert failed["failure"]["code"] == "transcode_failed"
    assert "1999" in failed["failure"]["message"]
    assert failed["failure"]["what_to_do"].startswith("Try again")
    # Steps follow the asset's own word a moment later.
    assert eventually(lambda: failed_steps(staff, asset_id), PATIENCE_SECONDS) == ["transcode"]
    assert title not in titles(member)
    assert published_files(cloud, asset_id) == []

    retry(staff, asset_id)
    until(staff, asset_id, "ready")
    eventually(lambda: title in titles(member), PATIENCE_SECONDS, "a title")


def published_files(cloud: RunningCloud, asset_id: str) -> list[str]:
    """What the origin has of an asset."""
    s3 = cloud.operator("s3")
    found = []
    for bucket in s3.list_buckets()["Buckets"]:
        for folder in ("m", "art"):
            answer = s3.list_objects_v2(Bucket=bucket["Name"], Prefix=f"{folder}/{asset_id}/")
            found += [one["Key"] for one in answer.get("Contents", [])]
    return found


def test_a_run_that_an_operator_stops_leaves_words_and_another_run_succeeds(
    cloud: RunningCloud, staff: Person, member: Person, send: Send
) -> None:
    title = f"Stopped by an operator {uuid.uuid4()}"
    asset_id = send(title)
    (run,) = eventually(lambda: runs_of(cloud, asset_id), PATIENCE_SECONDS, "a run")
    encoding(cloud, asset_id)

    cloud.operator("stepfunctions").stop_execution(executionArn=run["executionArn"])

    failed = until(staff, asset_id, "failed")
    assert failed["failure"]["code"] == "stopped"
    assert failed["failure"]["what_to_do"].startswith("Try again")
    assert eventually(lambda: failed_steps(staff, asset_id), PATIENCE_SECONDS) == ["transcode"]
    assert title not in titles(member)
    eventually(lambda: not encoders_of(cloud, asset_id), PATIENCE_SECONDS, "its job's end")

    retry(staff, asset_id)
    until(staff, asset_id, "ready")
    # The same event again, as AWS may deliver it: this file has been taken.
    again = cloud.operator("stepfunctions").start_execution(
        stateMachineArn=machine(cloud), input=run["input"]
    )["executionArn"]
    assert eventually(lambda: outcome(cloud, again), PATIENCE_SECONDS, "an end") == "SUCCEEDED"
    assert asset(staff, asset_id)["status"] == "ready"
    assert len(jobs_of(cloud, asset_id)) == 2


def outcome(cloud: RunningCloud, execution: str) -> str:
    status = cloud.operator("stepfunctions").describe_execution(executionArn=execution)["status"]
    return "" if status == "RUNNING" else str(status)


HOSTILE = "<img src=x onerror=alert(1)> ../../etc/passwd ${jndi:x} ‏فيلم‏ Ame\u0301lie 🎬"


def test_a_hostile_title_is_a_title_and_nothing_else(
    cloud: RunningCloud, staff: Person, member: Person, send: Send
) -> None:
    asset_id = send(HOSTILE)
    until(staff, asset_id, "ready")
    eventually(lambda: HOSTILE in titles(member), PATIENCE_SECONDS, "a title to the letter")

    (job,) = jobs_of(cloud, asset_id)
    written = json.dumps(job, default=str, ensure_ascii=False) + " ".join(
        published_files(cloud, asset_id)
    )
    logged = "".join(path.read_text() for path in (cloud.data_dir / "logs").glob("*"))
    for trace in ("onerror", "passwd", "jndi", "فيلم"):
        assert trace not in written
    assert "onerror" not in logged
