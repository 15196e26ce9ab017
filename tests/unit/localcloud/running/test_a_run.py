"""From nothing to `ready.json`, and back to nothing at any moment."""

from __future__ import annotations

import base64
import errno
import json
import socket
import threading
import time
from pathlib import Path

import pytest

from localcloud.failures import CannotRunError
from localcloud.running import Run, keep_up

from .conftest import FakeCloud, MakeRun, eventually

AN_EDITOR_SAVES = "# changed"


def started(run: Run) -> tuple[threading.Event, threading.Thread, list[int]]:
    """A run that is kept up on a thread, how to stop it, and its exit code once it ended."""
    stopping = threading.Event()
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(keep_up(run, stopping)), daemon=True)
    thread.start()
    return stopping, thread, codes


def test_ready_json_appears_when_everything_answers(
    make_run: MakeRun, data_dir: Path, cloud: FakeCloud
) -> None:
    run = make_run()

    run.start()

    ready = json.loads((data_dir / "ready.json").read_text())
    assert ready["web"] == f"http://localhost:{run.ports.edge}"
    assert ready["mailbox"] == "http://127.0.0.1:2/"
    assert ready["titles"] == [{"title_id": "ttl_1", "name": "A film"}]
    assert ready["accounts"]["staff"]["password"]
    assert cloud.calls == ["deploy cdk.out", "edge"]
    run.close()


def test_ready_json_is_gone_once_the_run_is_stopped(make_run: MakeRun, data_dir: Path) -> None:
    stopping, thread, codes = started(make_run())
    eventually((data_dir / "ready.json").exists)

    stopping.set()
    thread.join(20)

    assert codes == [0]
    assert not (data_dir / "ready.json").exists()


def test_only_its_owner_may_read_the_demo_sign_ins(make_run: MakeRun, data_dir: Path) -> None:
    run = make_run()

    run.start()

    assert (data_dir / "ready.json").stat().st_mode & 0o077 == 0
    assert (data_dir / "accounts.json").stat().st_mode & 0o077 == 0
    assert (data_dir / "operator.env").stat().st_mode & 0o077 == 0
    run.close()


def test_staff_have_a_second_step_in_a_data_dir_from_before_there_was_one(
    make_run: MakeRun, data_dir: Path
) -> None:
    before = {
        "member": {"email": "viewer@marquee.example", "password": "p1"},
        "staff": {"email": "staff@marquee.example", "password": "p2"},
    }
    (data_dir / "accounts.json").write_text(json.dumps(before))
    run = make_run()

    run.start()
    run.close()
    accounts = json.loads((data_dir / "accounts.json").read_text())
    again = make_run()
    again.start()

    secret = accounts["staff"].pop("totp_secret")
    assert accounts == before
    assert len(base64.b32decode(secret)) == 20
    ready = json.loads((data_dir / "ready.json").read_text())
    assert ready["accounts"]["staff"]["totp_secret"] == secret
    assert "totp_secret" not in ready["accounts"]["member"]
    again.close()


def test_an_operators_shell_finds_the_aws_endpoint_while_the_run_lasts(
    make_run: MakeRun, data_dir: Path
) -> None:
    run = make_run()

    run.start()

    assert (data_dir / "operator.env").read_text() == "AWS_ENDPOINT_URL=http://127.0.0.1:1\n"
    run.close()
    assert not (data_dir / "operator.env").exists()


def test_a_second_start_makes_neither_templates_nor_keys_anew(
    make_run: MakeRun, repository: Path
) -> None:
    first = make_run()
    first.start()
    first.close()
    again = make_run()
    again.ports = first.ports

    again.start()
    again.close()

    assert (repository / ".synthesized").read_text().count("once") == 1
    assert (repository / ".commands").read_text().count("keypair") == 1


def test_a_stop_while_templates_are_made_ends_that_process_at_once(
    make_run: MakeRun, repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (repository / "app.py").write_text(
        "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(600)"
    )
    stopping, thread, codes = started(make_run())
    eventually((repository / "begun").exists)
    begun = time.monotonic()

    stopping.set()
    thread.join(30)

    assert codes == [1]
    assert time.monotonic() - begun < 20
    assert "Stopped before it was ready." in capfd.readouterr().out


def test_a_stop_while_resources_are_created_does_not_wait_for_them(
    make_run: MakeRun, cloud: FakeCloud
) -> None:
    cloud.may_deploy.clear()
    stopping, thread, codes = started(make_run())
    assert cloud.deploying.wait(20)

    stopping.set()
    thread.join(20)

    assert codes == [1]
    assert "stop" in cloud.calls


def test_a_cloud_that_opened_after_the_stop_is_stopped_all_the_same(
    make_run: MakeRun, cloud: FakeCloud
) -> None:
    run = make_run()
    opening, may_open = threading.Event(), threading.Event()

    def open_slowly(*_: object) -> FakeCloud:
        opening.set()
        may_open.wait(20)
        return cloud

    run.open_cloud = open_slowly
    stopping, thread, _codes = started(run)
    assert opening.wait(20)

    stopping.set()
    thread.join(20)
    may_open.set()

    eventually(lambda: cloud.calls == ["stop"])


@pytest.mark.parametrize("which", ["edge", "issuer", "aws"])
def test_a_taken_port_is_one_message_that_names_it(
    make_run: MakeRun, which: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run = make_run()
    port = getattr(run.ports, which)
    with socket.create_server(("127.0.0.1", port)):
        code = keep_up(run, threading.Event())

    said = capfd.readouterr().err
    assert code == 1
    assert said.startswith(f"Port {port} is taken. Choose another")
    assert len(said.splitlines()) == 1


def test_a_data_dir_in_use_is_one_message(
    make_run: MakeRun, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = make_run()
    first.start()

    code = keep_up(make_run(), threading.Event())
    first.close()

    assert code == 1
    assert f"Another copy runs on {data_dir}" in capfd.readouterr().err


def test_a_failed_deployment_is_one_message_and_ends_everything(
    make_run: MakeRun, cloud: FakeCloud, capfd: pytest.CaptureFixture[str]
) -> None:
    cloud.refusal = CannotRunError("media/Pipeline (AWS::X::Y): it is unknown")

    code = keep_up(make_run(), threading.Event())

    captured = capfd.readouterr()
    assert code == 1
    assert captured.err.strip() == "media/Pipeline (AWS::X::Y): it is unknown"
    assert cloud.calls[-1] == "stop"
    assert "Traceback" not in captured.out + captured.err


def test_an_unforeseen_error_is_one_message_and_no_traceback(
    make_run: MakeRun, cloud: FakeCloud, capfd: pytest.CaptureFixture[str]
) -> None:
    cloud.refusal = KeyError("Buckets")

    code = keep_up(make_run(), threading.Event())

    said = capfd.readouterr().err
    assert code == 1
    assert "KeyError: 'Buckets'" in said
    assert "localcloud.log" in said
    assert "Traceback" not in said


def test_a_full_disk_says_so(
    make_run: MakeRun, cloud: FakeCloud, capfd: pytest.CaptureFixture[str]
) -> None:
    cloud.refusal = OSError(errno.ENOSPC, "No space left on device")

    code = keep_up(make_run(), threading.Event())

    assert code == 1
    assert "is full. Free some space" in capfd.readouterr().err


def test_a_state_that_cannot_be_saved_at_the_end_is_told(
    make_run: MakeRun, data_dir: Path, cloud: FakeCloud, capfd: pytest.CaptureFixture[str]
) -> None:
    cloud.refusal_to_stop = OSError(errno.ENOSPC, "No space left on device")
    stopping, thread, codes = started(make_run())
    eventually((data_dir / "ready.json").exists)

    stopping.set()
    thread.join(20)

    assert codes == [1]
    assert "is full" in capfd.readouterr().err


def test_a_command_that_fails_is_named_with_its_last_words(
    make_run: MakeRun, repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (repository / "app.py").write_text("raise ValueError('Environment local: unknown colour.')")

    code = keep_up(make_run(), threading.Event())

    said = capfd.readouterr().err
    assert code == 1
    assert said.startswith("app.py failed.\nValueError: Environment local: unknown colour.")
    assert "Traceback" not in said
