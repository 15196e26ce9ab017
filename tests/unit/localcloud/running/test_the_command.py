"""`python -m localcloud run` as a process: what a person sees when it cannot be."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cloud import free_port

from .conftest import eventually

ROOT = Path(__file__).resolve().parents[4]

ASSEMBLY = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(parents=True)
template = {"Resources": {"Thing": {"Type": "AWS::Unheard::Of", "Properties": {}}}}
(out / "t.template.json").write_text(json.dumps(template))
stack = {"type": "aws:cloudformation:stack", "environment": "aws://123456789012/eu-west-1",
         "properties": {"templateFile": "t.template.json"}}
(out / "manifest.json").write_text(json.dumps({"version": "50.0.0", "artifacts": {"one": stack}}))
"""


def command(repository: Path, data_dir: Path, port: int) -> list[str]:
    where = ("--port", str(port), "--data-dir", str(data_dir), "--source", str(repository))
    return [sys.executable, "-m", "localcloud", "run", *where]


def processes_of(data_dir: Path) -> list[str]:
    """Commands that name this DATA_DIR."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(data_dir) in line:
            found.append(line)
    return found


def outcome(repository: Path, data_dir: Path, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(repository, data_dir, port),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_template_with_an_unknown_type_is_one_message_that_names_it(
    repository: Path, data_dir: Path
) -> None:
    (repository / "app.py").write_text(ASSEMBLY)

    ended = outcome(repository, data_dir, free_port())

    assert ended.returncode == 1
    assert "AWS::Unheard::Of" in ended.stderr
    assert "Thing" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert processes_of(data_dir) == []


def test_a_state_of_another_version_is_one_message_that_says_what_to_do(
    repository: Path, data_dir: Path
) -> None:
    (data_dir / "state").mkdir()
    (data_dir / "state" / "index.json").write_text(json.dumps({"format": 0}))

    ended = outcome(repository, data_dir, free_port())

    assert ended.returncode == 1
    assert "was written by" in ended.stderr
    assert "Use another DATA_DIR" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_taken_port_is_told_in_a_second_and_leaves_nothing(
    repository: Path, data_dir: Path
) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        ended = outcome(repository, data_dir, port)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Port {port} is taken.")
    assert not (data_dir / "cdk.out").exists()


def test_a_data_dir_that_is_a_file_is_one_message(repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    ended = outcome(repository, file, free_port())

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_synthesis_ends_every_process_at_once(
    repository: Path, data_dir: Path, number: signal.Signals
) -> None:
    (repository / "app.py").write_text(
        "import subprocess, sys, time, os, pathlib\n"
        "marker = os.environ['CDK_OUTDIR'] + '.begun'\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', marker])\n"
        "pathlib.Path(marker).touch()\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen(
        command(repository, data_dir, free_port()),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    eventually((data_dir / "cdk.out.begun").exists, 60)
    begun = time.monotonic()

    process.send_signal(number)
    output, _ = process.communicate(timeout=30)

    assert time.monotonic() - begun < 20
    assert process.returncode == 1
    assert output.splitlines()[-1] == "Stopped before it was ready."
    eventually(lambda: processes_of(data_dir) == [])
