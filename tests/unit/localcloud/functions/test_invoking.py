from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.functions import (
    FunctionNotFoundError,
    InvalidFunctionError,
    Invocation,
    InvocationAbandonedError,
    PayloadTooLargeError,
    ThrottledError,
)

if TYPE_CHECKING:
    from tests.unit.localcloud.functions.conftest import Lambda

Eventually = Callable[[Callable[[], bool]], None]

ECHO = "def handler(event, context):\n    return event\n"
WHO = "import os\ndef handler(event, context):\n    return os.getpid()\n"
GATE = """
    import os, pathlib, time
    def handler(event, context):
        pathlib.Path(event["started"]).touch()
        while not os.path.exists(event["go"]):
            time.sleep(0.01)
        return "done"
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Held:
    """An invocation that goes on until it is let go."""

    def __init__(self, aws: Lambda, tmp_path: Path, name: str) -> None:
        self.go = tmp_path / f"{name}.go"
        self.results: list[Any] = []
        started = tmp_path / f"{name}.started"
        event = json.dumps({"started": str(started), "go": str(self.go)}).encode()

        def run() -> None:
            try:
                self.results.append(aws.functions.invoke("gate", event))
            except ThrottledError as error:
                self.results.append(error)

        self.thread = threading.Thread(target=run)
        self.thread.start()
        while not started.exists() and self.thread.is_alive():
            time.sleep(0.01)

    def end(self) -> Invocation:
        self.go.touch()
        self.thread.join(30)
        result = self.results[0]
        assert isinstance(result, Invocation)
        return result


def test_a_function_answers_what_its_handler_returns(aws: Lambda) -> None:
    aws.create(ECHO)

    answer = aws.functions.invoke("hello", b'{"film": "Bunny"}')

    assert (answer.status_code, answer.function_error) == (200, None)
    assert json.loads(answer.payload) == {"film": "Bunny"}


@pytest.mark.parametrize(
    "identifier",
    [
        "hello",
        "hello:live",
        "123456789012:function:hello",
        "arn:aws:lambda:eu-west-1:123456789012:function:hello",
        "arn:aws:lambda:eu-west-1:123456789012:function:hello:live",
    ],
)
def test_every_form_of_a_functions_name_reaches_it(aws: Lambda, identifier: str) -> None:
    aws.create("def handler(event, context):\n    return context.invoked_function_arn\n")

    arn = json.loads(aws.functions.invoke(identifier, b"{}").payload)

    assert arn.removesuffix(":live") == "arn:aws:lambda:eu-west-1:123456789012:function:hello"
    assert arn.endswith(":live") == identifier.endswith(":live")


def test_a_warm_process_serves_the_next_invocation(aws: Lambda) -> None:
    aws.create(WHO)

    first, second = (aws.functions.invoke("hello", b"{}").payload for _ in range(2))

    assert first == second
    assert len(aws.identities.issued) == 1


def test_an_unknown_function_is_not_found(aws: Lambda) -> None:
    with pytest.raises(FunctionNotFoundError) as refused:
        aws.functions.invoke("nobody:live", b"{}")

    expected = "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:nobody"
    assert refused.value.message == expected


def test_a_handler_that_raises_answers_its_error_and_serves_again(aws: Lambda) -> None:
    aws.create(
        """
        def handler(event, context):
            if event.get("bad"):
                raise ValueError("not a film")
            return "fine"
        """
    )

    failed = aws.functions.invoke("hello", b'{"bad": true}')
    after = aws.functions.invoke("hello", b"{}")

    error = json.loads(failed.payload)
    assert (failed.status_code, failed.function_error) == (200, "Unhandled")
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "not a film")
    assert error["requestId"] == failed.request_id
    assert "line 4, in handler" in error["stackTrace"][0]
    assert after.payload == b'"fine"'


def test_a_process_killed_in_the_middle_answers_that_it_exited_and_is_replaced(
    aws: Lambda, tmp_path: Path
) -> None:
    aws.create(GATE, name="gate")
    held = Held(aws, tmp_path, "first")
    (pid,) = aws.functions.pids("gate")

    os.kill(pid, signal.SIGKILL)
    failed = held.end()
    again = Held(aws, tmp_path, "second").end()

    assert failed.function_error == "Unhandled"
    assert json.loads(failed.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {failed.request_id} Error: "
        "Runtime exited with error: signal: killed",
    }
    assert again.payload == b'"done"'


def test_a_process_killed_while_idle_is_replaced_unnoticed(
    aws: Lambda, eventually: Eventually
) -> None:
    aws.create(WHO)
    (pid,) = [int(aws.functions.invoke("hello", b"{}").payload)]

    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not running(pid))
    answer = aws.functions.invoke("hello", b"{}")

    assert answer.function_error is None
    assert int(answer.payload) != pid


def test_a_handler_that_exits_answers_its_exit_status(aws: Lambda) -> None:
    aws.create("import os\ndef handler(event, context):\n    os._exit(event)\n")

    failed = aws.functions.invoke("hello", b"3")
    silent = aws.functions.invoke("hello", b"0")

    message = f"RequestId: {failed.request_id} Error: Runtime exited with error: exit status 3"
    assert json.loads(failed.payload)["errorMessage"] == message
    assert json.loads(silent.payload)["errorMessage"].endswith(
        "Error: Runtime exited without providing a reason"
    )


def test_a_handler_that_hangs_is_ended_at_its_timeout_with_its_children(
    aws: Lambda, tmp_path: Path, eventually: Eventually
) -> None:
    aws.create(
        """
        import pathlib, subprocess, threading
        def handler(event, context):
            child = subprocess.Popen(["sleep", "600"])
            pathlib.Path(event).write_text(str(child.pid))
            threading.Event().wait()
        """,
        timeout=timedelta(seconds=1),
    )

    failed = aws.functions.invoke("hello", json.dumps(str(tmp_path / "pid")).encode())

    assert failed.function_error == "Unhandled"
    assert json.loads(failed.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {failed.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert f"{failed.request_id} Task timed out after 1.00 seconds" in aws.log()
    assert aws.functions.pids("hello") == []
    child = int((tmp_path / "pid").read_text())
    eventually(lambda: not running(child))


def test_the_handler_knows_how_long_it_has(aws: Lambda) -> None:
    aws.create(
        "def handler(event, context):\n    return context.get_remaining_time_in_millis()\n",
        timeout=timedelta(seconds=20),
    )

    remaining = int(aws.functions.invoke("hello", b"{}").payload)

    assert 10_000 < remaining <= 20_000


def test_a_module_that_is_not_there_answers_as_the_runtime_does(aws: Lambda) -> None:
    aws.create(ECHO, handler="nowhere.handler")

    failed = aws.functions.invoke("hello", b"{}")

    error = json.loads(failed.payload)
    assert failed.function_error == "Unhandled"
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert error["errorMessage"] == "Unable to import module 'nowhere': No module named 'nowhere'"


def test_a_module_that_exits_while_it_is_imported_answers_its_exit(aws: Lambda) -> None:
    aws.create("raise SystemExit(7)")

    error = json.loads(aws.functions.invoke("hello", b"{}").payload)

    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Runtime exited with error: exit status 7")


def test_a_module_that_never_finishes_importing_is_ended(
    aws: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.functions.worker.INIT_LIMIT", timedelta(seconds=0.5))
    aws.create("import threading\nthreading.Event().wait()", timeout=timedelta(seconds=0.5))

    error = json.loads(aws.functions.invoke("hello", b"{}").payload)

    assert error["errorType"] == "Sandbox.Timedout"
    assert aws.functions.pids("hello") == []


def test_a_handler_that_takes_too_much_memory_is_ended(aws: Lambda) -> None:
    aws.create(
        """
        import threading
        def handler(event, context):
            hoard = b"x" * (200 * 1024 * 1024)
            threading.Event().wait()
        """,
        memory_mb=128,
    )

    failed = aws.functions.invoke("hello", b"{}")

    error = json.loads(failed.payload)
    assert error["errorType"] == "Runtime.OutOfMemory"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB" in aws.log()


def test_what_json_cannot_hold_is_a_marshalling_error(aws: Lambda) -> None:
    aws.create("def handler(event, context):\n    return {1, 2}\n")

    error = json.loads(aws.functions.invoke("hello", b"{}").payload)

    assert error["errorType"] == "Runtime.MarshalError"


def test_a_response_above_six_megabytes_is_refused(aws: Lambda) -> None:
    aws.create("def handler(event, context):\n    return 'x' * event\n")

    fits = aws.functions.invoke("hello", b"6000000")
    refused = aws.functions.invoke("hello", b"6291555")
    after = aws.functions.invoke("hello", b"1")

    assert len(fits.payload) == 6_000_002
    assert json.loads(refused.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }
    assert after.payload == b'"x"'


def test_an_event_of_six_megabytes_arrives_and_a_larger_one_is_refused(aws: Lambda) -> None:
    aws.create("def handler(event, context):\n    return len(event)\n")
    limit = 6 * 1024 * 1024

    answer = aws.functions.invoke("hello", b'"' + b"x" * (limit - 2) + b'"')

    assert int(answer.payload) == limit - 2
    with pytest.raises(PayloadTooLargeError) as refused:
        aws.functions.invoke("hello", b'"' + b"x" * (limit - 1) + b'"')
    assert refused.value.code == "RequestEntityTooLargeException"


def test_invocations_at_once_are_served_by_processes_of_their_own(
    aws: Lambda, tmp_path: Path
) -> None:
    aws.create(GATE, name="gate")

    held = [Held(aws, tmp_path, str(number)) for number in range(3)]

    assert len(aws.functions.pids("gate")) == 3
    assert [invocation.end().payload for invocation in held] == [b'"done"'] * 3


def test_beyond_this_machines_processes_callers_wait_their_turn(
    aws: Lambda, tmp_path: Path
) -> None:
    aws.create(WHO)

    answers: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(aws.functions.invoke("hello", b"{}").payload)
        )
        for _ in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(answers) == 32
    assert len(aws.functions.pids("hello")) <= 4


def test_beyond_its_reserved_concurrency_a_function_is_throttled(
    aws: Lambda, tmp_path: Path
) -> None:
    aws.create(GATE, name="gate", reserved_concurrency=1)
    held = Held(aws, tmp_path, "first")

    with pytest.raises(ThrottledError) as refused:
        aws.functions.invoke("gate", b"{}")

    assert refused.value.code == "TooManyRequestsException"
    assert refused.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert held.end().payload == b'"done"'
    assert Held(aws, tmp_path, "after").end().payload == b'"done"'


def test_a_function_with_no_concurrency_never_runs(aws: Lambda) -> None:
    aws.create(ECHO, reserved_concurrency=0)

    with pytest.raises(ThrottledError):
        aws.functions.invoke("hello", b"{}")


def test_a_caller_without_patience_leaves_while_the_function_goes_on(
    aws: Lambda, tmp_path: Path, eventually: Eventually
) -> None:
    aws.create(GATE, name="gate")
    go, started = tmp_path / "go", tmp_path / "started"
    event = json.dumps({"started": str(started), "go": str(go)}).encode()

    with pytest.raises(InvocationAbandonedError):
        aws.functions.invoke("gate", event, timeout=timedelta(milliseconds=50))

    eventually(started.exists)
    go.touch()
    eventually(lambda: "REPORT RequestId" in aws.log("gate"))


def test_a_process_is_replaced_before_its_credentials_expire(aws: Lambda) -> None:
    aws.create(
        "import os\ndef handler(event, context):\n    return os.environ['AWS_ACCESS_KEY_ID']"
    )
    aws.identities.lifetime = timedelta(seconds=70)

    first = aws.functions.invoke("hello", b"{}").payload
    second = aws.functions.invoke("hello", b"{}").payload

    assert (first, second) == (b'"ASIA1"', b'"ASIA2"')
    assert len(aws.functions.pids("hello")) == 1


def test_the_log_reads_as_lambdas_does(aws: Lambda) -> None:
    aws.create(
        """
        import sys
        print("importing")
        def handler(event, context):
            print("played", "Bünny")
            print("to stderr", file=sys.stderr)
            raise ValueError("no")
        """
    )

    answer = aws.functions.invoke("hello", b"{}")

    request_id = answer.request_id
    log = aws.log()
    assert log.startswith("INIT_START Runtime Version: python:3.13")
    assert log.index("importing") < log.index(f"START RequestId: {request_id} Version: $LATEST")
    assert "played Bünny\nto stderr\n[ERROR] ValueError: no\nTraceback" in log
    assert f"\nEND RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: " in log
    assert "Memory Size: 128 MB\tMax Memory Used: " in log
    assert "\tInit Duration: " in log
    assert answer.log_tail == log


def test_a_function_that_writes_more_than_a_pipe_holds_is_not_stopped(aws: Lambda) -> None:
    aws.create("def handler(event, context):\n    print('x' * 1_000_000)\n    return 'ok'\n")

    answer = aws.functions.invoke("hello", b"{}")

    assert answer.payload == b'"ok"'
    assert len(aws.log()) > 1_000_000
    assert len(answer.log_tail) == 4096


def test_stopping_leaves_no_process_and_no_temporary_file(
    aws: Lambda, tmp_path: Path, eventually: Eventually
) -> None:
    aws.create(GATE, name="gate")
    aws.create(WHO)
    aws.functions.invoke("hello", b"{}")
    held = Held(aws, tmp_path, "held")
    pids = [*aws.functions.pids("gate"), *aws.functions.pids("hello")]

    aws.functions.stop()

    assert held.end().function_error == "Unhandled"
    assert [pid for pid in pids if running(pid)] == []
    eventually(lambda: not list((aws.data_dir / "functions" / "tmp").iterdir()))


def test_no_process_outlives_a_parent_that_was_killed(
    tmp_path: Path, eventually: Eventually
) -> None:
    (tmp_path / "app.py").write_text(dedent(GATE) + "\n")
    script = f"""
        import sys, threading, json
        from datetime import UTC, datetime, timedelta
        from pathlib import Path
        from types import SimpleNamespace
        from localcloud.function_spec import FunctionSpec
        from localcloud.functions import Functions
        root = Path({str(tmp_path)!r})
        def credentials_for(role, session):
            return SimpleNamespace(access_key_id="a", secret_access_key="b", session_token="c",
                                   expiration=datetime.now(UTC) + timedelta(hours=1))
        functions = Functions(root / "data", "http://127.0.0.1", "x", "1", credentials_for)
        functions.create(FunctionSpec(name="gate", arn="arn", handler="app.handler",
            runtime="python3.13", code_path=root, timeout=timedelta(seconds=60)))
        event = {{"started": str(root / "started"), "go": str(root / "never")}}
        arguments = ("gate", json.dumps(event).encode())
        thread = threading.Thread(target=functions.invoke, args=arguments)
        thread.start()
        while not (root / "started").exists():
            thread.join(0.01)
        print(functions.pids("gate")[0], flush=True)
        thread.join()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", dedent(script)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[4],
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert running(pid)

    parent.kill()
    parent.wait()

    eventually(lambda: not running(pid))


def test_replacing_a_function_runs_the_new_code(aws: Lambda) -> None:
    aws.create(ECHO)
    aws.functions.invoke("hello", b"{}")
    before = aws.functions.pids("hello")

    aws.create("def handler(event, context):\n    return 'new code'\n")

    assert aws.functions.invoke("hello", b"{}").payload == b'"new code"'
    assert [pid for pid in before if running(pid)] == []


def test_an_environment_above_four_kilobytes_is_refused(aws: Lambda) -> None:
    aws.create(ECHO, environment={"A": "x" * 4000})

    with pytest.raises(InvalidFunctionError, match="exceeded the 4KB limit"):
        aws.create(ECHO, environment={"A": "x" * 4096})


def test_a_variable_of_lambdas_own_is_refused(aws: Lambda) -> None:
    with pytest.raises(InvalidFunctionError, match="used in this request: AWS_REGION"):
        aws.create(ECHO, environment={"AWS_REGION": "eu-west-1"})
