"""A repository as small as a run allows, and a cloud that only remembers what was asked of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.ports import Ports
from localcloud.running import Run
from tests.cloud import free_port

APP = """
import os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(parents=True)
(out / "context.json").write_text(os.environ["CDK_CONTEXT_JSON"])
with open(".synthesized", "a") as log:
    log.write("once\\n")
"""

COMMANDS = {
    "bootstrap": """
import pathlib, sys
arguments = sys.argv[1:]
if arguments[0] == "keypair":
    pathlib.Path(arguments[2]).write_text("private")
    print("PUBLIC PEM")
with open(".commands", "a") as log:
    log.write(arguments[0] + "\\n")
""",
    "publish_web": "",
    "demo": """
import json, os, pathlib, sys, time
listing = pathlib.Path(sys.argv[sys.argv.index("--list") + 1])
films = json.loads(pathlib.Path(".films").read_text())
there = json.loads(listing.read_text())["titles"] if listing.exists() else []

def tell():
    names = [title["name"] for title in there]
    missing = [film for film in films if film not in names]
    unfinished = listing.with_suffix(".part")
    unfinished.write_text(json.dumps({"titles": there, "missing": missing}))
    unfinished.replace(listing)
    return missing

missing = tell()
if "--only-list" in sys.argv or ("--first" in sys.argv and there):
    missing = []
for film in missing[:1] if "--first" in sys.argv else missing:
    with open(".demo", "a") as log:
        log.write(f"{film}: {os.environ['MARQUEE_EMAIL']}\\n")
    while pathlib.Path(f".wait for {film}").exists():
        time.sleep(0.01)
    if pathlib.Path(f".break {film}").exists():
        sys.exit(f"{film}: it broke")
    there.append({"title_id": f"ttl_{len(there) + 1}", "name": film})
    tell()
""",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "commands").mkdir(parents=True)
    (root / "commands" / "__init__.py").touch()
    for name, text in COMMANDS.items():
        (root / "commands" / f"{name}.py").write_text(text)
    (root / "app.py").write_text(APP)
    (root / ".films").write_text(json.dumps(["A film"]))
    (root / "cdk.json").write_text(json.dumps({"context": {"environments": {"local": {}}}}))
    return root


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


class FakeCloud:
    """Remembers what was asked of it; fails or waits where it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.deploying = threading.Event()
        self.may_deploy = threading.Event()
        self.may_deploy.set()
        self.refusal: Exception | None = None
        self.refusal_to_stop: Exception | None = None
        self.outputs: dict[str, dict[str, Any]] = {"stack": {"Output": "value"}}
        self.command_environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    def deploy_from(self, folder: Path) -> None:
        self.calls.append(f"deploy {folder.name}")
        self.deploying.set()
        if self.refusal is not None:
            raise self.refusal
        self.may_deploy.wait(30)

    def open_edge(self) -> None:
        self.calls.append("edge")

    def open_mailbox(self) -> str:
        return "http://127.0.0.1:2/"

    def stop(self) -> None:
        self.calls.append("stop")
        self.may_deploy.set()
        if self.refusal_to_stop is not None:
            raise self.refusal_to_stop


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


MakeRun = Callable[[], Run]


@pytest.fixture
def make_run(repository: Path, data_dir: Path, cloud: FakeCloud) -> MakeRun:
    return lambda: Run(
        ports=Ports(free_port()),
        data_dir=data_dir,
        demo=True,
        open_cloud=lambda _ports, _data_dir, _node: cloud,
        root=repository,
    )


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became so"
        threading.Event().wait(0.01)
