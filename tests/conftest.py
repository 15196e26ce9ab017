"""What every kind of test shares: the synthesized templates, a moment, and one running service."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import is_hypothesis_test
from xdist.scheduler import LoadFileScheduling, Scheduling

from tests.chaos import killing_functions, seconds_between_kills
from tests.cloud import (
    READY_SECONDS,
    Person,
    RunningCloud,
    attached,
    await_ready,
    end,
    eventually,
    start,
)
from tests.films import Ingested, captions, run_ingest, unseen_film, until_playable
from tests.grants import Services, missing_grants
from tests.suite import once, suite_folder, synthesize, worker

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("marquee", deadline=None)
hypothesis.settings.load_profile("marquee")

# A hundred rounds look at more examples than one round of a hundred, so each looks at fewer; on
# machines that build, Hypothesis would otherwise take the same ones each time.
hypothesis.settings.register_profile(
    "rounds",
    deadline=None,
    max_examples=10,
    derandomize=False,
    database=None,
    print_blob=True,
)

ON_THE_SERVICE = frozenset({"integration", "e2e"})
"""Folders whose tests ask for the running service, and come last."""

SERIES, EPISODES = "The Long Tide", 3
"""The demo's."""

Template = dict[str, Any]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The local environment's assembly, for this machine's interpreter."""
    return once(suite_folder(tmp_path_factory) / "local", lambda at: synthesize("local", at))


@pytest.fixture(scope="session")
def dev_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dev environment's assembly: what would be deployed."""
    return once(suite_folder(tmp_path_factory) / "dev", lambda at: synthesize("dev", at))


@pytest.fixture(scope="session")
def template(assembly: Path) -> Callable[[str], Template]:
    """The local template of a stack, by its short name."""
    return lambda stack: json.loads((assembly / f"{stack}.template.json").read_text())


@pytest.fixture(scope="session")
def dev_template(dev_assembly: Path) -> Callable[[str], Template]:
    """The dev template of a stack, by its short name."""
    return lambda stack: json.loads((dev_assembly / f"{stack}.template.json").read_text())


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--times N`: each race and property N times in a row; `make races` says 100."""
    parser.addoption("--times", type=int, default=1, help="rounds of each race and property")


def pytest_configure(config: pytest.Config) -> None:
    """Rounds take examples of their own."""
    if config.getoption("times") > 1:
        hypothesis.settings.load_profile("rounds")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What may come out differently the next time runs as often as was asked, each time with
    fixtures of its own; the round stands in the test's name."""
    times = metafunc.config.getoption("times")
    may_differ = metafunc.definition.get_closest_marker("race") or is_hypothesis_test(
        metafunc.function
    )
    if times > 1 and may_differ:
        rounds = range(1, times + 1)
        metafunc.fixturenames.append("round_number")
        metafunc.parametrize("round_number", rounds, ids=[f"round {each}" for each in rounds])


@pytest.fixture
def round_number(request: pytest.FixtureRequest) -> int:
    """Which of the rounds this is; the first where there is one."""
    return int(getattr(request, "param", 1))


@pytest.fixture
def now() -> datetime:
    """A moment; tests that need another one add to it."""
    return datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for the running service comes last and waits for its first start, too.

    Last, because the rest says sooner what is wrong, and because a browser that is driven from
    this thread keeps an event loop running in it.
    """
    needing = [item for item in items if ON_THE_SERVICE & set(item.path.parts)]
    for item in needing:
        item.add_marker("cloud")
        item.add_marker(pytest.mark.timeout(READY_SECONDS + 120))
    items.sort(key=lambda item: item.get_closest_marker("cloud") is not None)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """A file's tests stay together: each worker that comes to one that needs it has a service of
    its own."""
    return LoadFileScheduling(config, log)


def is_whole_suite(request: pytest.FixtureRequest) -> bool:
    """Whether everything runs, undisturbed, and nothing has failed: what was not needed then is
    needed by no test."""
    options = request.config.option
    chosen = options.keyword or options.markexpr or options.file_or_dir or options.maxfail
    return not chosen and not request.session.testsfailed and seconds_between_kills() is None


@pytest.fixture(scope="session")
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCloud]:
    """The service, started once for a worker as `make run` starts it; its demo films follow the
    first.

    `CLOUD=<DATA_DIR>` names one that runs already, and goes on running.
    """
    if "CLOUD" in os.environ:
        yield attached(Path(os.environ["CLOUD"]).resolve())
        return
    service = start(tmp_path_factory.mktemp("service") / "data")
    services = Services(suite_folder(tmp_path_factory))
    services.begins(worker())
    try:
        await_ready(service)
        with killing_functions(service.data_dir, seconds_between_kills()):
            yield service
        assert service.stop() == 0, service.output()
        service.leaves_nothing()
        assert missing_grants(service.data_dir) == []
        if is_whole_suite(request):
            assert services.needless_grants(worker(), service.data_dir) == []
    finally:
        end(service)


@pytest.fixture(scope="session")
def member(cloud: RunningCloud) -> Person:
    """The demo member, signed in."""
    return Person(cloud, "member")


@pytest.fixture(scope="session")
def staff(cloud: RunningCloud) -> Person:
    """Somebody of staff, signed in; another account than the member's."""
    return Person(cloud, "staff")


@pytest.fixture(scope="session")
def titles(member: Person) -> dict[str, str]:
    """Title ids of the demo films by the first word of their names: `Big` and `Spectrum`.

    The service is ready with the first of them.
    """

    def both() -> dict[str, str] | None:
        listed = member.get("/v1/titles")["titles"]
        films = [title for title in listed if title["kind"] == "film"]
        found = {str(title["name"]).split()[0]: str(title["title_id"]) for title in films}
        return found if {"Big", "Spectrum"} <= found.keys() else None

    found = eventually(both, READY_SECONDS, "both demo films", every=1)
    assert found is not None
    for name in ("Big", "Spectrum"):
        until_playable(member, found[name])
    return found


@pytest.fixture(scope="session")
def series(member: Person) -> dict[str, Any]:
    """The demo series with its three episodes, which come last."""

    def whole() -> dict[str, Any] | None:
        for title in member.get("/v1/titles")["titles"]:
            if title["kind"] == "series" and title["name"] == SERIES:
                return title if title["episode_count"] == EPISODES else None
        return None

    found = eventually(whole, READY_SECONDS, "the demo series", every=1)
    assert found is not None
    told = member.get(f"/v1/titles/{found['title_id']}")
    for episode in told["seasons"][0]["episodes"]:
        until_playable(member, episode["title_id"])
    return told


@pytest.fixture(scope="module")
def marked(
    cloud: RunningCloud, member: Person, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """Title ids of a series of two episodes of 14 s; of the first, the intro and the credits are
    marked, by `make ingest`'s command. A module's own: its tests may mark it anew."""
    folder = tmp_path_factory.mktemp("films")
    series = f"Marked {uuid.uuid4().hex[:8]}"
    found = []
    for number, options in enumerate((["--intro=0:01-0:06", "--credits=10"], []), start=1):
        film = unseen_film(folder / f"{number}.mp4", seconds=14)
        place = (f"--series={series}", "--season=1", f"--episode={number}")
        name = f"{series}, part {number}"
        run = run_ingest(cloud.environment(), film, name, *place, "--rating=0", *options)
        found.append(Ingested(name, run).title_id)
        until_playable(member, found[-1])
    return found


@pytest.fixture(scope="session")
def ingested(
    cloud: RunningCloud, member: Person, tmp_path_factory: pytest.TempPathFactory
) -> Ingested:
    """A film that the service never saw, sent by `make ingest`'s command."""
    folder = tmp_path_factory.mktemp("films")
    film = unseen_film(folder / "unseen.mp4")
    name = f"Unseen {film.stat().st_size}"
    tracks = [
        f"--captions={language}={captions(folder / f'{language}.vtt', words)}"
        for language, words in (("en", "Good evening."), ("de", "Guten Abend."))
    ]
    made = Ingested(name, run_ingest(cloud.environment(), film, name, *tracks))
    until_playable(member, made.title_id)
    return made


@pytest.fixture(scope="session")
def ingested_as_cenc(
    cloud: RunningCloud, member: Person, tmp_path_factory: pytest.TempPathFactory
) -> Ingested:
    """A film that is marked for devices older than cbcs."""
    film = unseen_film(tmp_path_factory.mktemp("films") / "old.mp4", seconds=6)
    name = f"For old devices {film.stat().st_size}"
    made = Ingested(name, run_ingest(cloud.environment(), film, name, "--scheme=cenc"))
    until_playable(member, made.title_id)
    return made
