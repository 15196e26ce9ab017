"""`make ingest` against the running service: an unseen film ends playable, all else says why."""

from __future__ import annotations

import re
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.cloud import Person, RunningCloud, eventually, free_port
from tests.films import Ingested, cut, run_ingest, unseen_film

STEPS = ["probe", "plan", "transcode", "poster", "manifests", "verify", "publish"]


def complaint(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that a failed command says."""
    assert result.returncode == 1, result.stdout + result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    return lines[0].removeprefix("error: ")


def published(member: Person) -> set[str]:
    return {title["name"] for title in member.get("/v1/titles")["titles"]}


def asset_named(staff: Person, name: str) -> dict[str, object]:
    (asset,) = (one for one in staff.get("/v1/assets")["assets"] if one["name"] == name)
    return dict(asset)


def test_an_unseen_film_ends_playable_and_its_way_there_is_shown(ingested: Ingested) -> None:
    assert ingested.result.returncode == 0, ingested.result.stdout + ingested.result.stderr

    assert ingested.lines[0] == "upload     100 %"
    assert [line.split()[0] for line in ingested.lines if line.endswith("done")] == STEPS
    assert ingested.lines[-1].startswith(f"published  {ingested.name}")
    assert ingested.result.stderr == ""


def test_an_ingested_film_is_in_the_catalogue_with_its_length(
    member: Person, ingested: Ingested
) -> None:
    title = member.get(f"/v1/titles/{ingested.title_id}")

    assert title["name"] == ingested.name
    assert title["duration_seconds"] == pytest.approx(7, abs=0.2)


def test_an_ingested_film_offers_no_more_lines_than_it_has(
    member: Person, ingested: Ingested
) -> None:
    manifest = member.play(ingested.title_id).text("clearkey.mpd")

    assert [height for height in (144, 240, 360, 480) if f'height="{height}"' in manifest] == [
        144,
        240,
        360,
    ]


def test_a_text_named_mp4_is_refused_with_words(
    cloud: RunningCloud, member: Person, staff: Person, tmp_path: Path
) -> None:
    name = f"Text {uuid.uuid4()}"
    text = tmp_path / "film.mp4"
    text.write_text("This is not a film.\n" * 100)

    said = complaint(run_ingest(cloud.environment(), text, name))

    assert said.startswith("refused: The file is not a film, whatever its name says.")
    assert "Upload the film itself" in said
    assert asset_named(staff, name)["status"] == "refused"
    assert name not in published(member)


def test_a_refused_upload_can_be_tried_again_without_sending_it_again(
    cloud: RunningCloud, staff: Person, tmp_path: Path
) -> None:
    name = f"Tried again {uuid.uuid4()}"
    text = tmp_path / "film.mp4"
    text.write_text("This is not a film.\n" * 100)
    complaint(run_ingest(cloud.environment(), text, name))
    asset_id = asset_named(staff, name)["asset_id"]

    assert staff.ask("POST", f"/v1/assets/{asset_id}/retry").status_code == 202

    assert eventually(lambda: staff.get(f"/v1/assets/{asset_id}")["status"] == "refused", 60)
    assert staff.ask("POST", f"/v1/assets/{asset_id}/retry").status_code == 202


@pytest.mark.parametrize("index_first", [True, False])
def test_a_film_that_was_cut_off_is_refused_with_words_and_not_published(
    cloud: RunningCloud, member: Person, staff: Person, tmp_path: Path, *, index_first: bool
) -> None:
    name = f"Cut {uuid.uuid4()}"
    whole = unseen_film(tmp_path / "whole.mp4", index_first=index_first)
    film = cut(whole, tmp_path / "cut.mp4", 0.6)

    said = complaint(run_ingest(cloud.environment(), film, name))

    asset = asset_named(staff, name)
    assert re.match(r"refused: .*(cut off|ends after 4\.\d+ of 7\.00 seconds).*\. [A-Z]", said)
    assert asset["status"] == "refused"
    assert asset["failure"]["code"] == "truncated"
    assert name not in published(member)


def test_an_empty_file_is_refused(cloud: RunningCloud, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()

    assert "empty" in complaint(run_ingest(cloud.environment(), empty, "Nothing"))


def test_a_file_that_is_not_there_is_named(cloud: RunningCloud, tmp_path: Path) -> None:
    missing = tmp_path / "missing.mp4"

    assert complaint(run_ingest(cloud.environment(), missing, "Nothing")) == (
        f"{missing} does not exist"
    )


def test_a_wrong_password_is_said_so(cloud: RunningCloud, tmp_path: Path) -> None:
    environment = {**cloud.environment(), "MARQUEE_PASSWORD": "not the password"}
    film = tmp_path / "film.mp4"
    film.write_bytes(b"anything")

    said = complaint(run_ingest(environment, film, "Nothing"))

    assert said == f"wrong e-mail or password for {environment['MARQUEE_EMAIL']}"


def test_a_member_of_the_audience_uploads_nothing(cloud: RunningCloud, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"anything")

    said = complaint(run_ingest(cloud.environment("member"), film, "Nothing"))

    assert "no staff access" in said


def test_a_service_that_does_not_run_is_said_so(cloud: RunningCloud, tmp_path: Path) -> None:
    nowhere = f"http://localhost:{free_port()}"
    film = tmp_path / "film.mp4"
    film.write_bytes(b"anything")

    said = complaint(run_ingest({**cloud.environment(), "MARQUEE_SITE": nowhere}, film, "Nothing"))

    assert said.startswith(f"no service answers at {nowhere}; is it running?")
