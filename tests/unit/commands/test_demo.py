"""The demo films: what they are, and that none is brought twice."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg
import pytest

from commands import demo
from commands.demo import Bringer
from commands.demo_films import FILMS, DemoFilm
from commands.demo_series import EPISODES, INTRO_SECONDS, SERIES, Script
from commands.service_api import Api
from commands.upload import Episode
from tests.unit.commands.test_ingest import SERVICE, FakeService, state

SAMPLE_RATE = 48_000

FILM = DemoFilm(
    title="Low Water",
    file_name="e1.mp4",
    source=(),
    captions={"en": "WEBVTT\n"},
    episode=Episode("The Tide", 1, 1),
)


def sound_of(script: Script) -> bytes:
    """An episode's sound, as 32-bit samples."""
    parts = [*script.sounds(), "[colds][intros][storys]concat=n=3:v=0:a=1[sound]"]
    assert all(part in script.filtergraph() for part in script.sounds())
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-v", "error", "-filter_complex", ";".join(parts)]
    made = subprocess.run(
        [*command, "-map", "[sound]", "-f", "f32le", "-ac", "1", "-"],
        capture_output=True,
        check=True,
    )
    return made.stdout


def test_the_demo_is_two_films_and_a_series_of_three_episodes() -> None:
    places = [film.episode for film in FILMS]

    assert places == [None, None, *(Episode(SERIES, 1, number) for number in (1, 2, 3))]
    assert len({film.title for film in FILMS}) == len({film.file_name for film in FILMS}) == 5


def test_every_episode_has_the_same_title_sequence_at_another_place() -> None:
    intros = [
        [chain for chain in script.filtergraph().split(";") if "intro" in chain]
        for script in EPISODES
    ]

    assert INTRO_SECONDS >= 15
    assert len({script.intro_at for script in EPISODES}) == 3
    assert all(35 <= script.seconds <= 45 for script in EPISODES)
    # The last chain puts the parts together: it names no look.
    assert intros[0] == intros[1] == intros[2]


def test_the_music_of_the_title_sequence_is_the_same_sample_for_sample() -> None:
    first, second = EPISODES[0], EPISODES[2]
    pieces = []
    for script in (first, second):
        begins = round(script.intro_at * SAMPLE_RATE) * 4
        sound = sound_of(script)
        assert len(sound) == round(script.seconds * SAMPLE_RATE) * 4
        pieces.append(sound[begins : begins + INTRO_SECONDS * SAMPLE_RATE * 4])

    assert pieces[0] == pieces[1]
    assert len(set(pieces[0])) > 200, "silence"


@pytest.mark.parametrize("film", FILMS[2:], ids=lambda film: film.title)
def test_episodes_have_captions_in_two_languages_within_their_length(film: DemoFilm) -> None:
    length = EPISODES[FILMS.index(film) - 2].seconds

    assert list(film.captions) == ["en", "de"]
    assert film.captions["en"] != film.captions["de"]
    for text in film.captions.values():
        times = [
            int(minutes) * 60 + float(seconds)
            for minutes, seconds in re.findall(r"(\d\d):(\d\d\.\d{3})", text)
        ]
        assert text.startswith("WEBVTT\n\n")
        assert len(times) >= 6
        assert all(earlier < later for earlier, later in pairwise(times))
        assert times[-1] <= length


class DemoService(FakeService):
    """A service whose list of assets is set by the test; `asked` is what was done to them."""

    def __init__(self) -> None:
        super().__init__()
        self.assets: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def get_site(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/assets":
            return httpx.Response(200, json={"assets": self.assets})
        return super().get_site(request)

    def post_site(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/assets/"):
            self.asked.append(request.url.path.rpartition("/")[2])
            return httpx.Response(202, json={})
        return super().post_site(request)

    def put_site(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/uploads/ast_1/captions/en"
        return httpx.Response(200, json={})


@pytest.fixture
def service() -> DemoService:
    made = DemoService()
    made.states = [state("ready", [("publish", "done")], 100)]
    return made


@pytest.fixture
def bring(service: DemoService, tmp_path: Path) -> Callable[[], bool]:
    (tmp_path / FILM.file_name).write_bytes(b"film")

    def go() -> bool:
        with httpx.Client(transport=httpx.MockTransport(service)) as http:
            return Bringer(SERVICE, http, Api(SERVICE, http), tmp_path).bring(FILM)

    return go


def asset(status: str, **changes: str) -> dict[str, Any]:
    named = {"asset_id": "ast_1", "name": FILM.title, "file_name": FILM.file_name}
    return {**named, "status": status, **changes}


def test_a_film_is_ingested_with_its_captions_and_its_place_and_named_on_each_line(
    bring: Callable[[], bool], service: DemoService, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring()

    assert service.begun[0]["episode_of"] == {"series": "The Tide", "season": 1, "episode": 1}
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith("The Tide S1 E1 · Low Water: ") for line in lines)


@pytest.mark.parametrize(
    ("status", "asked", "sent"),
    [
        ("processing", [], False),
        ("ready", [], False),
        ("failed", ["retry"], False),
        ("uploading", ["cancel"], True),
        ("cancelled", [], True),
        ("abandoned", [], True),
    ],
)
def test_what_an_earlier_run_left_is_gone_on_with_where_it_stands(
    bring: Callable[[], bool], service: DemoService, status: str, asked: list[str], *, sent: bool
) -> None:
    service.assets = [asset("ready", name="Another"), asset(status)]

    assert bring()

    assert service.asked == asked
    assert bool(service.begun) == sent


def test_a_film_of_that_name_that_somebody_else_sends_is_left_alone(
    bring: Callable[[], bool], service: DemoService
) -> None:
    service.assets = [asset("uploading", file_name="mine.mp4")]

    assert bring()

    assert service.asked == []


def test_a_film_that_cannot_be_brought_is_told_in_one_line(
    bring: Callable[[], bool], service: DemoService, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = {"code": "c", "message": "It broke.", "what_to_do": "Try again."}
    service.states = [state("failed", [("probe", "failed")], failure=failure)]

    assert not bring()

    assert capsys.readouterr().err == "The Tide S1 E1 · Low Water: failed: It broke. Try again.\n"


@pytest.mark.parametrize(
    ("there", "options", "brought"),
    [
        ([], ["--first"], ["One"]),
        (["Two"], ["--first"], []),
        ([], [], ["One", "Two", "Three"]),
        (["Two"], [], ["One", "Three"]),
        ([], ["--only-list"], []),
    ],
)
def test_what_is_there_is_not_brought_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: list[str],
    options: list[str],
    brought: list[str],
) -> None:
    films = [DemoFilm(title, f"{title}.mp4", ()) for title in ("One", "Two", "Three")]
    catalogue = [
        {"kind": "series", "title_id": "srs_1", "name": "Three"},
        *({"kind": "film", "title_id": f"ttl_{name}", "name": name} for name in there),
    ]

    def bring(_bringer: Bringer, film: DemoFilm) -> bool:
        catalogue.append({"kind": "film", "title_id": f"ttl_{film.title}", "name": film.title})
        return True

    def get(_api: Api, _path: str) -> dict[str, Any]:
        return {"titles": catalogue}

    monkeypatch.setattr(demo, "FILMS", films)
    monkeypatch.setattr(demo, "find_service", lambda _environment: SERVICE)
    monkeypatch.setattr(Api, "__init__", lambda *_: None)
    monkeypatch.setattr(Api, "get", get)
    monkeypatch.setattr(Bringer, "bring", bring)
    listing = tmp_path / "titles.json"

    assert demo.main(["--films", str(tmp_path), "--list", str(listing), *options]) == 0

    told = json.loads(listing.read_text())
    names = [title["name"] for title in told["titles"]]
    assert names == [*there, *brought]
    assert told["missing"] == [film.title for film in films if film.title not in names]
