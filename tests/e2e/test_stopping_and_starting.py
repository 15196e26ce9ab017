"""One DATA_DIR through Ctrl-C, kill -9 and new starts: what is kept, and that nothing is left."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from commands.sign_in import SignInError
from tests.beacons import watch
from tests.cloud import (
    ROOT,
    Person,
    RunningCloud,
    await_ready,
    end,
    eventually,
    free_port,
    processes_of,
    settled_processes,
    start,
)
from tests.custody import claims_of
from tests.e2e.viewer import Viewer
from tests.films import Ingested, run_ingest, unseen_film, until_playable

STATUSES = {"uploading", "processing", "ready", "refused", "failed"}

LATER_START_SECONDS = 60
"""What a start with everything set up may take on two cores."""

LONG_SECONDS = 150
"""A film whose encoding takes several times as long as what was started may take to end."""

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Facts:
    """What people would miss."""

    accounts: dict[str, Any]
    titles: list[dict[str, Any]]
    place: float
    keys: dict[str, str]
    segment: bytes
    key_set: dict[str, Any]


def facts_of(cloud: RunningCloud) -> Facts:
    """Seen as a member and a client see them."""
    member = Person(cloud, "member")
    titles = member.get("/v1/titles")["titles"]
    play = member.play(titles[0]["title_id"])
    kids = [UUID(kid).bytes for kid in claims_of(licence_part(play.answer))["kids"]]
    asked = [base64.urlsafe_b64encode(kid).rstrip(b"=").decode() for kid in kids]
    return Facts(
        accounts=cloud.ready["accounts"],
        titles=titles,
        place=member.get(f"/v1/progress/{titles[0]['title_id']}")["position_seconds"],
        keys={key["kid"]: key["k"] for key in play.licence(asked).json()["keys"]},
        segment=play.fetch("main_360p_000000001.cmfv").content,
        key_set=httpx.get(f"{cloud.issuer}/.well-known/jwks.json", timeout=30).json(),
    )


def licence_part(answer: dict[str, Any]) -> str:
    return str(answer["drm"]["licence_token"]).split(".", 1)[1]


@dataclass
class Life:
    """What was seen of one DATA_DIR from its first start to the last."""

    before: Facts
    stop_code: int
    left_by_stop: dict[int, str]
    after_stop: Facts
    second_start_seconds: float
    left_by_kill: dict[int, str]
    interrupted_ingest: subprocess.CompletedProcess[str]
    after_kill: Facts
    assets_after_kill: list[dict[str, Any]]
    cloud: RunningCloud
    """Running since the last start."""


def changed_source(folder: Path) -> Path:
    """This repository with a function under another logical id, a table that is new, and the
    README's one more rung."""
    folder.mkdir()
    for name in ("app.py", "cdk.json", "commands", "edge", "lambdas", "layers", "stacks",
                 "statemachines", "web/dist", ".build/layers"):  # fmt: skip
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy(ROOT / name, target)
    stack = folder / "stacks" / "progress.py"
    source = stack.read_text()
    its_table = '        table = MarqueeTable(self, "Progress",'
    changed = source.replace('"Tracker"', '"Keeper"').replace(
        its_table, f'        MarqueeTable(self, "Another", env=env)\n{its_table}'
    )
    assert changed.count('"Keeper"') == changed.count('"Another"') == 1
    stack.write_text(changed)
    change_one_thing(folder)
    return folder


def change_one_thing(folder: Path) -> None:
    """Do what the README says under that heading, to the letter."""
    told = re.search(
        r"## Change one thing\n.*?In `(?P<file>\S+)`, put a line between (?P<below>\w+) and "
        r"(?P<above>\w+):\n+```python\n(?P<line>.*?)```",
        (ROOT / "README.md").read_text(),
        re.DOTALL,
    )
    assert told is not None
    source = folder / told["file"]
    lines = source.read_text().splitlines(keepends=True)
    (above,) = (number for number, line in enumerate(lines) if f'"{told["above"]}"' in line)
    assert f'"{told["below"]}"' in lines[above - 1]
    source.write_text("".join([*lines[:above], told["line"], *lines[above:]]))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life")
    data_dir, port = folder / "data", free_port()
    running: list[RunningCloud] = []

    def up(*options: str) -> RunningCloud:
        running.append(start(data_dir, "--no-demo", *options, port=port))
        return await_ready(running[-1])

    try:
        cloud = up()
        ingested = run_ingest(cloud.environment(), unseen_film(folder / "a.mp4"), "A film")
        assert ingested.returncode == 0, ingested.stdout + ingested.stderr
        leave_at(cloud, 4.5)
        before = facts_of(cloud)
        stop_code = cloud.stop()
        left_by_stop = processes_of(data_dir)

        begun = time.monotonic()
        cloud = up()
        second_start_seconds = time.monotonic() - begun
        after_stop = facts_of(cloud)
        interrupted = ingest_and_kill(cloud, unseen_film(folder / "b.mp4", LONG_SECONDS))
        left_by_kill = settled_processes(data_dir)

        cloud = up("--source", str(changed_source(folder / "changed")))
        yield Life(
            before=before,
            stop_code=stop_code,
            left_by_stop=left_by_stop,
            after_stop=after_stop,
            second_start_seconds=second_start_seconds,
            left_by_kill=left_by_kill,
            interrupted_ingest=interrupted,
            after_kill=facts_of(cloud),
            assets_after_kill=Person(cloud, "staff").get("/v1/assets")["assets"],
            cloud=cloud,
        )
    finally:
        for each in running:
            end(each)


def leave_at(cloud: RunningCloud, seconds: float) -> None:
    member = Person(cloud, "member")
    (title,) = member.get("/v1/titles")["titles"]
    until_playable(member, title["title_id"])
    watch(member, title["title_id"], seconds, duration=7.0)


def ingest_and_kill(cloud: RunningCloud, film: Path) -> subprocess.CompletedProcess[str]:
    """kill -9 while MediaConvert works; what the person who was ingesting saw."""
    command = [sys.executable, "-m", "commands.ingest", str(film), "Never finished"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=cloud.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        eventually(lambda: encoders(cloud.data_dir), 60, "an encoder")
        cloud.kill()
        stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def encoders(data_dir: Path) -> list[str]:
    return [command for command in processes_of(data_dir).values() if "ffmpeg" in command]


def test_ctrl_c_leaves_no_process(life: Life) -> None:
    assert (life.stop_code, life.left_by_stop) == (0, {})


def test_a_stop_and_a_start_keep_everything(life: Life) -> None:
    assert life.after_stop == life.before


def test_a_later_start_is_quick(life: Life) -> None:
    assert life.second_start_seconds < LATER_START_SECONDS


def test_kill_9_leaves_no_process_even_while_a_film_is_encoded(life: Life) -> None:
    assert life.left_by_kill == {}


def test_kill_9_and_a_changed_template_keep_what_was_saved(life: Life) -> None:
    assert life.after_kill == life.before
    assert list((life.cloud.data_dir / "logs").glob("*Keeper*")), "the changed function ran"


def test_whoever_was_ingesting_when_it_died_is_told_in_one_line(life: Life) -> None:
    said = life.interrupted_ingest

    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1, said.stderr
    assert "no service answers" in said.stderr


def test_an_ingest_that_was_killed_leaves_a_state_that_can_be_read(life: Life) -> None:
    assert {asset["status"] for asset in life.assets_after_kill} <= STATUSES
    assert [asset["name"] for asset in life.assets_after_kill if asset["status"] == "ready"] == [
        "A film"
    ]


def test_a_person_following_the_readme_sees_the_new_rung_in_the_players_menu(
    life: Life, arrive_at: Callable[[RunningCloud], Viewer], tmp_path: Path
) -> None:
    film = unseen_film(tmp_path / "taller.mp4", 5, size="854x480")
    ingested = Ingested(
        "With one more rung", run_ingest(life.cloud.environment(), film, "With one more rung")
    )
    until_playable(Person(life.cloud, "member"), ingested.title_id)
    viewer = arrive_at(life.cloud)
    viewer.sign_in()

    player = viewer.play(ingested.title_id).start()

    assert {"360p", "432p", "480p"} <= set(player.qualities())


def test_a_film_of_an_earlier_run_still_plays(
    life: Life, arrive_at: Callable[[RunningCloud], Viewer]
) -> None:
    viewer = arrive_at(life.cloud)
    viewer.sign_in()

    player = viewer.play(life.before.titles[0]["title_id"]).start()

    player.runs_on(2.0)
    assert player.picture().stddev[0] > 15


def test_a_second_copy_is_another_service(life: Life, cloud: RunningCloud) -> None:
    """Side by side on one machine: neither takes the other's tokens or people."""
    token = Person(cloud, "member").tokens.access_token()
    bearer = {"authorization": f"Bearer {token}"}
    answer = httpx.get(f"{life.cloud.web}/v1/titles", headers=bearer, timeout=30)

    assert answer.status_code == 401
    assert life.cloud.ready["accounts"] != cloud.ready["accounts"]
    assert Person(life.cloud, "member").get("/v1/titles") != Person(cloud, "member").get(
        "/v1/titles"
    )
    with pytest.raises(SignInError, match="wrong e-mail or password"):
        Person(life.cloud, "member", password=cloud.ready["accounts"]["member"]["password"])
