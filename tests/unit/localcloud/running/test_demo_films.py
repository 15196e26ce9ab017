"""Ready with the first film; the others follow in view, and a stop ends them at once."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from localcloud.running import Run, keep_up

from .conftest import MakeRun, eventually


@pytest.fixture
def films(repository: Path) -> Path:
    """A demo of three films, of which the second waits to be let go."""
    (repository / ".films").write_text(json.dumps(["One", "Two", "Three"]))
    (repository / ".wait for Two").touch()
    return repository


def names(data_dir: Path) -> list[str]:
    path = data_dir / "ready.json"
    return [one["name"] for one in json.loads(path.read_text())["titles"]] if path.exists() else []


def asked(films: Path) -> list[str]:
    """The films whose ingest was begun or gone on with."""
    path = films / ".demo"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.partition(":")[0] for line in lines]


class KeptUp:
    """A run on a thread of its own."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.codes: list[int] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        self.codes.append(keep_up(self.run, self._stopping))

    def stop(self) -> float:
        begun = time.monotonic()
        self._stopping.set()
        self._thread.join(30)
        return time.monotonic() - begun


class Heard:
    """Everything that was printed so far."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self._heard = ""

    def all(self) -> str:
        captured = self._capfd.readouterr()
        self._heard += captured.out + captured.err
        return self._heard


def test_the_first_film_makes_it_ready_and_the_rest_is_named(
    make_run: MakeRun, films: Path, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = KeptUp(make_run())

    eventually(lambda: names(data_dir))

    assert names(data_dir) == ["One"]
    assert kept.run.ready
    heard = Heard(capfd)
    eventually(lambda: "Ctrl-C" in heard.all())
    kept.stop()
    assert "To come  Two, Three" in heard.all()


def test_ready_json_names_each_film_once_it_can_be_played(
    make_run: MakeRun, films: Path, data_dir: Path
) -> None:
    kept = KeptUp(make_run())
    eventually(lambda: names(data_dir) == ["One"])

    (films / ".wait for Two").unlink()

    eventually(lambda: names(data_dir) == ["One", "Two", "Three"])
    assert (data_dir / "ready.json").stat().st_mode & 0o077 == 0
    kept.stop()


def test_a_stop_ends_the_film_under_way_at_once_and_leaves_no_ready_json(
    make_run: MakeRun, films: Path, data_dir: Path
) -> None:
    kept = KeptUp(make_run())
    eventually(lambda: "Two" in asked(films))

    took = kept.stop()

    assert took < 20
    assert kept.codes == [0]
    assert not (data_dir / "ready.json").exists()


def test_the_next_start_is_ready_at_once_and_goes_on_where_the_last_one_stopped(
    make_run: MakeRun, films: Path, data_dir: Path
) -> None:
    first = KeptUp(make_run())
    eventually(lambda: "Two" in asked(films))
    first.stop()
    (films / ".wait for Two").unlink()

    second = KeptUp(make_run())
    eventually(lambda: names(data_dir) == ["One", "Two", "Three"])
    second.stop()

    assert asked(films) == ["One", "Two", "Two", "Three"]


def test_a_later_film_that_fails_is_said_and_ends_nothing(
    make_run: MakeRun, films: Path, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (films / ".wait for Two").unlink()
    (films / ".break Two").touch()
    heard = Heard(capfd)

    kept = KeptUp(make_run())

    eventually(lambda: "the next start tries again" in heard.all())
    assert "Two: it broke" in heard.all()
    assert "Not every demo film is there (Two, Three)" in heard.all()
    assert names(data_dir) == ["One"]
    kept.stop()
    assert kept.codes == [0]


def test_a_run_without_the_demo_ingests_nothing(
    make_run: MakeRun, films: Path, data_dir: Path
) -> None:
    run = make_run()
    run.demo = False

    run.start()
    run.bring_the_rest()
    run.close()

    assert not (films / ".demo").exists()
