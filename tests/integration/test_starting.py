"""Starting that cannot succeed says why in one line and leaves nothing; Ctrl-C always ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cloud import (
    PORT_OFFSETS,
    ROOT,
    Person,
    RunningCloud,
    command_environment,
    end,
    eventually,
    free_port,
    is_free,
    output_file,
    processes_of,
    start,
    start_command,
)

REFUSAL_SECONDS = 60


def refused_start(port: int, data_dir: Path) -> str:
    """The one line that a start which cannot succeed says."""
    ended = subprocess.run(
        start_command(port, data_dir, "--no-demo"),
        cwd=ROOT,
        env=command_environment(),
        capture_output=True,
        text=True,
        timeout=REFUSAL_SECONDS,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    return ended.stderr.strip()


@pytest.mark.parametrize("offset", PORT_OFFSETS)
def test_a_port_that_is_taken_is_named_with_a_way_out(
    cloud: RunningCloud, tmp_path: Path, offset: int
) -> None:
    """Whichever of the three it is; and the service that has it does not notice."""
    taken = cloud.port + offset

    said = refused_start(taken, tmp_path / "data")

    assert str(taken) in said
    assert "PORT=" in said
    assert processes_of(tmp_path / "data") == {}
    assert cloud.ready["web"]


def test_a_data_dir_in_use_is_named_with_a_way_out(cloud: RunningCloud) -> None:
    said = refused_start(free_port(), cloud.data_dir)

    assert str(cloud.data_dir) in said
    assert "DATA_DIR=" in said
    assert (cloud.data_dir / "ready.json").exists()


def test_a_data_dir_of_another_version_is_not_misread(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "state").mkdir(parents=True)
    (data_dir / "state" / "index.json").write_text('{"format": 999}')

    said = refused_start(free_port(), data_dir)

    assert "newer version" in said
    assert processes_of(data_dir) == {}
    assert (data_dir / "state" / "index.json").read_text() == '{"format": 999}'


def test_a_data_dir_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.write_text("a file")

    assert str(data_dir) in refused_start(free_port(), data_dir)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("Synthesizing", signal.SIGTERM),
        ("Deploying", signal.SIGINT),
        ("Bootstrapping", signal.SIGINT),
    ],
)
def test_ctrl_c_while_it_comes_up_leaves_nothing(
    tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    service = start(tmp_path / "data", "--no-demo")
    assert service.process is not None
    try:
        eventually(
            lambda: output_file(service.data_dir).exists() and moment in service.output(),
            120,
            moment,
        )

        service.process.send_signal(number)

        assert service.process.wait(30) in (0, 1)
        service.leaves_nothing()
        assert not (service.data_dir / "ready.json").exists()
        assert "Traceback" not in service.output()
    finally:
        end(service)


def kill_9(cloud: RunningCloud, script: str) -> None:
    """End the processes that run a script for the service; they are no more when it returns."""
    workers = {pid for pid, command in processes_of(cloud.data_dir).items() if script in command}
    assert workers
    for process in workers:
        os.kill(process, signal.SIGKILL)
    eventually(lambda: not workers & processes_of(cloud.data_dir).keys(), 10, "their end")


@pytest.mark.parametrize("path", ["/v1/titles", "/v1/progress"])
def test_functions_that_were_killed_start_again(
    cloud: RunningCloud, member: Person, path: str
) -> None:
    member.get(path)
    kill_9(cloud, "launcher.py")

    # One request may still meet a process at its very end, as on AWS.
    eventually(lambda: member.ask("GET", path).status_code == 200, 20, "an answer")
    assert Person(cloud, "member").get(path)


def test_the_edges_worker_that_was_killed_starts_again(cloud: RunningCloud, member: Person) -> None:
    page = "/watch/ttl_00000000000000000000000000"
    member.open(page)
    kill_9(cloud, "runtime.cjs")

    eventually(lambda: member.open(page).status_code == 200, 20, "the page")


def test_a_service_that_runs_holds_its_ports(cloud: RunningCloud) -> None:
    assert not [offset for offset in PORT_OFFSETS if is_free(cloud.port + offset)]
