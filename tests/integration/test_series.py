"""The demo series as a member's device sees it, and who may be which episode."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cloud import Person

Document = dict[str, Any]


def episodes_of(series: Document) -> list[Document]:
    (season,) = series["seasons"]
    return list(season["episodes"])


def test_a_series_is_listed_among_the_titles_and_lists_its_episodes_in_order(
    member: Person, series: Document
) -> None:
    listed = {title["title_id"]: title for title in member.get("/v1/titles")["titles"]}

    assert listed[series["title_id"]]["kind"] == "series"
    assert [episode["name"] for episode in episodes_of(series)] == [
        "Low Water",
        "The Light on the Point",
        "High Water",
    ]
    for number, episode in enumerate(episodes_of(series), start=1):
        assert listed[episode["title_id"]] == episode
        assert episode["episode_of"] == {
            "series_id": series["title_id"],
            "series": "The Long Tide",
            "season": 1,
            "episode": number,
        }


def test_a_series_that_a_device_has_is_not_sent_again(member: Person, series: Document) -> None:
    path = f"/v1/titles/{series['title_id']}"
    tag = member.ask("GET", path).headers["etag"]

    again = member.ask("GET", path, **{"if-none-match": tag})

    assert (again.status_code, again.content) == (304, b"")


def test_a_series_that_nobody_made_is_not_found(member: Person) -> None:
    answer = member.ask("GET", "/v1/titles/srs_00000000000000000000000000")

    assert (answer.status_code, answer.json()["code"]) == (404, "title_not_found")


def test_a_start_tells_the_player_where_in_which_series_it_is(
    member: Person, series: Document
) -> None:
    second = episodes_of(series)[1]

    play = member.play(second["title_id"])

    assert play.answer["title"]["episode_of"] == second["episode_of"]
    manifest = play.text(play.answer["manifest_url"].rpartition("/")[2])
    assert 'lang="en"' in manifest
    assert 'lang="de"' in manifest


@contextmanager
def begun(staff: Person, place: Document) -> Iterator[tuple[int, Document]]:
    """An upload that is begun as an episode, and taken away in the end."""
    film = {"name": "An episode", "file_name": "e.mp4", "size_bytes": 5, "episode_of": place}
    answer = staff.ask("POST", "/v1/uploads", film)
    try:
        yield answer.status_code, answer.json()
    finally:
        if answer.status_code == 201:
            path = f"/v1/assets/{answer.json()['asset_id']}"
            staff.ask("POST", f"{path}/cancel")
            assert staff.ask("DELETE", path).status_code == 204


def test_an_episode_is_one_upload_until_that_one_stops(staff: Person) -> None:
    place = {"series": f"Tried {uuid.uuid4()}", "season": 1, "episode": 1}
    shouted = {**place, "series": place["series"].upper()}

    with begun(staff, place) as (status, first):
        assert status == 201
        with begun(staff, shouted) as (status, refused):
            assert (status, refused["code"]) == (409, "episode_taken")
            assert first["asset_id"] in refused["detail"]
        staff.ask("POST", f"/v1/assets/{first['asset_id']}/cancel")
        with begun(staff, shouted) as (status, second):
            assert status == 201
            assert second["asset_id"] != first["asset_id"]
