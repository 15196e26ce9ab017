"""Odd films through Probe, our rules, our job document and MediaConvert, to a complete package.

Our side decides by what Probe says; the local MediaConvert answers and works as the service would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, cast

import botocore.session
import pytest
from botocore.parsers import create_parser
from PIL import Image

from localcloud.mediaconvert import media_info, probe
from localcloud.mediaconvert.job import OutputResult
from localcloud.mediaconvert.job_document import read_job
from localcloud.mediaconvert.job_run import JobRun, Reports
from localcloud.mediaconvert.processes import Processes
from media.domain import Capture, RefusedSourceError, Run, choose_poster
from media.families import manifests_of, storyboard_file, verified_duration
from media.job_document import Destination, Film, job_request
from media.ladder import ladder_for
from media.mediaconvert import probed
from media.source import Source, accept, check_nothing_lost
from tests.clear_clip import Folder, on_the_wire
from tests.odd_films import FILMS, OddFilm, in_two_languages, with_cover

RUN = Run("ast_01kz0000000000000000000000", "v1", "mezzanine", "uploads/x/source")
ROLE = "arn:aws:iam::123456789012:role/nobody"


@dataclass(frozen=True)
class Packaged:
    """What became of a film."""

    source: Source
    outputs: tuple[OutputResult, ...]
    duration_seconds: float
    folder: Path

    @property
    def sizes(self) -> list[tuple[int | None, int | None]]:
        """Of the renditions, ascending."""
        return [(one.width, one.height) for one in self.outputs if one.width is not None]

    @property
    def poster(self) -> Image.Image:
        """As it would be shown."""
        frames = [Capture(one.name, one.stat().st_size) for one in self.folder.glob("frame.*")]
        return Image.open(self.folder / choose_poster(frames).key)


def described(file: Path) -> media_info.MediaInfo:
    found = media_info.parse(Processes().run(media_info.probe_command(file)).output)
    assert found is not None
    return found


def look_into(film: Path) -> Source:
    """What Probe makes of a file, read as the service's answer is read, and judged."""
    description = probed(as_answered(probe.container_of(described(film))))
    assert description is not None
    return accept(description)


def as_answered(container: Mapping[str, Any]) -> Mapping[str, Any]:
    model = botocore.session.get_session().get_service_model("mediaconvert")
    answer = {
        "body": json.dumps({"probeResults": [{"container": container}]}).encode(),
        "headers": {},
        "status_code": 200,
    }
    shape = model.operation_model("Probe").output_shape
    parsed: Any = create_parser("rest-json").parse(answer, shape)
    found: Mapping[str, Any] = parsed["ProbeResults"][0]["Container"]
    return found


def package(film: Path, folder: Path) -> Packaged:
    """The whole way but for its encryption, which no property of the film changes."""
    source = look_into(film)
    written = folder / "written"
    written.mkdir()
    request = job_request(
        RUN,
        Film(ladder_for(source), source.duration_seconds),
        Destination("packaged", "https://keys.test", "test"),
    )
    group = request["Settings"]["OutputGroups"][0]["OutputGroupSettings"]["CmafGroupSettings"]
    del group["Encryption"]
    job = JobRun(
        read_job(on_the_wire(request)),
        ROLE,
        cast("Any", Folder(film, written)),
        cast("Any", None),
    )
    unheard = Reports(lambda _: None, lambda _: None, lambda *_: None)
    groups = job.run(folder / "work", Processes(), unheard)

    def read(name: str) -> str:
        return (written / name).read_text()

    for name, text in storyboard_file(read).items():
        (written / name).write_text(text)
    sizes = {one.name: one.stat().st_size for one in written.iterdir()}
    duration = verified_duration(manifests_of(clearkey=False).values(), read, sizes)
    check_nothing_lost(source.duration_seconds, duration)
    return Packaged(source, groups[0].outputs, duration, written)


PackagedAs = Callable[[str], Packaged]


@pytest.fixture(scope="module")
def packaged_as(tmp_path_factory: pytest.TempPathFactory) -> PackagedAs:
    """A film of the table, made and packaged once."""

    @cache
    def made(name: str) -> Packaged:
        folder = tmp_path_factory.mktemp("film")
        return package(FILMS[name].make(folder), folder)

    return made


@pytest.mark.parametrize("name", FILMS)
def test_an_odd_film_becomes_a_complete_package_of_its_own_length(
    name: str, packaged_as: PackagedAs
) -> None:
    film = FILMS[name]

    made = packaged_as(name)

    assert made.duration_seconds == pytest.approx(film.seconds, abs=0.15)
    assert made.source.has_audio == (film.sound is not None)
    top = made.outputs[-1] if film.sound is None else made.outputs[-2]
    shape = Fraction(made.source.width, made.source.height)
    assert top.width is not None
    assert top.height is not None
    assert abs(top.width / shape - top.height) <= 2
    # At the end of MATCH_VIDEO_DURATION: sound neither runs on nor is missing.
    assert {one.duration_ms for one in made.outputs} == {made.outputs[0].duration_ms}


@pytest.mark.parametrize("name", ["portrait", "turned right", "turned left"])
def test_a_portrait_stands_upright_in_a_ladder_by_its_shorter_side(
    name: str, packaged_as: PackagedAs
) -> None:
    made = packaged_as(name)

    assert made.sizes == [(144, 256)]
    assert made.poster.size == (144, 256)


@pytest.mark.parametrize(("name", "corner"), [("turned right", 0), ("upside down", 1)])
def test_a_turned_picture_is_turned_the_right_way(name: str, corner: int, tmp_path: Path) -> None:
    """A red patch at the coded top left is where a player would show it."""
    patch = "drawbox=x=0:y=0:w=80:h=60:color=red:t=fill"
    turned = OddFilm(turned=FILMS[name].turned, filters=patch, seconds=1)

    poster = package(turned.make(tmp_path), tmp_path).poster.convert("RGB")

    places = {
        0: (poster.width - 10, 10),  # clockwise by a quarter: at the top right
        1: (poster.width - 10, poster.height - 10),
    }
    red, green, blue = cast("tuple[int, int, int]", poster.getpixel(places[corner]))
    assert red > 150
    assert max(green, blue) < 90


def test_mediaconvert_finds_no_rotation_in_a_matroska_file(packaged_as: PackagedAs) -> None:
    made = packaged_as("turned in a Matroska file")

    assert made.sizes == [(256, 144)]


def test_pixels_that_are_not_square_become_square(packaged_as: PackagedAs) -> None:
    made = packaged_as("anamorphic")

    assert (made.source.width, made.source.height) == (512, 288)
    assert made.sizes == [(256, 144), (426, 240)]


def test_odd_sides_become_even_ones(packaged_as: PackagedAs) -> None:
    made = packaged_as("odd size")

    assert made.sizes[-1] == (638, 358)


def test_a_cover_is_not_taken_for_the_film(tmp_path: Path) -> None:
    film = with_cover(OddFilm(seconds=1).make(tmp_path), tmp_path / "covered.mp4")

    assert package(film, tmp_path).sizes == [(256, 144)]


@pytest.mark.parametrize("extension", ["m4a", "mp4"])
def test_sound_with_a_cover_is_no_film(tmp_path: Path, extension: str) -> None:
    film = OddFilm(seconds=1).make(tmp_path)
    sound = with_cover(film, tmp_path / f"sound.{extension}", sound_only=True)

    with pytest.raises(RefusedSourceError) as refusal:
        look_into(sound)

    assert refusal.value.failure.code == "no_video"


def test_of_several_languages_the_first_is_heard(tmp_path: Path) -> None:
    film = in_two_languages(OddFilm(seconds=1).make(tmp_path), tmp_path / "two.mp4")

    made = package(film, tmp_path)

    assert 'LANGUAGE="de' in (made.folder / "main.m3u8").read_text()


@pytest.mark.parametrize("name", ["surround in AAC", "surround in AC-3", "mono"])
def test_any_sound_becomes_stereo_that_browsers_play(name: str, packaged_as: PackagedAs) -> None:
    made = packaged_as(name)

    playlist = (made.folder / "main.m3u8").read_text()
    assert 'CHANNELS="2"' in playlist
    assert "mp4a.40.2" in playlist


def test_interlaced_lines_are_woven_into_whole_pictures(
    packaged_as: PackagedAs, tmp_path: Path
) -> None:
    made = packaged_as("interlaced")
    clip = tmp_path / "whole.mp4"
    init = made.folder / "main_240pinit.cmfv"
    clip.write_bytes(init.read_bytes() + (made.folder / "main_240p_000000001.cmfv").read_bytes())

    (stream,) = described(clip).streams

    assert made.source.interlaced
    assert not stream.interlaced
