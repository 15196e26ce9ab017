"""Staff stop what is under way, delete what has ended, and send the same file twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from commands.service_api import Api, find_service
from commands.upload import Episode, Uploader
from tests.cloud import Person, RunningCloud, eventually
from tests.films import asset, unseen_film, until

PATIENCE_SECONDS = 30

Send = Callable[..., str]


@pytest.fixture(scope="module")
def send(cloud: RunningCloud) -> Send:
    """Upload a film as `make ingest` does, without following it; its asset."""
    http = httpx.Client(timeout=30)
    api = Api(find_service(cloud.environment()), http)

    def sending(film: Path, title: str, episode: Episode | None = None) -> str:
        return Uploader(api, http).send(film, title, lambda _sent, _size: None, episode=episode)

    return sending


def transcoding(staff: Person, asset_id: str) -> bool:
    return any(step["name"] == "transcode" for step in asset(staff, asset_id)["steps"])


def test_a_run_that_is_cancelled_publishes_nothing_and_can_be_tried_again(
    staff: Person, member: Person, send: Send, tmp_path: Path
) -> None:
    asset_id = send(unseen_film(tmp_path / "long.mp4", seconds=20), "Cancelled while transcoding")
    eventually(lambda: transcoding(staff, asset_id), PATIENCE_SECONDS, "transcoding")

    answer = staff.ask("POST", f"/v1/assets/{asset_id}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert answer.json()["failure"]["what_to_do"]
    again = staff.ask("POST", f"/v1/assets/{asset_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "not_cancellable")
    assert asset_id not in {each.get("asset_id") for each in member.get("/v1/titles")["titles"]}

    assert staff.ask("POST", f"/v1/assets/{asset_id}/retry").status_code == 202
    ready = until(staff, asset_id, "ready")
    assert all(step["status"] == "done" for step in ready["steps"])


def test_the_same_file_twice_is_packaged_once(
    staff: Person, member: Person, send: Send, tmp_path: Path
) -> None:
    film = unseen_film(tmp_path / "twice.mp4", seconds=6)
    first = send(film, "Sent first")

    second = asset(staff, send(film, "Sent again"))

    assert second["status"] == "duplicate"
    assert "“Sent first”" in second["failure"]["message"]
    until(staff, first, "ready")
    names = [each["name"] for each in member.get("/v1/titles")["titles"]]
    assert "Sent again" not in names


def test_a_deleted_film_is_withdrawn_and_its_files_are_gone(
    cloud: RunningCloud, staff: Person, member: Person, send: Send, tmp_path: Path
) -> None:
    """It is the only episode of a series, which goes with it."""
    place = Episode(f"Short-lived {tmp_path.name}", 1, 1)
    asset_id = send(unseen_film(tmp_path / "gone.mp4", seconds=6), "Soon gone", place)
    busy = staff.ask("DELETE", f"/v1/assets/{asset_id}")
    assert (busy.status_code, busy.json()["code"]) == (409, "not_deletable")
    poster = until(staff, asset_id, "ready")["poster_url"]
    title_id = asset_id.replace("ast_", "ttl_")
    eventually(lambda: status(member, title_id) == 200, PATIENCE_SECONDS, "a title")
    series_id = member.get(f"/v1/titles/{title_id}")["episode_of"]["series_id"]
    eventually(lambda: status(member, series_id) == 200, PATIENCE_SECONDS, "a series")

    deletion = staff.ask("DELETE", f"/v1/assets/{asset_id}")
    assert deletion.status_code == 204

    assert staff.ask("GET", f"/v1/assets/{asset_id}").status_code == 404
    eventually(lambda: status(member, title_id) == 404, PATIENCE_SECONDS, "the title's end")
    eventually(lambda: status(member, series_id) == 404, PATIENCE_SECONDS, "the series' end")
    eventually(lambda: start(member, title_id) == 404, PATIENCE_SECONDS, "no more starts")
    reference = deletion.headers["x-correlation-id"]
    eventually(lambda: removed_files(cloud, reference), PATIENCE_SECONDS, "files removed")
    # Asked of the edge for the first time now: what it has seen once, it keeps.
    assert member.open(poster).status_code in (403, 404)


def removed_files(cloud: RunningCloud, reference: str) -> int:
    return sum(line.get("files", 0) for line in cloud.followed(reference))


def status(member: Person, title_id: str) -> int:
    return member.ask("GET", f"/v1/titles/{title_id}").status_code


def start(member: Person, title_id: str) -> int:
    device = {"family": "shaka", "drm": "clearkey", "max_height": None}
    body = {"title_id": title_id, "device": device}
    return member.ask("POST", "/v1/playback/start", body).status_code


def test_members_may_neither_cancel_nor_delete(member: Person) -> None:
    asset_id = "ast_" + "0" * 26

    assert member.ask("POST", f"/v1/assets/{asset_id}/cancel").status_code == 403
    assert member.ask("DELETE", f"/v1/assets/{asset_id}").status_code == 403
