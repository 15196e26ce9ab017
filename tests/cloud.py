"""The local cloud as a person runs it: a child process, its `ready.json`, Ctrl-C."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import httpx

from commands.bootstrap import create_account
from commands.outputs import Outputs
from commands.service_api import Service
from commands.sign_in import SignIn
from commands.totp import new_secret
from tests.suite import ROOT, worker

READY_SECONDS = 480
"""A first run with its demo films on two cores, by the promise of the README."""

STOP_SECONDS = 60
"""A stop saves every object and item a last time."""

SETTLED_SECONDS = 5
"""A process whose parent was killed notices at its next word to it."""

PORT_OFFSETS = (0, 1000, 2000, 3000)
"""Edge, issuer, AWS endpoint and where players tell, above PORT."""

WORKERS_APART = 8
"""A divisor of what those are apart."""

T = TypeVar("T")


class NeverHappenedError(AssertionError):
    """A condition did not come true in time."""


def eventually(condition: Callable[[], T], seconds: float, what: str = "", every: float = 0.1) -> T:
    """The first true value of a condition; NeverHappenedError with the last one at the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise NeverHappenedError(f"{what or 'nothing'} after {seconds} s: {value!r}")
        time.sleep(every)
    return value


def is_free(port: int) -> bool:
    """Whether the loopback's port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A PORT whose four addresses nobody has, and that no other worker takes meanwhile."""
    # Below the range that the system hands out to clients by itself. Workers have the ports of
    # one remainder each, and so have those above them, by multiples of it.
    share = int(worker().removeprefix("gw") or 0) % WORKERS_APART
    start = 10_000 + os.getpid() % 5_000 // WORKERS_APART * WORKERS_APART + share
    for port in range(start, start + 5_000, WORKERS_APART):
        if all(is_free(port + offset) for offset in PORT_OFFSETS):
            return port
    raise NeverHappenedError("no free PORT")


def processes_of(data_dir: Path) -> dict[int, str]:
    """Commands by process id of whatever runs for a DATA_DIR: named in its command, its folder
    or its environment."""
    folder = str(data_dir).encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            traces = (command, (process / "environ").read_bytes(), os.readlink(process / "cwd"))
        except (OSError, ValueError):
            continue
        if (
            int(process.name) != os.getpid()
            and command
            and any(
                folder in (trace if isinstance(trace, bytes) else trace.encode())
                for trace in traces
            )
        ):
            found[int(process.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


@dataclass
class RunningCloud:
    """One `python -m localcloud run`."""

    port: int
    data_dir: Path
    process: subprocess.Popen[bytes] | None
    """None for a service that was running before."""

    @property
    def ready(self) -> dict[str, Any]:
        """What `ready.json` says."""
        found: dict[str, Any] = json.loads((self.data_dir / "ready.json").read_text())
        return found

    @property
    def web(self) -> str:
        """The public origin."""
        return str(self.ready["web"])

    @property
    def issuer(self) -> str:
        """Who signs tokens."""
        return str(self.ready["issuer"])

    @property
    def aws(self) -> str:
        """The AWS endpoint."""
        return f"http://127.0.0.1:{self.port + 2000}"

    @property
    def member(self) -> Service:
        """The service, for its demo member."""
        return self._service("member")

    @property
    def staff(self) -> Service:
        """The service, for somebody of staff."""
        return self._service("staff")

    def account(self, kind: str) -> dict[str, str]:
        """Who signs in: the demo's member, or somebody of staff who was not there before.

        A code of an app is good once, so that two who sign in as one wait for each other.
        """
        return self.new_staff() if kind == "staff" else dict(self.ready["accounts"][kind])

    def new_staff(self, *, with_app: bool = True) -> dict[str, str]:
        """An account for staff, as operators make them; without an app it is of little use."""
        made = {
            "email": f"staff-{secrets.token_hex(6)}@marquee.example",
            "password": secrets.token_urlsafe(9),
            "totp_secret": new_secret() if with_app else "",
        }
        scopes = ["member", "staff"]
        assert create_account(self.operator("lambda"), self.account_function, **made, scopes=scopes)
        return made

    @property
    def account_function(self) -> str:
        """The function by which operators make accounts, by ARN."""
        return Outputs(self.data_dir / "outputs.json").get("identity", "CreateAccountFunction")

    def _service(self, kind: str) -> Service:
        account = self.account(kind)
        return Service(
            self.web, account["email"], account["password"], account.get("totp_secret", "")
        )

    def environment(self, kind: str = "staff") -> dict[str, str]:
        """What a command of `commands/` finds this service by."""
        service = self._service(kind)
        return {
            **os.environ,
            "DATA_DIR": str(self.data_dir),
            "MARQUEE_SITE": service.site,
            "MARQUEE_EMAIL": service.email,
            "MARQUEE_PASSWORD": service.password,
            "MARQUEE_TOTP_SECRET": service.totp_secret,
        }

    def operator(self, service: str) -> Any:
        """A boto3 client with the rights of whoever operates it."""
        lines = (self.data_dir / "operator.env").read_text().splitlines()
        shell = dict(line.split("=", 1) for line in lines)
        return boto3.client(
            service,  # type: ignore[call-overload]  # any service's
            endpoint_url=shell["AWS_ENDPOINT_URL"],
            region_name=shell["AWS_DEFAULT_REGION"],
            aws_access_key_id=shell["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=shell["AWS_SECRET_ACCESS_KEY"],
        )

    def output(self) -> str:
        """What it printed so far; nothing of a service that somebody else started."""
        path = output_file(self.data_dir)
        return path.read_text(errors="replace") if path.exists() else ""

    def followed(self, correlation_id: str) -> list[dict[str, Any]]:
        """What `make logs ID=…` finds: the lines of one request and of all it brought about."""
        command = [sys.executable, "-m", "commands.logs", "--once", "--json"]
        found = subprocess.run(
            [*command, "--id", correlation_id, "--data-dir", str(self.data_dir)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in found.stdout.splitlines()]

    def stop(self) -> int:
        """Ctrl-C, and its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """kill -9 of the one process that a person started."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def leaves_nothing(self) -> None:
        """Neither a process nor a port of it is left; AssertionError names them."""
        assert settled_processes(self.data_dir) == {}
        assert all(is_free(self.port + offset) for offset in PORT_OFFSETS)


def settled_processes(data_dir: Path) -> dict[int, str]:
    """What is left of a service once all that ends by itself has had its time to."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while (left := processes_of(data_dir)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def output_file(data_dir: Path) -> Path:
    """Beside DATA_DIR, which the service itself makes."""
    return data_dir.with_name(f"{data_dir.name}.output")


def start_command(port: int, data_dir: Path, *options: str) -> list[str]:
    """What `make run` runs."""
    run = [sys.executable, "-m", "localcloud", "run", "--port", str(port)]
    return [*run, "--data-dir", str(data_dir), *options]


def command_environment(**more: str) -> dict[str, str]:
    """As the Makefile has it: the environment's own Node before any other."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1", **more}


def start(data_dir: Path, *options: str, port: int | None = None) -> RunningCloud:
    """Start the service and return at once."""
    port = port or free_port()
    # One that was killed leaves it, and the new one takes a moment to remove it.
    (data_dir / "ready.json").unlink(missing_ok=True)
    with output_file(data_dir).open("wb") as output:
        process = subprocess.Popen(
            start_command(port, data_dir, *options),
            cwd=ROOT,
            env=command_environment(DATA_DIR=str(data_dir), PORT=str(port)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return RunningCloud(port, data_dir, process)


def await_ready(cloud: RunningCloud, seconds: float = READY_SECONDS) -> RunningCloud:
    """Until `ready.json` appears; AssertionError with the output when the process ends before."""
    assert cloud.process is not None
    process = cloud.process

    def settled() -> bool:
        return (cloud.data_dir / "ready.json").exists() or process.poll() is not None

    try:
        eventually(settled, seconds, "ready.json")
    except NeverHappenedError as error:
        raise AssertionError(f"not ready: {cloud.output()}") from error
    assert process.poll() is None, f"ended with {process.returncode}: {cloud.output()}"
    return cloud


@contextmanager
def running(data_dir: Path, *options: str, port: int | None = None) -> Iterator[RunningCloud]:
    """A service that is ready, stopped at the end if the test has not ended it itself."""
    cloud = start(data_dir, *options, port=port)
    try:
        yield await_ready(cloud)
    finally:
        end(cloud)


def end(cloud: RunningCloud) -> None:
    """Whatever state it is in, leave nothing running."""
    assert cloud.process is not None
    try:
        cloud.stop()
    except subprocess.TimeoutExpired:
        cloud.kill()
    for process in processes_of(cloud.data_dir):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue


def attached(data_dir: Path) -> RunningCloud:
    """A service that somebody runs already."""
    ready = json.loads((data_dir / "ready.json").read_text())
    return RunningCloud(httpx.URL(ready["web"]).port or 80, data_dir, None)


WEB_PLAYER = {"family": "shaka", "drm": "clearkey", "max_height": None}
"""The device that the web player says it is."""


class Person:
    """Somebody signed in by code and PKCE over the hosted page, as one device."""

    def __init__(
        self,
        cloud: RunningCloud,
        kind: str,
        password: str | None = None,
        heard: Callable[[httpx.Response], None] | None = None,
    ) -> None:
        """`kind` is `member` or `staff`; SignInError.

        `heard` is told of every answer of the API.
        """
        account = cloud.account(kind)
        scope = "member staff" if kind == "staff" else "member"
        hooks = {"response": [heard] if heard else []}
        self._http = httpx.Client(base_url=cloud.web, timeout=30, event_hooks=hooks)
        sign_in = SignIn(cloud.issuer, httpx.Client(timeout=30))
        self.tokens = sign_in.with_password(
            account["email"],
            password or account["password"],
            scope,
            account.get("totp_secret", ""),
        )

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """The answer of the API, whatever it is."""
        bearer = {"authorization": f"Bearer {self.tokens.access_token()}"}
        json_body = {} if body is None else {"json": body}
        return self._http.request(method, path, headers={**bearer, **headers}, **json_body)

    def open(self, path: str) -> httpx.Response:
        """What anybody gets from the edge, without a token."""
        return self._http.get(path)

    def get(self, path: str) -> dict[str, Any]:
        """A JSON object that there must be."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def play(
        self,
        title_id: str,
        family: str = "shaka",
        carrier: str | None = None,
        *,
        steering: bool = False,
        **headers: str,
    ) -> Play:
        """Start a title, as the web player does, or with a token in its address, or steered."""
        device = {**WEB_PLAYER, "family": family}
        body = {
            "title_id": title_id,
            "device": device,
            **({"carrier": carrier} if carrier else {}),
            **({"steering": True} if steering else {}),
        }
        answer = self.ask("POST", "/v1/playback/start", body, **headers)
        assert answer.status_code == 200, answer.text
        return Play(self._http, answer.json(), answer.headers.get_list("set-cookie"))

    def leave(self, session_id: str) -> None:
        """End a play, so that its place is free; nothing for one that is over."""
        answer = self.ask("DELETE", f"/v1/playback/sessions/{session_id}")
        assert answer.status_code in (204, 404), answer.text


class Play:
    """A title that was started: what opens its files and its licence."""

    def __init__(self, http: httpx.Client, answer: dict[str, Any], set_cookies: list[str]) -> None:
        self._http = http
        self.answer = answer
        self.set_cookies = set_cookies
        self.cookies = dict(cookie.split(";", 1)[0].split("=", 1) for cookie in set_cookies)
        self.folder = str(answer["manifest_url"]).rpartition("/")[0]

    def fetch(
        self, name: str, cookies: dict[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        """A file of the film from the edge, with the play's cookies or others."""
        held = self.cookies if cookies is None else cookies
        cookie = "; ".join(f"{each}={value}" for each, value in held.items())
        sent = {**({"cookie": cookie} if held else {}), **headers}
        return self._http.get(f"{self.folder}/{name}", headers=sent)

    def text(self, name: str) -> str:
        """A manifest of the film."""
        answer = self.fetch(name)
        assert answer.status_code == 200, answer.text
        return answer.text

    def licence(self, kids: list[str], token: str | None = "", url: str = "") -> httpx.Response:
        """A ClearKey licence; `token` is the play's own unless given, None sends none."""
        drm = self.answer["drm"]
        held = drm["licence_token"] if token == "" else token
        headers = {} if held is None else {"x-marquee-licence-token": held}
        asked = {"kids": kids, "type": "temporary"}
        return self._http.post(url or drm["licence_url"], json=asked, headers=headers)
