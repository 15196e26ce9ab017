from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from localcloud.mediaconvert import MediaConvert
from localcloud.mediaconvert.tools import FFMPEG

DEADLINE_SECONDS = 30


@pytest.fixture
def endless(job: dict[str, Any], tmp_path: Path, cloud: Any) -> dict[str, Any]:
    """A job that takes minutes: an hour of one small picture, asked for at 30 frames a second."""
    file = tmp_path / "hour.mp4"
    subprocess.run(
        [
            FFMPEG,
            *("-loglevel", "error"),
            *("-f", "lavfi", "-i", "color=size=64x64:rate=1:duration=3600"),
            *("-c:v", "libx264", "-preset", "ultrafast", str(file)),
        ],
        check=True,
    )
    cloud.s3.objects["mezzanine", "uploads/ast_1/source"] = file.read_bytes()
    outputs = job["settings"]["outputGroups"][0]["outputs"]
    del outputs[1:]
    outputs[0]["videoDescription"] |= {"width": 1920, "height": 1080}
    outputs[0]["videoDescription"]["codecSettings"]["h264Settings"] |= {
        "framerateControl": "SPECIFIED",
        "framerateNumerator": 30,
        "framerateDenominator": 1,
    }
    return job


def _submit(cloud: Any, job: dict[str, Any]) -> str:
    answer = cloud.ask("POST", "jobs", json.dumps(job).encode())
    assert answer.status == 201, answer.body
    job_id: str = json.loads(answer.body)["job"]["id"]
    return job_id


def _wait_until_encoding(cloud: Any, job_id: str) -> None:
    # Status updates are told from ffmpeg's own progress, once their time has come.
    cloud.wait_for(job_id, "INPUT_INFORMATION", "ERROR")
    cloud.now += 61
    cloud.wait_for(job_id, "STATUS_UPDATE", "ERROR", "COMPLETE")
    assert cloud.statuses(job_id)[-1] == "STATUS_UPDATE"


def _processes_of(job_id: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if job_id in command:
                found.append(command)
    return found


def _wait_for_none(job_id: str) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while _processes_of(job_id):
        assert time.monotonic() < end, "ffmpeg still runs"


def test_cancelling_a_running_job_kills_its_encoder(cloud: Any, endless: dict[str, Any]) -> None:
    job_id = _submit(cloud, endless)
    _wait_until_encoding(cloud, job_id)
    assert _processes_of(job_id)

    answer = cloud.ask("DELETE", f"jobs/{job_id}")

    assert answer.status == 202
    _wait_for_none(job_id)
    done = cloud.wait_for(job_id, "CANCELED")
    assert done["status"] == "CANCELED"
    assert cloud.statuses(job_id)[-1] == "CANCELED"
    assert cloud.s3.order == []


def test_stopping_leaves_no_process(cloud: Any, endless: dict[str, Any]) -> None:
    job_id = _submit(cloud, endless)
    _wait_until_encoding(cloud, job_id)

    cloud.service.stop()

    assert _processes_of(job_id) == []
    assert not (cloud.work_dir / job_id).exists()


def test_a_status_update_tells_phase_and_progress(cloud: Any, endless: dict[str, Any]) -> None:
    job_id = _submit(cloud, endless)

    _wait_until_encoding(cloud, job_id)

    detail = cloud.events[-1][2]
    assert detail["jobProgress"]["currentPhase"] == "TRANSCODING"
    assert detail["jobProgress"]["phaseProgress"]["PROBING"]["status"] == "COMPLETE"
    assert detail["jobProgress"]["phaseProgress"]["UPLOADING"]["status"] == "PENDING"
    assert 5 <= detail["jobProgress"]["jobPercentComplete"] < 90


def test_the_second_job_of_a_queue_waits_and_can_be_cancelled_before_it_runs(
    cloud: Any, endless: dict[str, Any]
) -> None:
    first = _submit(cloud, endless)
    _wait_until_encoding(cloud, first)

    second = _submit(cloud, endless)

    assert cloud.service.get_job(second)["status"] == "SUBMITTED"
    assert cloud.ask("DELETE", f"jobs/{second}").status == 202
    assert cloud.service.get_job(second)["status"] == "CANCELED"
    assert cloud.statuses(second) == ["CANCELED"]
    assert cloud.ask("DELETE", f"jobs/{second}").status == 409


def test_the_same_token_within_a_minute_makes_one_job(cloud: Any, job: dict[str, Any]) -> None:
    job["clientRequestToken"] = "run-1"
    first = _submit(cloud, job)

    again = _submit(cloud, job)
    cloud.now += 61
    later = _submit(cloud, job)

    assert first == again
    assert later != first


def test_jobs_are_listed_newest_first_in_pages(cloud: Any, job: dict[str, Any]) -> None:
    ids = []
    for _ in range(3):
        ids.append(_submit(cloud, job))
        cloud.now += 1
        cloud.wait_for(ids[-1], "ERROR")

    page = json.loads(cloud.ask("GET", "jobs", query="maxResults=2").body)
    rest = json.loads(
        cloud.ask("GET", "jobs", query=f"maxResults=2&nextToken={page['nextToken']}").body
    )
    failed = json.loads(cloud.ask("GET", "jobs", query="status=ERROR&order=ASCENDING").body)

    assert [job["id"] for job in page["jobs"]] == ids[:0:-1]
    assert [job["id"] for job in rest["jobs"]] == ids[:1]
    assert "nextToken" not in rest
    assert [job["id"] for job in failed["jobs"]] == ids
    assert cloud.ask("GET", "jobs", query="maxResults=21").status == 400


def test_a_job_nobody_made_is_not_found(cloud: Any) -> None:
    answer = cloud.ask("GET", "jobs/1-none")

    assert answer.status == 404
    assert answer.header("x-amzn-errortype") == "NotFoundException"
    assert cloud.ask("DELETE", "jobs/1-none").status == 404
    assert cloud.ask("GET", "presets").status == 404


def test_finished_jobs_are_known_after_a_restart(
    cloud: Any, job: dict[str, Any], tmp_path: Path
) -> None:
    job_id = _submit(cloud, job)
    done = cloud.wait_for(job_id, "ERROR")
    state = json.loads(json.dumps(cloud.service.export_state()))
    later = MediaConvert(
        "eu-west-1",
        "123456789012",
        s3_for_role=lambda _: cloud.s3,
        key_provider=cloud.key_server,
        put_event=lambda *_: None,
        work_dir=tmp_path / "later",
        clock=lambda: cloud.now,
    )

    later.import_state(state)

    assert later.get_job(job_id) == done
    assert later.export_state() == state
