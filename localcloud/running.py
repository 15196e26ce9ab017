"""What `make run` does around the local cloud: synthesize, deploy, bootstrap, publish, announce.

Each step is a command that ops would run against AWS, started as they would start it: with an
endpoint, credentials and the deployment's outputs, and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from localcloud.assembly import Assembly
from localcloud.cloud import LOOPBACK, Cloud, Ports, write_outputs

ROOT = Path(__file__).resolve().parent.parent

MEMBER_EMAIL = "viewer@marquee.example"
STAFF_EMAIL = "staff@marquee.example"

NODE = Path(sys.executable).parent / "node"
"""The pinned Node of this environment."""

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
"""What Lambda calls the processors that machines report."""


class CannotRunError(Exception):
    """The service cannot come up; the message says why and what to do."""


@dataclass
class Run:
    """One run of the service on this machine."""

    ports: Ports
    data_dir: Path
    demo: bool
    stopping: threading.Event
    _cloud: Cloud | None = None
    _lock: IO[str] | None = None
    _started: float = field(default_factory=time.monotonic)

    @property
    def web(self) -> str:
        """The public origin."""
        return f"http://localhost:{self.ports.edge}"

    @property
    def issuer(self) -> str:
        """Who signs tokens."""
        return f"http://localhost:{self.ports.issuer}"

    def start(self) -> None:
        """Bring everything up and write `ready.json`; CannotRunError otherwise."""
        self._ready_file.unlink(missing_ok=True)
        self._own_data_dir()
        self._check_ports()
        self._say("Synthesizing the local environment")
        assembly = self._synthesize()
        self._say("Deploying it to this machine")
        cloud = self._cloud = Cloud(self.ports, self.data_dir, NODE)
        cloud.deploy(Assembly.load(assembly))
        write_outputs(cloud, self._outputs)
        self._say("Bootstrapping secrets and accounts")
        accounts = self._bootstrap()
        self._say("Publishing the web app")
        self._command("commands.publish_web", "--outputs", str(self._outputs))
        cloud.open_edge()
        titles = self._demo(accounts["staff"])
        self._announce(accounts, titles)

    def close(self) -> None:
        """End every process that was started, keep the state."""
        self._ready_file.unlink(missing_ok=True)
        if self._cloud is not None:
            self._cloud.stop()
        if self._lock is not None:
            self._lock.close()

    @property
    def _ready_file(self) -> Path:
        return self.data_dir / "ready.json"

    @property
    def _outputs(self) -> Path:
        return self.data_dir / "outputs.json"

    def _say(self, what: str) -> None:
        elapsed = time.monotonic() - self._started
        print(f"[{elapsed:5.1f} s] {what} …", flush=True)

    def _own_data_dir(self) -> None:
        lock = (self.data_dir / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotRunError(
                f"Another copy runs on {self.data_dir}. Stop it, or give this one its own: "
                "make run DATA_DIR=.data2 PORT=8090"
            ) from error
        self._lock = lock

    def _check_ports(self) -> None:
        for port in self.ports.all:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except OSError as error:
                    raise CannotRunError(
                        f"Port {port} is taken. Choose another: make run PORT=8090 "
                        "(PORT + 1000 and PORT + 2000 are used too)."
                    ) from error

    def _synthesize(self) -> Path:
        """The local environment's templates, with this run's addresses and key."""
        public_key = self._command(
            "commands.bootstrap", "keypair", "--private", str(self._private_key)
        )
        settings = {
            "public_origin": self.web,
            "issuer": self.issuer,
            "lambda_runtime": f"python3.{sys.version_info.minor}",
            "lambda_architecture": ARCHITECTURES.get(platform.machine(), "x86_64"),
            "signing_public_key": public_key,
        }
        context = json.loads((ROOT / "cdk.json").read_text())["context"]
        context |= {"environment": "local", "settings": json.dumps(settings)}
        folder = self.data_dir / "cdk.out"
        shutil.rmtree(folder, ignore_errors=True)
        self._run(
            [sys.executable, "app.py"],
            {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)},
        )
        return folder

    @property
    def _private_key(self) -> Path:
        return self.data_dir / "viewer-key.pem"

    def _bootstrap(self) -> dict[str, dict[str, str]]:
        """The first secrets and the two demo accounts, made as ops would make them."""
        outputs = ("--outputs", str(self._outputs))
        self._command(
            "commands.bootstrap", "install", *outputs, "--private", str(self._private_key)
        )
        accounts = self._accounts()
        for kind, account in accounts.items():
            staff = ("--staff",) if kind == "staff" else ()
            self._command(
                *("commands.bootstrap", "account", *outputs, "--email", account["email"], *staff),
                environment={"MARQUEE_PASSWORD": account["password"]},
            )
        return accounts

    def _accounts(self) -> dict[str, dict[str, str]]:
        """The demo sign-ins; their passwords are made once for each DATA_DIR."""
        path = self.data_dir / "accounts.json"
        if not path.exists():
            made = {
                "member": {"email": MEMBER_EMAIL, "password": secrets.token_urlsafe(9)},
                "staff": {"email": STAFF_EMAIL, "password": secrets.token_urlsafe(9)},
            }
            path.touch(mode=0o600)
            path.write_text(json.dumps(made))
        accounts: dict[str, dict[str, str]] = json.loads(path.read_text())
        return accounts

    def _demo(self, staff: dict[str, str]) -> list[dict[str, str]]:
        """The catalogue, with the demo films in it unless they are not wanted."""
        listing = self.data_dir / "titles.json"
        arguments = ["--films", str(self.data_dir / "demo"), "--list", str(listing)]
        if not self.demo:
            arguments.append("--only-list")
        self._say("Looking after the demo films")
        self._command(
            *("commands.demo", *arguments),
            environment={
                "MARQUEE_SITE": self.web,
                "MARQUEE_EMAIL": staff["email"],
                "MARQUEE_PASSWORD": staff["password"],
            },
            shown=True,
        )
        return [
            {"title_id": title["title_id"], "name": title["name"]}
            for title in json.loads(listing.read_text())
        ]

    def _announce(self, accounts: dict[str, dict[str, str]], titles: list[dict[str, str]]) -> None:
        ready = {
            "web": self.web,
            "edge": self.web,
            "api": f"{self.web}/v1",
            "issuer": self.issuer,
            "mailbox": f"http://{LOOPBACK}:{self.ports.aws}/_localcloud/mailbox",
            "accounts": accounts,
            "titles": titles,
        }
        unfinished = self._ready_file.with_suffix(".part")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(ready, indent=2))
        unfinished.replace(self._ready_file)
        self._say("Ready")
        print(f"\n  Watch    {self.web}")
        for kind, account in accounts.items():
            print(f"  {kind:<8} {account['email']}  {account['password']}")
        print(f"  Titles   {', '.join(title['name'] for title in titles) or 'none'}")
        print(f"  Logs     {self.data_dir / 'logs'}")
        print("\nCtrl-C stops everything; what was uploaded and watched is kept.", flush=True)

    def _command(
        self, module: str, *arguments: str, environment: Mapping[str, str] = {}, shown: bool = False
    ) -> str:
        """Run a command as ops would, against this cloud; its output."""
        own = self._cloud.command_environment if self._cloud is not None else {}
        return self._run(
            [sys.executable, "-m", module, *arguments], {**own, **environment}, shown=shown
        )

    def _run(
        self, command: list[str], environment: Mapping[str, str], *, shown: bool = False
    ) -> str:
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.STDOUT,
            text=True,
        ) as process:
            output = self._wait(process)
        if self.stopping.is_set():
            raise CannotRunError("Stopped before it was ready.")
        if process.returncode != 0:
            raise CannotRunError(f"{' '.join(command[1:3])} failed.\n{output}".rstrip())
        return output

    def _wait(self, process: subprocess.Popen[str]) -> str:
        """The output when it ends by itself; a stop of the run ends it sooner."""
        while True:
            try:
                return process.communicate(timeout=0.2)[0] or ""
            except subprocess.TimeoutExpired:
                if self.stopping.is_set():
                    process.terminate()
